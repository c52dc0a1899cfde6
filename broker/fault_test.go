package broker_test

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stompwire/stompwire/broker"
	"github.com/stompwire/stompwire/frame"
	"github.com/stompwire/stompwire/pool"
)

// on returns a decision that meets frames of one command with a fault.
func on(command frame.Command, fault broker.Fault) func(uint64, *frame.Frame) broker.Fault {
	return func(_ uint64, f *frame.Frame) broker.Fault {
		if f.Command == command {
			return fault
		}
		return broker.Fault{}
	}
}

func TestFaults(t *testing.T) {
	b := start(t, broker.Config{})
	ready := func(fault broker.Fault) *client {
		b.Inject(nil)
		c := connect(t, b, "1.2")
		c.subscribe("s", "/topic/t", "auto")
		b.Inject(on(frame.CmdSend, fault))
		return c
	}
	t.Run("drop", func(t *testing.T) {
		c := ready(broker.Drop)
		c.send("/topic/t", "x", "receipt:r")
		c.sync()
		c.nc.Close()
	})
	t.Run("lose", func(t *testing.T) {
		c := ready(broker.Lose)
		c.send("/topic/t", "x", "receipt:r")
		c.expect("RECEIPT", "receipt-id:r")
		c.sync()
		c.nc.Close()
	})
	t.Run("duplicate", func(t *testing.T) {
		c := ready(broker.Duplicate)
		c.send("/topic/t", "x", "receipt:r")
		c.expectBody("x")
		c.expect("RECEIPT", "receipt-id:r")
		if _, told := c.expectBody("x").lookup("redelivered"); told {
			t.Error("the second message says what it is")
		}
		c.sync()
		c.nc.Close()
	})
	t.Run("redeliver", func(t *testing.T) {
		c := ready(broker.Redeliver)
		c.send("/topic/t", "x", "receipt:r")
		c.expectBody("x")
		c.expect("RECEIPT", "receipt-id:r")
		c.expectBody("x", "redelivered:true")
		b.Inject(nil)
		c.send("/topic/t", "y")
		if _, told := c.expectBody("y").lookup("redelivered"); told {
			t.Error("it does not end")
		}
		c.nc.Close()
	})
	t.Run("no receipt", func(t *testing.T) {
		c := ready(broker.NoReceipt)
		c.send("/topic/t", "x", "receipt:r")
		c.expectBody("x")
		c.sync()
		c.nc.Close()
	})
	t.Run("refuse", func(t *testing.T) {
		c := ready(broker.Refuse)
		c.send("/topic/t", "x", "receipt:r")
		c.expectError("refused on purpose", "receipt-id:r")
	})
	t.Run("cut", func(t *testing.T) {
		c := ready(broker.Cut)
		c.write("SEND\ndestination:/topic/t\n\nx^@")
		if f, err := c.read(); err == nil {
			t.Errorf("got %v", f)
		}
	})
	t.Run("freeze", func(t *testing.T) {
		c := ready(broker.Freeze(100 * time.Millisecond))
		began := time.Now()
		c.send("/topic/t", "x")
		c.expectBody("x")
		c.sync()
		if took := time.Since(began); took < 90*time.Millisecond {
			t.Errorf("the next frame was handled after %v, want 100ms", took)
		}
	})
	want := broker.Faults{Dropped: 1, Lost: 1, Duplicated: 1, Redelivered: 1, Unconfirmed: 1, Refused: 1, Cut: 1, Frozen: 1}
	if got := b.Stats().Faults; got != want {
		t.Errorf("counted %+v, want %+v", got, want)
	}
}

