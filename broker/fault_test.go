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
	t.Run("freeze", func(t *testing.T) { // how long: TestFaultFreeze
		c := ready(broker.Freeze(time.Millisecond))
		c.send("/topic/t", "x")
		c.expectBody("x")
		c.sync()
	})
	want := broker.Faults{Dropped: 1, Lost: 1, Duplicated: 1, Redelivered: 1, Unconfirmed: 1, Refused: 1, Cut: 1, Frozen: 1}
	if got := b.Stats().Faults; got != want {
		t.Errorf("counted %+v, want %+v", got, want)
	}
}

// Every message is late by exactly as much, in order, and any number of them at once.
func TestFaultDelay(t *testing.T) {
	const delay, apart, n = 300 * time.Millisecond, time.Millisecond, 500
	for name, fault := range map[string]broker.Fault{"delay": broker.Delay(delay), "defer": broker.Defer(delay)} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, broker.Config{}, func(t *testing.T, b *broker.Broker, sub *client) {
				sub.connect("1.2")
				sub.subscribe("s", "/queue/q", "auto")
				p := pipe(t, b)
				defer p.nc.Close()
				p.connect("1.2")
				b.Inject(on(frame.CmdSend, fault))
				began := time.Now()
				wantAt := func(what string, i int, late time.Duration) {
					t.Helper()
					if at, want := time.Since(began), time.Duration(i)*apart+late; at != want {
						t.Fatalf("%s %d came after %v, want %v", what, i, at, want)
					}
				}
				receipts := make(chan struct{})
				go func() {
					defer close(receipts)
					late := delay
					if name == "defer" { // confirmed before it has arrived
						late = 0
					}
					for i := range n {
						if f, err := p.read(); err != nil || f.get("receipt-id") != strconv.Itoa(i) {
							t.Errorf("got %v, %v, want receipt %d", f, err, i)
							return
						}
						if at, want := time.Since(began), time.Duration(i)*apart+late; at != want {
							t.Errorf("receipt %d came after %v, want %v", i, at, want)
						}
					}
				}()
				go func() {
					for i := range n {
						p.send("/queue/q", strconv.Itoa(i), "receipt:"+strconv.Itoa(i))
						time.Sleep(apart)
					}
				}()
				for i := range n {
					sub.expectBody(strconv.Itoa(i))
					wantAt("message", i, delay)
				}
				<-receipts
				// What is not a SEND, or belongs to a transaction, is not late.
				began = time.Now()
				p.write("BEGIN\ntransaction:t\n\n^@SEND\ndestination:/queue/q\ntransaction:t\n\nx^@")
				go p.write("COMMIT\ntransaction:t\nreceipt:c\n\n^@")
				sub.expectBody("x")
				p.expect("RECEIPT", "receipt-id:c")
				wantAt("what is not late", 0, 0)
				if got := b.Stats().Faults; got.Delayed+got.Deferred != n {
					t.Errorf("counted %+v", got)
				}
			})
		})
	}
}

// A message whose delay is shorter does not overtake.
func TestFaultDelayKeepsTheOrder(t *testing.T) {
	inBubble(t, broker.Config{}, func(t *testing.T, b *broker.Broker, c *client) {
		c.connect("1.2")
		c.subscribe("s", "/queue/q", "auto")
		delays := []time.Duration{3, 1, 2, 5, 0, 7}
		next := 0
		b.Inject(func(_ uint64, f *frame.Frame) broker.Fault {
			if f.Command != frame.CmdSend {
				return broker.Fault{}
			}
			next++
			return broker.Defer(delays[next-1] * time.Second)
		})
		began := time.Now()
		for i := range delays {
			c.send("/queue/q", strconv.Itoa(i))
		}
		for i, want := range []time.Duration{3, 3, 3, 5, 5, 7} {
			c.expectBody(strconv.Itoa(i))
			if at := time.Since(began); at != want*time.Second {
				t.Errorf("message %d came after %v, want %vs", i, at, int(want))
			}
		}
	})
}

