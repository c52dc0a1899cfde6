package faults_test

import (
	"context"
	"errors"
	"io"
	"net"
	"syscall"
	"testing"
	"time"

	"github.com/stompwire/stompwire/broker"
	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/engine/link"
	"github.com/stompwire/stompwire/engine/pump"
	"github.com/stompwire/stompwire/frame"
)

// overNetwork runs a test of a fault of the network over each of the fronts. Messages flow both ways while the fault is there
// and after it; then the books are closed.
func overNetwork(t *testing.T, fronts []front, cfg broker.Config, change func(*path, *settings), fault func(t *testing.T, w *path, r *run)) {
	t.Helper()
	each(t, fronts, cfg, func(t *testing.T, f front, w *path) {
		r := startRun(t, w.way(), newBooks(), func(s *settings) {
			s.producer.Destination = w.name
			if f.pulls {
				s.Driver = pump.Driver{}
			}
			if change != nil {
				change(w, s)
			}
		})
		if f.asideTakes {
			r.aside = &w.site.place
		}
		r.consume(f.pulls)
		r.send(100, 300)
		eventually(t, "the client is connected", r.cl.Connected)
		fault(t, w, r)
		r.send(100, 300)
		r.settle()
		r.awaitArrivals()
		w.awaitEmpty(t)
		r.end()
		r.allConfirmed()
	})
}

func isTimeout(err error) bool {
	var late *link.TimeoutError
	return errors.As(err, &late) && late.What == link.NoHeartBeat
}

// isEnd says that the other side has gone, in one of the ways in which the system tells it. TLS calls the end of a connection
// unexpected that was not announced.
func isEnd(err error) bool {
	for _, end := range []error{io.EOF, io.ErrUnexpectedEOF, syscall.ECONNRESET, syscall.EPIPE} {
		if errors.Is(err, end) {
			return true
		}
	}
	return false
}

// Connections end in the middle of frames, again and again, in both directions. More goes
// up each than a window that is sent again: it would be cut off before a receipt for ever.
func TestCutMidFrame(t *testing.T) {
	overNetwork(t, everywhere, broker.Config{}, nil, func(t *testing.T, w *path, r *run) {
		for direction, bytes := range map[string]int{up: 55_555, down: 7777} {
			w.toxics.add("limit_data", direction, attributes{"bytes": bytes})
			for range 3 {
				for len(r.losses) == 0 && !t.Failed() { // a connection is cut when enough has gone over it
					r.send(20, 300)
				}
				if err := r.loss(); isTimeout(err) {
					t.Errorf("cause %v", err)
				}
			}
			w.renew(nil)
			r.settle()
			eventually(t, "the client is connected", r.cl.Connected)
		}
	})
}

// The first connection is cut after each number of bytes that a session has, in either direction. Over TLS these are the
// handshake's, too, and only each of some.
func TestCutAfterEachByte(t *testing.T) {
	for _, c := range []struct {
		name  string
		peer  func(testing.TB, func(*session, *incoming) bool) *peer
		step  int
		least [2]int // bytes of a session, in either direction
	}{
		{"tcp", startPeer, 1, [2]int{600, 150}},
		{"tls", startSecurePeer, 37, [2]int{900, 600}},
	} {
		t.Run(c.name, func(t *testing.T) {
			leavesNothing(t)
			if testing.Short() {
				c.step *= 7
			}
			w := startCable(t, "")
			for direction, least := range c.least {
				for bytes := 0; ; bytes += c.step {
					p := c.peer(t, nil) // of its own, for the one before may still be reading
					w.lead(p.addr())
					after := [2]int{-1, -1}
					after[direction] = bytes
					w.cutAfter(after[0], after[1])
					before := w.made()
					r := startRun(t, p.place().at(w.addr()), p.books, nil)
					r.send(5, 10)
					r.settle()
					r.end()
					p.stop()
					if a := p.books.audit(); a.confirmed != 5 || a.lost != 0 || a.unmarked != 0 || a.unasked != 0 {
						t.Errorf("cut after %d bytes in direction %d: %v", bytes, direction, a)
					}
					if w.made() == before { // so many bytes a session does not have
						if bytes < least {
							t.Errorf("a session has only %d bytes in direction %d", bytes, direction)
						}
						break
					}
				}
			}
			t.Log(w.made(), "cuts")
		})
	}
}