// Every message is late by as much, in order, and a second is enough for any number.
func TestFaultDelay(t *testing.T) {
	const delay, n = 300 * time.Millisecond, 500
	for name, fault := range map[string]broker.Fault{"delay": broker.Delay(delay), "defer": broker.Defer(delay)} {
		t.Run(name, func(t *testing.T) {
			b := start(t, broker.Config{})
			sub, p := connect(t, b, "1.2"), connect(t, b, "1.2")
			sub.subscribe("s", "/queue/q", "auto")
			b.Inject(on(frame.CmdSend, fault))
			began := time.Now()
			for i := range n {
				p.send("/queue/q", strconv.Itoa(i), "receipt:"+strconv.Itoa(i))
			}
			sent := time.Now()
			if name == "defer" { // confirmed before anything has arrived
				for i := range n {
					p.expect("RECEIPT", "receipt-id:"+strconv.Itoa(i))
				}
			}
			for i := range n {
				sub.expectBody(strconv.Itoa(i))
				if i == 0 && time.Since(began) < delay {
					t.Errorf("the first message took %v, want %v", time.Since(began), delay)
				}
			}
			if took := time.Since(sent); took > n*delay/10 {
				t.Errorf("%d messages took %v: one waited for the other", n, took)
			}
			if name == "delay" {
				for i := range n {
					p.expect("RECEIPT", "receipt-id:"+strconv.Itoa(i))
				}
			}
			// What is not a SEND, or belongs to a transaction, is not late.
			p.write("BEGIN\ntransaction:t\n\n^@SEND\ndestination:/queue/q\ntransaction:t\n\nx^@COMMIT\ntransaction:t\nreceipt:c\n\n^@")
			p.expect("RECEIPT", "receipt-id:c")
			sub.expectBody("x")
			if got := b.Stats().Faults; got.Delayed+got.Deferred != n {
				t.Errorf("counted %+v", got)
			}
		})
	}
}

// A delay line is bounded like a queue, and ends with the broker, whatever is in it.
func TestFaultDelayIsBounded(t *testing.T) {
	before := pool.InUse()
	b := start(t, broker.Config{QueueBytes: 1 << 20})
	p := connect(t, b, "1.2")
	b.Inject(on(frame.CmdSend, broker.Defer(time.Hour)))
	body := strings.Repeat("x", 1000)
	n := floodFor(p.nc, 256<<20, 2*time.Second, func(int) string { return "SEND\ndestination:/queue/q\n\n" + body + "^@" })
	if n > 32<<20 {
		t.Errorf("%d bytes were taken", n)
	}
	if err := b.Close(); err != nil {
		t.Error(err)
	}
	waitFor(t, func() bool { return pool.InUse() <= before })
}

// Messages that were held up by a full line go on when there is room.
func TestFaultDelayGoesOn(t *testing.T) {
	b := start(t, broker.Config{QueueBytes: 64 << 10})
	sub, p := connect(t, b, "1.2"), connect(t, b, "1.2")
	sub.subscribe("s", "/queue/q", "auto")
	b.Inject(on(frame.CmdSend, broker.Defer(5*time.Millisecond)))
	body := strings.Repeat("x", 1000)
	const n = 1000
	go func() {
		for range n {
			_, _ = p.nc.Write(wire("SEND\ndestination:/queue/q\n\n" + body + "^@"))
		}
	}()
	for range n {
		sub.expect("MESSAGE")
	}
}