// A frozen connection carries out the frame that froze it, and not the next one until
// the time is over. What there is for it still goes out, and others do not notice.
func TestFaultFreeze(t *testing.T) {
	const freeze = 7 * time.Second
	inBubble(t, broker.Config{}, func(t *testing.T, b *broker.Broker, c *client) {
		c.connect("1.2")
		c.subscribe("s", "/queue/q", "auto")
		other := pipe(t, b)
		defer other.nc.Close()
		other.connect("1.2")
		b.Inject(on(frame.CmdBegin, broker.Freeze(freeze)))
		began := time.Now()
		at := func(what string, want time.Duration) {
			t.Helper()
			if at := time.Since(began); at != want {
				t.Errorf("%s after %v, want %v", what, at, want)
			}
		}
		go c.write("BEGIN\ntransaction:1\nreceipt:1\n\n^@BEGIN\ntransaction:2\nreceipt:2\n\n^@ABORT\ntransaction:1\nreceipt:3\n\n^@")
		c.expect("RECEIPT", "receipt-id:1")
		at("the first frame", 0)
		other.send("/queue/q", "meanwhile", "receipt:m")
		c.expectBody("meanwhile")
		other.expect("RECEIPT", "receipt-id:m")
		at("what goes out", 0)
		c.expect("RECEIPT", "receipt-id:2")
		at("the second frame", freeze)
		c.expect("RECEIPT", "receipt-id:3")
		at("the third frame", 2*freeze)
	})
}

// A delay line is bounded like a queue, and ends with the broker, whatever is in it.
func TestFaultDelayIsBounded(t *testing.T) {
	before := pool.InUse()
	b := start(t, broker.Config{QueueBytes: 1 << 20})
	p := connect(t, b, "1.2")
	b.Inject(on(frame.CmdSend, broker.Defer(time.Hour)))
	body := strings.Repeat("x", 1000)
	n := floodFor(p.nc, 256<<20, 2*time.Second, func(int) string { return "SEND\ndestination:/queue/q\n\n" + body + "^@" })
	if n > 128<<20 { // less is what sockets hold, of which the kernel lets some grow to 32 MiB
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

// A frozen broker reads no connection, not even a new one. After the freeze it goes on as before.
func TestFreezeAll(t *testing.T) {
	const freeze = 400 * time.Second
	inBubble(t, broker.Config{ConnectTimeout: time.Hour}, func(t *testing.T, b *broker.Broker, c *client) {
		c.connect("1.2")
		began := time.Now()
		b.Freeze(freeze)
		b.Freeze(freeze / 2) // the longer one counts
		late := pipe(t, b)
		defer late.nc.Close()
		go c.write("SEND\ndestination:/topic/none\nreceipt:1\n\nthe one that is still handled^@BEGIN\ntransaction:t\nreceipt:2\n\n^@")
		c.expect("RECEIPT", "receipt-id:1")
		if took := time.Since(began); took != 0 {
			t.Errorf("the frame that was awaited took %v", took)
		}
		// A frame of a client that connects during the freeze is handled, too.
		go late.write("CONNECT\naccept-version:1.2\nhost:h\n\n^@BEGIN\ntransaction:t\nreceipt:3\n\n^@")
		late.expect("CONNECTED")
		for peer, receipt := range map[*client]string{c: "2", late: "3"} {
			peer.expect("RECEIPT", "receipt-id:"+receipt)
			if took := time.Since(began); took != freeze {
				t.Errorf("it went on after %v, want %v", took, freeze)
			}
		}
		c.sync()
		late.sync()
		if took := time.Since(began); took != freeze {
			t.Errorf("the rest took until %v, want %v", took, freeze)
		}
		if n := b.Stats().Faults.Frozen; n != 2 {
			t.Errorf("%d connections were frozen, want 2", n)
		}
	})
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
