package main

import (
	"encoding/json"
	"errors"
	"io"
	"syscall"
	"time"
)

// silence is how long the receiving side waits for a message before it counts
// the rest as lost.
const silence = 5 * time.Second

// peers drive a row's load in the place of stompbench: one connection that sends, one
// that receives, as stompbench does by default.
var peers = map[string]func(l load) (peer, error){"go-stomp": dialGoStomp, "raw": dialRaw}

// peer is the two ends of a load. send sends until the time is over and returns how
// many messages it sent; receive counts them, and acknowledges them if the mode wants
// it, until all have come that total says, or nothing more does.
type peer interface {
	send(start time.Time) (n uint64, err error)
	receive(total <-chan uint64) (n uint64, err error)
}

// peerMain drives the load that it reads from in.
func peerMain(dial func(load) (peer, error), in io.Reader, out io.Writer) error {
	var l load
	if err := json.NewDecoder(in).Decode(&l); err != nil {
		return err
	}
	p, err := dial(l)
	if err != nil {
		return err
	}

	start, cpu := time.Now(), processTime()
	type tally struct {
		n   uint64
		err error
	}
	sent, received := make(chan tally, 1), make(chan tally, 1)
	total := make(chan uint64, 1)
	go func() {
		n, err := p.send(start)
		sent <- tally{n, err}
	}()
	go func() {
		n, err := p.receive(total)
		received <- tally{n, err}
	}()
	s := <-sent
	sending := time.Since(start)
	total <- s.n
	r := <-received
	receiving := time.Since(start)
	if r.n < s.n {
		receiving -= silence
	}
	if err := errors.Join(s.err, r.err); err != nil {
		return err
	}

	var res result
	res.Totals.Sent, res.Totals.Received = s.n, r.n
	res.Totals.Lost = s.n - min(s.n, r.n)
	res.Rates.Sent = float64(s.n) / sending.Seconds()
	res.Rates.Received = float64(r.n) / receiving.Seconds()
	res.Process.CPUNsPerMsg = float64(processTime()-cpu) / float64(max(s.n, r.n, 1))
	return json.NewEncoder(out).Encode(res)
}

// bodyOf returns a body of the load's size, without NUL.
func bodyOf(l load) []byte {
	body := make([]byte, l.Size)
	for i := range body {
		body[i] = byte('a' + i%26)
	}
	return body
}

func processTime() int64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return syscall.TimevalToNsec(u.Utime) + syscall.TimevalToNsec(u.Stime)
}