// The cable drops the bytes of one direction or of both. The connections stay open. A side notices
// by the heart-beats that it misses. Only the side whose cause the test expects listens for
// heart-beats: the other side might close the connection because the machine is busy. With other
// brokers the test cannot choose which side notices first.
func TestHalfOpen(t *testing.T) {
	const beat = 250 * time.Millisecond
	for _, c := range []struct {
		name                 string
		fromClient, toClient bool
		receive              time.Duration // the heart-beats that the embedded broker asks for; -1: none
		hears                bool          // whether the client does
	}{
		{"both", true, true, -1, true},
		{"to the client", false, true, -1, true},
		{"to the broker", true, false, beat, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			lively := func(w *path, s *settings) {
				s.HeartBeat = alive(w.beats())
				if !c.hears {
					s.HeartBeat.Receive = -1
				}
			}
			cfg := broker.Config{HeartBeat: frame.HeartBeat{Send: beat, Receive: c.receive}}
			overNetwork(t, onePerBroker, cfg, lively, func(t *testing.T, w *path, r *run) {
				w.cable.muteWays(c.fromClient, c.toClient)
				sent := make(chan struct{})
				go func() { // it may have to wait until there are connections again
					defer close(sent)
					r.send(20, 300)
				}()
				for range r.connections() {
					if err := r.loss(); isTimeout(err) != c.hears && !w.real() {
						t.Errorf("cause %v", err)
					}
				}
				w.cable.unmute()
				<-sent
			})
		})
	}
}

// Everything comes in pieces of one byte, both ways.
func TestOneByteAtATime(t *testing.T) {
	overNetwork(t, everywhere, broker.Config{}, nil, func(t *testing.T, w *path, r *run) {
		for _, direction := range []string{up, down} {
			w.toxics.add("slicer", direction, attributes{"average_size": 1})
		}
		r.send(20, 300)
		r.settle()
		r.awaitArrivals()
		if n := len(r.losses); n > 0 {
			t.Errorf("%d connections were lost", n)
		}
		w.renew(nil) // which is quicker
	})
}

// bytewise is a connection that gives out one byte at a time, whatever there is.
type bytewise struct{ net.Conn }

func (c bytewise) Read(b []byte) (int, error) { return c.Conn.Read(b[:min(1, len(b))]) }

// Each read of the client returns one byte.
func TestOneByteReads(t *testing.T) {
	leavesNothing(t)
	p := startPeer(t, nil)
	to := p.place()
	to.dial = func(ctx context.Context, network, address string) (net.Conn, error) {
		nc, err := new(net.Dialer).DialContext(ctx, network, address)
		return bytewise{nc}, err
	}
	r := startRun(t, to, p.books, nil)
	r.send(200, 1000)
	r.settle()
	r.end()
	r.allConfirmed()
}

// Connections are reset while messages flow.
func TestReset(t *testing.T) {
	overNetwork(t, everywhere, broker.Config{}, nil, func(t *testing.T, w *path, r *run) {
		for range 5 {
			for _, err := range r.lose(w.cable.reset) {
				if !isEnd(err) {
					t.Errorf("cause %v", err)
				}
			}
			r.send(20, 300)
		}
	})
}

// Connections are reset as soon as something is sent on them, so that no session comes about for a while.
func TestResetBeforeConnected(t *testing.T) {
	each(t, onePerTransport, broker.Config{}, func(t *testing.T, _ front, w *path) {
		w.toxics.add("reset_peer", up, attributes{"timeout": 0})
		r := startRun(t, w.way(), newBooks(), nil)
		err := returns(t, "Connect", 300*time.Millisecond, r.cl.Connect)
		if !errors.Is(err, conn.ErrNotConnected) || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Connect: %v", err)
		}
		w.renew(nil)
		r.consume(false)
		r.send(100, 300)
		r.settle()
		r.awaitArrivals()
		r.end()
		r.allConfirmed()
	})
}

