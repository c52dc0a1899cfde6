package faults_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stompwire/stompwire/broker"
	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/engine/link"
	"github.com/stompwire/stompwire/frame"
)

// once returns a script that plays a fault for frames of one command, from the n-th on, on one connection only: the first from
// which such a frame comes. One that the client gave up before, as the peer was slow, has no fault to show.
func once(command string, n int, fault func(s *session, f *incoming) (done bool)) func(*session, *incoming) bool {
	var victim atomic.Pointer[session]
	var seen atomic.Int64
	return func(s *session, f *incoming) bool {
		if f.command != command {
			return false
		}
		victim.CompareAndSwap(nil, s)
		if victim.Load() != s || seen.Add(1) < int64(n) {
			return false
		}
		return fault(s, f)
	}
}

// The broker takes a message, and refuses the next with ERROR before it closes: that one is rejected, as the ERROR names
// it, and what was behind it goes out again.
func TestErrorThenClose(t *testing.T) {
	leavesNothing(t)
	b, err := broker.Start(broker.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close() })
	var sends atomic.Int64
	b.Inject(func(_ uint64, f *frame.Frame) broker.Fault {
		if f.Command == frame.CmdSend && sends.Add(1) == 50 {
			return broker.Refuse
		}
		return broker.Fault{}
	})
	r := startRun(t, place{uri: b.URI()}, newBooks(), nil)
	r.consume(false)
	r.send(100, 300)
	r.loss()
	r.settle()
	eventually(t, "all but one have arrived", func() bool { return r.books.missing(1, r.sent) <= 1 })
	eventually(t, "the broker has nothing left", func() bool { return b.Stats().StoredBytes == 0 })
	r.end()
	if a := r.check(); a.confirmed != 99 || a.rejected != 1 || a.received != 99 {
		t.Errorf("want one that is rejected and not delivered: %v", a)
	}
}

// An ERROR that names no frame, and then the end: they are one event, and the ERROR is its cause. (Of a broker that closes
// while it has something left to read, the client often sees a reset and no ERROR: that is TCP.)
func TestErrorWithoutReceiptThenClose(t *testing.T) {
	leavesNothing(t)
	p := startPeer(t, once("SEND", 50, func(s *session, _ *incoming) bool {
		s.say("ERROR\nmessage:no more\n\nbecause\x00")
		s.hangUp()
		return true
	}))
	r := startRun(t, p.place(), p.books, nil)
	r.send(100, 300)
	var said *conn.ServerError
	if err := r.loss(); !errors.As(err, &said) || said.Message != "no more" {
		t.Errorf("cause %v; want what the broker said", err)
	}
	r.settle()
	r.end()
	r.allConfirmed()
	if len(r.errors) != 1 {
		t.Errorf("Trace was told of %d ERRORs", len(r.errors))
	}
}

// ERRORs on a connection that stays: one that names a frame rejects that alone, one that names none rejects the only frame
// that waits for an answer.
func TestErrorAndStay(t *testing.T) {
	leavesNothing(t)
	p := startPeer(t, once("SEND", 1, func(s *session, f *incoming) bool {
		switch number, _, _ := strings.Cut(string(f.body), " "); number {
		case "20":
			s.say("ERROR\nmessage:not this one\nreceipt-id:%s\n\n\x00", f.header["receipt"])
			return true
		case "40":
			s.say("ERROR\nmessage:nor this\n\n\x00")
			return true
		}
		return false
	}))
	r := startRun(t, p.place(), p.books, nil)
	for _, n := range []int{39, 1, 60} { // the 40th waits alone
		r.send(n, 300)
		r.settle()
	}
	r.end()
	if a := r.check(); a.confirmed != 98 || a.rejected != 2 {
		t.Errorf("want two that are rejected: %v", a)
	}
	for _, n := range []int{20, 40} {
		if r.books.told[n] != conn.Rejected {
			t.Errorf("message %d is %v", n, r.books.told[n])
		}
	}
	if r.lives.made() != 1 || len(r.losses) != 0 {
		t.Errorf("%d connections, %d lost; want one that stays", r.lives.made(), len(r.losses))
	}
	if len(r.errors) != 1 || (<-r.errors).Message != "nor this" {
		t.Error("Trace was not told of the ERROR that names no frame, once")
	}
}

// Receipts that never come: those sends are unknown by their deadline, whether they go out again or not, and nothing else
// suffers. The broker has them all the same.
func TestReceiptsThatNeverCome(t *testing.T) {
	for _, redeliver := range []bool{true, false} {
		t.Run(fmt.Sprint("redeliver=", redeliver), func(t *testing.T) {
			leavesNothing(t)
			b, err := broker.Start(broker.Config{})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = b.Close() })
			b.Inject(func(_ uint64, f *frame.Frame) broker.Fault {
				number, _, _ := strings.Cut(string(f.Body), " ")
				if n, err := strconv.Atoi(number); f.Command == frame.CmdSend && err == nil && n%10 == 0 {
					return broker.NoReceipt
				}
				return broker.Fault{}
			})
			r := startRun(t, place{uri: b.URI()}, newBooks(), func(s *settings) {
				s.producer.Redeliver, s.producer.Timeout, s.producer.Window = redeliver, 2*time.Second, 200
			})
			r.consume(true)
			eventually(t, "the client is connected", r.cl.Connected) // what waits for that longer than its time is not sent
			r.send(100, 300)
			r.settle()
			r.awaitArrivals()
			r.end()
			// On a machine that stands still others may be late, too; not earlier, and not lost.
			if a := r.check(); a.unknown < 10 || a.confirmed+a.unknown != 100 || a.received != 100 {
				t.Errorf("want ten that are unknown, and received: %v", a)
			}
			for n := 10; n <= 100; n += 10 {
				if r.books.told[n] != conn.Unknown {
					t.Errorf("message %d is %v", n, r.books.told[n])
				}
			}
		})
	}
}