// Exactly the share that was asked for, the same messages again with the same seed,
// and others with another.
func TestFaultShares(t *testing.T) {
	run := func(seed uint64) (lost, doubled []int) {
		b := start(t, broker.Config{})
		sub, p := connect(t, b, "1.2"), connect(t, b, "1.2")
		sub.subscribe("s", "/queue/q", "auto")
		shares, err := broker.Shares(seed, broker.Share{Fault: broker.Lose, Of: 0.02}, broker.Share{Fault: broker.Duplicate, Of: 0.0035})
		if err != nil {
			t.Fatal(err)
		}
		b.Inject(shares)
		const n = 4000
		var frames strings.Builder
		for i := range n {
			fmt.Fprintf(&frames, "SEND\ndestination:/queue/q\n\n%d^@", i)
		}
		go p.nc.Write(wire(frames.String()))
		// The last ones may be lost, and are in the books a moment later than those before.
		waitFor(t, func() bool { st := b.Stats(); return st.MessagesIn == n-80+14 && st.Faults.Lost >= 80 })
		if got := b.Stats().Faults; got.Lost != 80 || got.Duplicated != 14 {
			t.Errorf("counted %+v, want 80 lost and 14 duplicated", got)
		}
		times := make([]int, n)
		for range n - 80 + 14 {
			i, _ := strconv.Atoi(sub.expect("MESSAGE").body)
			times[i]++
		}
		for i, k := range times {
			switch k {
			case 0:
				lost = append(lost, i)
			case 2:
				doubled = append(doubled, i)
			}
		}
		return lost, doubled
	}
	lost, doubled := run(1)
	again, doubledAgain := run(1)
	if len(lost) != 80 || len(doubled) != 14 || !slices.Equal(lost, again) || !slices.Equal(doubled, doubledAgain) {
		t.Errorf("lost %v, then %v; doubled %v, then %v", lost, again, doubled, doubledAgain)
	}
	if other, _ := run(2); slices.Equal(lost, other) {
		t.Error("the seed does not matter")
	}
}

func TestSharesAreChecked(t *testing.T) {
	for _, of := range []float64{-0.1, 1.1, math.NaN(), math.Inf(1)} {
		if _, err := broker.Shares(1, broker.Share{Fault: broker.Lose, Of: of}); err == nil {
			t.Errorf("a share of %v is accepted", of)
		}
	}
	all, err := broker.Shares(1, broker.Share{Fault: broker.Lose, Of: 0.7}, broker.Share{Fault: broker.Duplicate, Of: 0.3})
	if err != nil {
		t.Fatal(err)
	}
	counts := map[broker.Fault]int{}
	for range 1000 {
		counts[all(1, &frame.Frame{Command: frame.CmdSend})]++
	}
	if counts[broker.Lose] != 700 || counts[broker.Duplicate] != 300 {
		t.Errorf("%v", counts)
	}
	if all(1, &frame.Frame{Command: frame.CmdAck}) != (broker.Fault{}) {
		t.Error("an ACK is met")
	}
}

// A frozen broker reads nobody, not even who comes then, and goes on as if nothing
// had been.
func TestFreezeAll(t *testing.T) {
	const freeze = 400 * time.Millisecond
	b := start(t, broker.Config{})
	c := connect(t, b, "1.2")
	began := time.Now()
	b.Freeze(freeze)
	b.Freeze(freeze / 2) // the longer one counts
	c.send("/topic/none", "the one that is still handled")
	c.sync()
	if took := time.Since(began); took < freeze {
		t.Errorf("it went on after %v, want %v", took, freeze)
	}
	c.sync()
	began = time.Now()
	b.Freeze(freeze)
	late := connect(t, b, "1.2")
	late.sync()
	if took := time.Since(began); took < freeze {
		t.Errorf("a new connection was served after %v, want %v", took, freeze)
	}
	if n := b.Stats().Faults.Frozen; n != 3 {
		t.Errorf("%d connections were frozen, want 3", n)
	}
}

// A broker that confirms messages and loses one in a hundred of them, and says how
// many that were.
func ExampleShares() {
	b, err := broker.Start(broker.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer b.Close()
	faults, err := broker.Shares(42, broker.Share{Fault: broker.Lose, Of: 0.01})
	if err != nil {
		fmt.Println(err)
		return
	}
	b.Inject(faults)
	// ... send to b.URI() what has to notice ...
	fmt.Println(b.Stats().Faults.Lost, "lost")
	// Output: 0 lost
}

// To lose every third message is a line of code.
func ExampleBroker_Inject() {
	b, err := broker.Start(broker.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer b.Close()
	var sent atomic.Int64
	b.Inject(func(session uint64, f *frame.Frame) broker.Fault {
		if f.Command == frame.CmdSend && sent.Add(1)%3 == 0 {
			return broker.Drop
		}
		return broker.Fault{}
	})
}