// The broker reads slowly: what is sent waits here, in bounded memory, until the caller has no more time.
func TestBrokerReadsSlowly(t *testing.T) {
	each(t, onePerTransport, broker.Config{}, func(t *testing.T, _ front, w *path) {
		r := startRun(t, w.way(), newBooks(), func(s *settings) {
			s.producer.Window, s.producer.MaxBytes = 10_000, 4<<20
			s.Link.HighWater = 256 << 10
		})
		r.consume(false)
		r.send(1, 64<<10)
		r.settle()
		w.toxics.add("bandwidth", up, attributes{"rate": 100})
		refused := 0
		for refused < 10 && r.sent < 2000 { // 125 MiB, if they were taken
			err := returns(t, "Send", 20*time.Millisecond, func(ctx context.Context) error {
				_, err := r.p.Send(ctx, message(r.sent+1, 64<<10))
				return err
			})
			switch {
			case err == nil:
				r.sent++
			case errors.Is(err, context.DeadlineExceeded):
				refused++
			default:
				t.Fatal(err)
			}
		}
		if refused < 10 || r.sent > 500 {
			t.Errorf("%d messages of 64 KiB were taken, %d were not", r.sent, refused)
		}
		w.renew(nil)
		r.settle()
		r.awaitArrivals()
		r.end()
		r.allConfirmed()
	})
}

// The broker does not read at all: the connection ends when a write has taken too long.
func TestBrokerDoesNotRead(t *testing.T) {
	for name, play := range map[string]func(testing.TB, func(*session, *incoming) bool) *peer{"tcp": startPeer, "tls": startSecurePeer} {
		t.Run(name, func(t *testing.T) {
			leavesNothingAfter(t, longGrowth) // the copies of what may go out again are the point
			stuck := make(chan struct{})
			p := play(t, once("SEND", 1, func(*session, *incoming) bool { <-stuck; return false }))
			t.Cleanup(func() { close(stuck) })
			r := startRun(t, p.place(), p.books, func(s *settings) {
				s.producer.Window, s.producer.MaxBytes = 10_000, 32<<20
				s.Link.WriteTimeout = 500 * time.Millisecond
			})
			r.send(300, 64<<10) // more than sockets hold
			var late *link.TimeoutError
			if err := r.loss(); !errors.As(err, &late) {
				t.Errorf("cause %v; want a timeout", err)
			}
			r.settle()
			r.end()
			r.allConfirmed()
		})
	}
}

// CONNECTED takes its time, but comes within the limit.
func TestConnectedDelayed(t *testing.T) {
	overNetwork(t, everywhere, broker.Config{}, nil, func(t *testing.T, w *path, r *run) {
		w.toxics.add("latency", down, attributes{"latency": 150})
		made := r.lives.made()
		r.lose(w.cable.cut)
		r.send(20, 300)
		eventually(t, "there is a connection", func() bool { return r.lives.made() > made })
	})
}

// CONNECTED comes later than the limit allows.
func TestConnectedTooLate(t *testing.T) {
	limited := func(_ *path, s *settings) { s.ConnectTimeout = connectLimit }
	overNetwork(t, onePerBroker, broker.Config{}, limited, func(t *testing.T, w *path, r *run) {
		w.toxics.add("latency", down, attributes{"latency": int(patience.Milliseconds())})
		r.lose(w.cable.cut)
		made := r.lives.made()
		err := returns(t, "Connect", 2*connectLimit, r.cl.Connect)
		if !errors.Is(err, conn.ErrNotConnected) || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Connect: %v", err)
		}
		if r.lives.made() != made {
			t.Error("a connection came about")
		}
		err = returns(t, "Send", 100*time.Millisecond, func(ctx context.Context) error {
			_, err := r.p.Send(ctx, nil)
			return err
		})
		if !errors.Is(err, conn.ErrNotConnected) || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Send: %v", err)
		}
		w.renew(nil)
	})
}