// Receipts that come in another order, and each of them twice. Every send has one outcome, in the order of the sends if so
// desired.
func TestReceiptsOutOfOrderAndTwice(t *testing.T) {
	for _, times := range []int{1, 2} {
		for _, inOrder := range []bool{true, false} {
			t.Run(fmt.Sprintf("times=%d/in order=%v", times, inOrder), func(t *testing.T) {
				leavesNothing(t)
				p := startPeer(t, func(s *session, f *incoming) bool {
					if f.command != "SEND" {
						return false
					}
					s.p.books.arrive(f.body, false)
					if s.held = append(s.held, receiptOf(f)); len(s.held) == 20 {
						slices.Reverse(s.held)
						s.say("%s", strings.Repeat(strings.Join(s.held, ""), times))
						s.held = nil
					}
					return true
				})
				var mu sync.Mutex
				var order []uint64
				r := startRun(t, p.place(), p.books, func(s *settings) {
					tell := s.producer.OnOutcome
					s.producer.InOrder = inOrder
					s.producer.OnOutcome = func(o conn.Outcome) {
						mu.Lock()
						order = append(order, o.Seq)
						mu.Unlock()
						tell(o)
					}
				})
				r.send(100, 300)
				r.settle()
				r.end()
				r.allConfirmed()
				if slices.IsSorted(order) != inOrder || len(order) != 100 {
					t.Errorf("outcomes in the order %v", order)
				}
				if len(r.losses) != 0 {
					t.Errorf("%d connections were lost", len(r.losses))
				}
			})
		}
	}
}

// The broker promised heart-beats and falls silent, but goes on reading.
func TestHeartBeatsStop(t *testing.T) {
	leavesNothing(t)
	p := startPeerWith(t, nil, &peer{
		script: once("SEND", 50, func(*session, *incoming) bool { return true }),
		hello:  "heart-beat:100,100\n",
	})
	r := startRun(t, p.place(), p.books, func(s *settings) {
		s.HeartBeat = frame.HeartBeat{Send: 100 * time.Millisecond, Receive: 100 * time.Millisecond}
		s.ReceiveScale = 5
	})
	r.send(100, 300)
	if err := r.loss(); !isTimeout(err) {
		t.Errorf("cause %v; want missing heart-beats", err)
	}
	r.settle() // this peer never sends heart-beats: connections come and go from here on
	r.end()
	r.allConfirmed()
}

// A frame that never ends, though bytes of it go on coming: it has a deadline of its own, and heart-beats do not extend it.
func TestFrameNeverFinished(t *testing.T) {
	leavesNothing(t)
	p := startPeer(t, once("SEND", 50, func(s *session, _ *incoming) bool {
		s.say("MESSAGE\nsubscription:1\nx:")
		for s.trickle() {
			time.Sleep(10 * time.Millisecond)
		}
		return true
	}))
	const limit = 500 * time.Millisecond
	r := startRun(t, p.place(), p.books, func(s *settings) { s.Link.FrameTimeout = limit })
	r.send(100, 300)
	var late *link.TimeoutError
	if err := r.loss(); !errors.As(err, &late) || late.What == link.NoHeartBeat || late.After < limit {
		t.Errorf("cause %v; want a frame left unfinished for %v", err, limit)
	}
	r.settle()
	r.end()
	r.allConfirmed()
}

// trickle sends one more byte and reports whether the write succeeded.
func (s *session) trickle() bool {
	_, err := s.nc.Write([]byte{'x'})
	return err == nil
}

// CONNECTED never comes, nor what has to come before it, and the only address is that one: Connect returns by its deadline,
// and says why.
func TestConnectedNever(t *testing.T) {
	for _, scheme := range []string{"stomp", "stomps", "ws", "wss"} {
		t.Run(scheme, func(t *testing.T) {
			leavesNothing(t)
			p := startPeer(t, silent)
			r := startRun(t, place{uri: scheme + "://" + p.addr()}, p.books, func(s *settings) { s.ConnectTimeout = 100 * time.Millisecond })
			eventually(t, "there were some attempts", func() bool { return p.count() > 3 })
			err := returns(t, "Connect", 300*time.Millisecond, r.cl.Connect)
			if !errors.Is(err, conn.ErrNotConnected) || !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("Connect: %v", err)
			}
			_, err = r.p.Send(timedOut(t), nil)
			if !errors.Is(err, conn.ErrNotConnected) {
				t.Errorf("Send: %v", err)
			}
			if r.lives.made() != 0 {
				t.Error("a connection came about")
			}
			r.end()
		})
	}
}

// silent answers nothing.
func silent(*session, *incoming) bool { return true }

// timedOut returns a context with hardly any time left.
func timedOut(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
	t.Cleanup(cancel)
	return ctx
}
