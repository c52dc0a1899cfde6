package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/url"
	"syscall"
	"time"

	"github.com/go-stomp/stomp/v3"
	"github.com/go-stomp/stomp/v3/frame"
)

// silence is how long the receiving side waits for a message before it counts
// the rest as lost.
const silence = 5 * time.Second

// peerMain drives the load that it reads from in with go-stomp: one connection
// that sends, one that receives, as stompbench does by default.
func peerMain(in io.Reader, out io.Writer) error {
	var l load
	if err := json.NewDecoder(in).Decode(&l); err != nil {
		return err
	}
	consumer, err := dial(l.URI)
	if err != nil {
		return err
	}
	sub, err := consumer.Subscribe(l.Queue, ackModes[l.Ack])
	if err != nil {
		return err
	}
	producer, err := dial(l.URI)
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
		n, err := send(producer, l, start)
		sent <- tally{n, err}
	}()
	go func() {
		n, err := receive(consumer, sub, l, total)
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

var ackModes = map[string]stomp.AckMode{
	"auto": stomp.AckAuto, "client": stomp.AckClient, "client-individual": stomp.AckClientIndividual,
}

func dial(uri string) (*stomp.Conn, error) {
	u, err := url.Parse(uri)
	if err != nil {
		return nil, err
	}
	passcode, _ := u.User.Password()
	opts := []func(*stomp.Conn) error{stomp.ConnOpt.Host("/"), stomp.ConnOpt.HeartBeat(0, 0)}
	if u.User != nil {
		opts = append(opts, stomp.ConnOpt.Login(u.User.Username(), passcode))
	}
	return stomp.Dial("tcp", u.Host, opts...)
}

// lookAt is how many messages are sent between two looks at the clock.
const lookAt = 16

// send sends until the time is over. A message without receipt that go-stomp has
// taken may still be in its channel: the last one is sent with one.
func send(c *stomp.Conn, l load, start time.Time) (n uint64, err error) {
	body := make([]byte, l.Size)
	for i := range body {
		body[i] = byte('a' + i%26)
	}
	var opts []func(*frame.Frame) error
	if l.Persistent {
		opts = append(opts, stomp.SendOpt.Header("persistent", "true"))
	}
	confirmed := append(opts[:len(opts):len(opts)], stomp.SendOpt.Receipt)
	if l.Window > 0 {
		opts = confirmed
	}
	for n%lookAt != 0 || time.Since(start) < l.Duration {
		if err := c.Send(l.Queue, "", body, opts...); err != nil {
			return n, err
		}
		n++
	}
	if err := c.Send(l.Queue, "", body, confirmed...); err != nil {
		return n, err
	}
	return n + 1, nil
}

// receive counts messages, and acknowledges them if the mode wants it, until all
// that were sent have come or nothing more does.
func receive(c *stomp.Conn, sub *stomp.Subscription, l load, total <-chan uint64) (n uint64, err error) {
	want := uint64(math.MaxUint64) // until the sender has finished
	quiet := time.NewTimer(time.Hour)
	defer quiet.Stop()
	for n < want {
		select {
		case m, ok := <-sub.C:
			if !ok {
				return n, errors.New("the subscription has ended")
			}
			if m.Err != nil {
				return n, m.Err
			}
			n++
			if l.Ack != "auto" {
				if err := c.Ack(m); err != nil {
					return n, fmt.Errorf("ack: %w", err)
				}
			}
			if want != math.MaxUint64 {
				quiet.Reset(silence)
			}
		case want = <-total:
			quiet.Reset(silence)
		case <-quiet.C:
			return n, nil
		}
	}
	return n, nil
}

func processTime() int64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return syscall.TimevalToNsec(u.Utime) + syscall.TimevalToNsec(u.Stime)
}
