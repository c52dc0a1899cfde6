package faults_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stompwire/stompwire/broker"
	"github.com/stompwire/stompwire/frame"
)

// stormCuts is how many connections a storm over TCP ends at least, unless STOMPWIRE_CUTS says another number. A storm over
// another transport ends a fifth.
const stormCuts = 150

// stormBeats find a black hole soon.
const stormBeats = 250 * time.Millisecond

// gust is a kind of fault of the storm. It ends at least one connection if there is one, and returns when it is over.
type gust func(s *storm)

type storm struct {
	t    *testing.T
	rng  *rand.Rand
	w    *path
	r    *run
	cuts int
	hits map[string]int // connections that were lost, by the kind of gust
}

var gusts = map[string]gust{
	"closed":           func(s *storm) { s.after(s.w.cable.cut()) },
	"reset":            func(s *storm) { s.after(s.w.cable.reset()) },
	"closed and reset": func(s *storm) { s.after(s.w.cable.cut()); s.after(s.w.cable.reset()) },
	"cut to broker":    func(s *storm) { s.toxic("limit_data", up, attributes{"bytes": 1 + s.rng.IntN(20_000)}) },
	"cut to client":    func(s *storm) { s.toxic("limit_data", down, attributes{"bytes": 1 + s.rng.IntN(5000)}) },
	"in pieces":        func(s *storm) { s.toxic("slicer", up, attributes{"average_size": 1 + s.rng.IntN(20)}) },
	"hole to broker":   func(s *storm) { s.hole(true, false) },
	"hole to client":   func(s *storm) { s.hole(false, true) },
	"hole":             func(s *storm) { s.hole(true, true) },
	"closed by broker": func(s *storm) { s.inject() },
}

// TestStorm ends connections in random ways while messages flow both ways. STOMPWIRE_SEED repeats the choices of a run.
func TestStorm(t *testing.T) {
	cuts := int(number(t, "STOMPWIRE_CUTS", stormCuts))
	for i, f := range onePerTransport {
		share := cuts
		if i > 0 {
			share = cuts / 5
		}
		t.Run(f.name, func(t *testing.T) { storms(t, f, share) })
	}
}

func storms(t *testing.T, f front, cuts int) {
	leavesNothingAfter(t, longGrowth)
	seed := number(t, "STOMPWIRE_SEED", uint64(time.Now().UnixNano()))
	t.Log("seed", seed)
	s := &storm{t: t, rng: rand.New(rand.NewPCG(seed, 0)), hits: map[string]int{}}
	s.w = startPath(t, f, broker.Config{HeartBeat: alive(stormBeats)})
	s.r = startRun(t, s.w.way(), newBooks(), func(c *settings) {
		c.HeartBeat, c.ConnectTimeout = alive(stormBeats), connectLimit
		c.producer.Timeout = longPatience
	})
	s.r.consume(true)
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		s.load(stop)
	}()

	names := make([]string, 0, len(gusts))
	for name := range gusts {
		names = append(names, name)
	}
	// In a fixed order, so that the seed decides.
	slices.Sort(names)
	for s.cuts < cuts && !t.Failed() {
		name, before := names[s.rng.IntN(len(names))], s.cuts
		gusts[name](s)
		s.hits[name] += s.cuts - before
		if s.rng.IntN(2) == 0 {
			eventually(t, "the client is connected", s.r.cl.Connected)
		}
		time.Sleep(time.Duration(s.rng.IntN(50)) * time.Millisecond)
	}
	close(stop)
	<-stopped
	s.r.settle()
	s.r.awaitArrivals()
	s.w.awaitEmpty(t)
	s.r.end()
	t.Log("connections lost, by kind: ", s.hits)
	fmt.Printf("storm over %s: seed %d, cuts %d, %v\n", f.name, seed, s.cuts, s.r.allConfirmed())
}

// number returns the number in an environment variable, or what is to hold without one.
func number(t *testing.T, variable string, otherwise uint64) uint64 {
	text := os.Getenv(variable)
	if text == "" {
		return otherwise
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		t.Fatalf("%s: %v", variable, err)
	}
	return n
}

// load sends until stop is closed, some thousand messages a second.
func (s *storm) load(stop <-chan struct{}) {
	for {
		for range 20 {
			n := s.r.sent + 1
			ctx, cancel := context.WithTimeout(context.Background(), patience)
			seq, err := s.r.p.Send(ctx, message(n, 200+n%500))
			cancel()
			if err != nil || seq != uint64(n) {
				s.t.Errorf("message %d: number %d, %v", n, seq, err)
				return
			}
			s.r.sent = n
		}
		select {
		case <-stop:
			return
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// after counts the connections that are lost when so many were ended. None are if they had not come about yet.
func (s *storm) after(ended int) {
	if ended > 0 {
		s.hit(2 * time.Second)
	}
}

// hit waits for the loss of a connection, but no longer than that, and counts all that are lost.
func (s *storm) hit(most time.Duration) {
	select {
	case err := <-s.r.losses:
		s.lost(err)
	case <-time.After(most):
	}
	for {
		select {
		case err := <-s.r.losses:
			s.lost(err)
		default:
			return
		}
	}
}

func (s *storm) lost(err error) {
	if !errors.Is(err, net.ErrClosed) || errors.Unwrap(err) == nil {
		s.t.Errorf("lost with %v; want a cause", err)
	}
	s.cuts++
}

// moment is how long a fault is there that need not hit anything.
func (s *storm) moment() time.Duration { return time.Duration(50+s.rng.IntN(250)) * time.Millisecond }

// toxic has connections go through a toxic for a while.
func (s *storm) toxic(kind, direction string, a attributes) {
	s.w.renew(func(x *toxics) { x.add(kind, direction, a) })
	s.hit(s.moment()) // the connections that were there
	s.hit(s.moment())
	s.w.renew(nil)
}

// hole drops the bytes of one or both directions until a side misses a heart-beat.
func (s *storm) hole(fromClient, toClient bool) {
	eventually(s.t, "the client is connected", s.r.cl.Connected)
	s.w.cable.muteWays(fromClient, toClient)
	s.hit(patience)
	s.w.cable.unmute()
}

// inject has the broker close the connections that the next frames of some kind come from, without handling the frames.
func (s *storm) inject() {
	command := []frame.Command{frame.CmdSend, frame.CmdAck}[s.rng.IntN(2)]
	s.w.b.Inject(func(_ uint64, f *frame.Frame) broker.Fault {
		if f.Command == command {
			return broker.Cut
		}
		return broker.Fault{}
	})
	s.hit(patience)
	s.w.b.Inject(nil)
}
