package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
	"syscall"
	"time"
)

// silence is how long the receiving side waits for a message before it counts the rest as lost.
const silence = 5 * time.Second

// peers drive a row's load instead of stompbench: for each pair one connection that sends and one
// that receives, as in stompbench.
var peers = map[string]func(l load) (peer, error){"go-stomp": dialGoStomp, "raw": dialRaw}

// peer is the two ends of a pair. send sends until the time is over and returns how many messages
// it sent. receive counts them, and acknowledges them if the mode requires it, until total messages
// have come, or no more do.
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
	var pairs []peer
	for i := range max(1, l.Pairs) {
		own := l
		own.Queue = fmt.Sprintf("%s-%d", l.Queue, i)
		p, err := dial(own)
		if err != nil {
			return err
		}
		pairs = append(pairs, p)
	}

	start, cpu := time.Now(), processTime()
	var all sync.WaitGroup
	var mu sync.Mutex // guards what follows
	var sent, received uint64
	var sending, receiving time.Duration // until the last one has finished
	var errs []error
	for _, p := range pairs {
		total := make(chan uint64, 1)
		all.Go(func() {
			n, err := p.send(start)
			total <- n
			mu.Lock()
			defer mu.Unlock()
			sent, sending, errs = sent+n, max(sending, time.Since(start)), append(errs, err)
		})
		all.Go(func() {
			n, err := p.receive(total)
			mu.Lock()
			defer mu.Unlock()
			received, receiving, errs = received+n, max(receiving, time.Since(start)), append(errs, err)
		})
	}
	all.Wait()
	if err := errors.Join(errs...); err != nil {
		return err
	}
	if received < sent {
		receiving -= silence
	}

	var res result
	res.Totals.Sent, res.Totals.Received = sent, received
	res.Totals.Lost = sent - min(sent, received)
	res.Rates.Sent = float64(sent) / sending.Seconds()
	res.Rates.Received = float64(received) / receiving.Seconds()
	res.Process.CPUNsPerMsg = float64(processTime()-cpu) / float64(max(sent, received, 1))
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
