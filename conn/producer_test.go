package conn_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/conn/dialect"
	"github.com/stompwire/stompwire/frame"
	"github.com/stompwire/stompwire/writer"
)

func TestProducerFrames(t *testing.T) {
	overEach(t, func(t *testing.T, tr transport) {
		c, b := session(t, tr, frame.Version12, conn.Config{})
		plain := producer(t, c, conn.ProducerConfig{Destination: "/queue/a", Window: -1, Headers: []frame.Field{{Name: "k", Value: "v:w"}}})
		first := producer(t, c, conn.ProducerConfig{Destination: "/queue/b"})
		second := producer(t, c, conn.ProducerConfig{Destination: "/queue/c", Window: 2})
		for _, p := range []*conn.Producer{plain, first, second, second} {
			if _, err := p.Send(t.Context(), []byte("body"), frame.Field{Name: "n", Value: "1\n2"}); err != nil {
				t.Fatal(err)
			}
		}
		b.expect("SEND\ndestination:/queue/a\nk:v\\cw\nn:1\\n2\ncontent-length:4\n\nbody^@")
		b.expect("SEND\ndestination:/queue/b\nn:1\\n2\nreceipt:~1-1\ncontent-length:4\n\nbody^@")
		b.expect("SEND\ndestination:/queue/c\nn:1\\n2\nreceipt:~2-1\ncontent-length:4\n\nbody^@")
		b.expect("SEND\ndestination:/queue/c\nn:1\\n2\nreceipt:~2-2\ncontent-length:4\n\nbody^@")
		if seq, err := plain.Send(t.Context(), nil); err != nil || seq != 2 {
			t.Fatal(seq, err)
		}
		b.expect("SEND\ndestination:/queue/a\nk:v\\cw\n\n^@")
		if err := plain.Flush(t.Context()); err != nil || plain.Stats() != (conn.ProducerStats{}) {
			t.Errorf("without receipts: %v, %+v", err, plain.Stats())
		}
	})
}

// A hint becomes what it is called on the broker of the connection.
func TestProducerHints(t *testing.T) {
	for server, want := range map[string]string{
		"RabbitMQ/4.0.0":          "SEND\ndestination:/queue/a\npersistent:true\nreceipt:~1-1\n\n^@",
		"ActiveMQ-Artemis/2.44.0": "SEND\ndestination:/queue/a\npersistent:true\nreceipt:~1-1\n\n^@",
		"ActiveMQ/6.1.0":          "SEND\ndestination:/queue/a\npersistent:true\nreceipt:~1-1\n\n^@",
	} {
		c, b := sessionOf(t, overPipe, server, conn.Config{})
		p := producer(t, c, conn.ProducerConfig{Destination: "/queue/a", Hints: []dialect.Hint{dialect.Persistent()}})
		if _, err := p.Send(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		b.expect(want)
	}
}

// What is wrong with a producer shows before anything waits for a connection.
func TestProducerRefuses(t *testing.T) {
	c, b := session(t, overPipe, frame.Version12, conn.Config{})
	for name, cfg := range map[string]conn.ProducerConfig{
		"no destination":          {},
		"NUL":                     {Destination: "/queue/\x00"},
		"an empty name":           {Destination: "/queue/a", Headers: []frame.Field{{Name: "", Value: "1"}}},
		"window too big":          {Destination: "/queue/a", Window: 1<<20 + 1},
		"receipt":                 {Destination: "/queue/a", Headers: []frame.Field{{Name: "receipt", Value: "1"}}},
		"content-length":          {Destination: "/queue/a", Headers: []frame.Field{{Name: "content-length", Value: "1"}}},
		"transaction":             {Destination: "/queue/a", Headers: []frame.Field{{Name: "transaction", Value: "1"}}},
		"destination":             {Destination: "/queue/a", Headers: []frame.Field{{Name: "destination", Value: "1"}}},
		"an id that is ours":      {Destination: "/queue/a", IDHeader: "content-length"},
		"every, over the window":  {Destination: "/queue/a", Window: 10, ReceiptEvery: 11},
		"every, negative":         {Destination: "/queue/a", Window: 10, ReceiptEvery: -1},
		"every, without receipts": {Destination: "/queue/a", Window: -1, ReceiptEvery: 2},
		"redeliver, unconfirmed":  {Destination: "/queue/a", Window: -1, Redeliver: true},
		"in order, unconfirmed":   {Destination: "/queue/a", Window: -1, InOrder: true},
		"outcomes, unconfirmed":   {Destination: "/queue/a", Window: -1, OnOutcome: func(conn.Outcome) {}},
	} {
		if _, err := c.NewProducer(cfg); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
	p := producer(t, c, conn.ProducerConfig{Destination: "/queue/a", Window: 2, Redeliver: true})
	for _, h := range []frame.Field{{Name: "k", Value: "\x00"}, {Name: "", Value: "1"}, {Name: "receipt", Value: "1"}} {
		if _, err := p.Send(t.Context(), nil, h); !errors.Is(err, writer.ErrRefused) {
			t.Errorf("%q is sent: %v", h, err)
		}
	}
	// A refusal takes no number and leaves nothing behind.
	if seq, err := p.Send(t.Context(), nil); err != nil || seq != 1 {
		t.Error(seq, err)
	}
	b.expect("SEND\ndestination:/queue/a\nreceipt:~1-1\n\n^@")
}

func TestProducerOutcomes(t *testing.T) {
	overEach(t, func(t *testing.T, tr transport) {
		c, b := session(t, tr, frame.Version12, conn.Config{})
		p, got := newProducer(t, c, conn.ProducerConfig{Window: 10})
		for want := uint64(1); want <= 5; want++ {
			if seq, err := p.Send(t.Context(), nil); err != nil || seq != want {
				t.Fatal(seq, err)
			}
			b.read()
		}
		for _, id := range []string{"~1-4", "~1-4", "~1-0", "~1-6", "~1-18446744073709551615", "~2-1", "~1-", "~-1", "p1-1", "~1-1x"} {
			b.receipt(id)
		}
		b.write("ERROR\nreceipt-id:~1-2\nmessage:full\n\n^@" + "ERROR\nreceipt-id:~1-4\nmessage:late\n\n^@")
		b.receipt("~1-1")
		b.receipt("~1-5")
		b.receipt("~1-2")
		flushed := async(func() error { return p.Flush(t.Context()) })
		b.receipt("~1-3")
		err := b.await(flushed)
		notConfirmed(t, err, 1, 0, 0)
		var rejected *conn.ServerError
		if o := got.of(2); o.Status != conn.Rejected || !errors.As(o.Err, &rejected) || rejected.Message != "full" || !errors.Is(err, o.Err) {
			t.Errorf("send 2: %v %v; flush %v", o.Status, o.Err, err)
		}
		if n := got.count(conn.Confirmed); n != 4 {
			t.Errorf("%d confirmed, want 4", n)
		}
		if err := p.Flush(t.Context()); err != nil {
			t.Errorf("the next flush says it again: %v", err)
		}
		if s := p.Stats(); s != (conn.ProducerStats{Confirmed: 4, Rejected: 1}) {
			t.Errorf("%+v", s)
		}
	})
}

// Receipts come in any order, twice, late, and instead an ERROR may; each send has one outcome, and in order if asked for.
func TestClientProducerOutcomes(t *testing.T) {
	for _, ordered := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			s := &fakeServer{t: t, answer: never}
			cl := s.connected(conn.Config{})
			p, seen := newProducer(t, cl, conn.ProducerConfig{InOrder: ordered, Timeout: time.Minute})
			sendAll(t, p, "1", "2", "3", "4")
			synctest.Wait()
			sent := s.frames("SEND")
			receipt := func(i int) { s.latest().say("RECEIPT\nreceipt-id:" + header(sent[i-1], "receipt") + "\n\n^@") }
			receipt(3)
			receipt(3)
			s.latest().say("ERROR\nmessage:no\nreceipt-id:" + header(sent[1], "receipt") + "\n\n^@")
			receipt(1)
			s.latest().say("RECEIPT\nreceipt-id:~1-99\n\n^@RECEIPT\nreceipt-id:~7-1\n\n^@RECEIPT\nreceipt-id:x\n\n^@")
			time.Sleep(2 * time.Minute)
			receipt(4)
			synctest.Wait()
			want := "3 confirmed, 2 rejected, 1 confirmed, 4 unknown"
			if ordered {
				want = "1 confirmed, 2 rejected, 3 confirmed, 4 unknown"
			}
			if got := seen.String(); got != want {
				t.Errorf("outcomes %s, want %s", got, want)
			}
			notConfirmed(t, p.Flush(t.Context()), 1, 1, 0)
		})
	}
}

// The window counts from the oldest send without outcome, and is never exceeded.
func TestProducerWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const window, senders, each = 3, 4, 50
		c, b := session(t, inBubble, frame.Version12, conn.Config{})
		var settled atomic.Uint64
		p := producer(t, c, conn.ProducerConfig{Destination: "/queue/a", Window: window, OnOutcome: func(o conn.Outcome) {
			settled.Add(1)
		}})
		var all sync.WaitGroup
		for range senders {
			all.Go(func() {
				for range each {
					if _, err := p.Send(t.Context(), nil); err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		var open []string
		for read := 0; read < senders*each; {
			for len(open) < window && read < senders*each {
				open = append(open, header(b.read(), "receipt"))
				read++
			}
			synctest.Wait()
			if queued := c.Stats().Queued; queued != 0 {
				t.Fatalf("%d bytes are queued beyond the window", queued)
			}
			i := read % len(open) // in some order
			b.receipt(open[i])
			open = append(open[:i], open[i+1:]...)
			if i > 0 {
				b.receipt(open[0])
				open = open[1:]
			}
		}
		for _, id := range open {
			b.receipt(id)
		}
		all.Wait()
		if err := p.Flush(t.Context()); err != nil || settled.Load() != senders*each {
			t.Errorf("%d settled, flush %v", settled.Load(), err)
		}
	})
}

func TestProducerWaitsForRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, b := session(t, inBubble, frame.Version12, conn.Config{})
		p := producer(t, c, conn.ProducerConfig{Destination: "/queue/a", Window: 1})
		sendAll(t, p, "")
		b.read()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := p.Send(ctx, nil); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		if err := p.Flush(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		waiting := async(func() error { _, err := p.Send(t.Context(), nil); return err })
		synctest.Wait()
		b.receipt("~1-1")
		if err := <-waiting; err != nil {
			t.Error(err)
		}
		b.expect("SEND\ndestination:/queue/a\nreceipt:~1-2\n\n^@")
		waiting = async(func() error { _, err := p.Send(t.Context(), nil); return err })
		synctest.Wait()
		_ = c.Close()
		if err := <-waiting; !errors.Is(err, net.ErrClosed) {
			t.Errorf("on a closed client: %v", err)
		}
	})
}

func TestProducerReceiptThatNeverComes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const timeout = 8 * time.Second
		c, b := session(t, inBubble, frame.Version12, conn.Config{})
		p, got := newProducer(t, c, conn.ProducerConfig{Window: 2, Timeout: timeout})
		start := time.Now()
		for range 2 {
			sendAll(t, p, "")
			b.read()
		}
		b.receipt("~1-2")
		notConfirmed(t, p.Flush(t.Context()), 0, 1, 0)
		if took := time.Since(start); took < timeout || took > timeout+time.Second {
			t.Errorf("given up after %v", took)
		}
		if o := got.of(1); o.Status != conn.Unknown || !errors.Is(o.Err, conn.ErrUnknownOutcome) {
			t.Errorf("send 1: %v %v", o.Status, o.Err)
		}
		b.receipt("~1-1") // too late
		sendAll(t, p, "")
		b.expect("SEND\ndestination:/queue/a\nreceipt:~1-3\n\n^@")
		b.receipt("~1-3")
		if err := p.Flush(t.Context()); err != nil || got.count(conn.Confirmed) != 2 {
			t.Error(err, got)
		}
	})
}

func TestProducerConnectionEnds(t *testing.T) {
	overEach(t, func(t *testing.T, tr transport) {
		c, b := session(t, tr, frame.Version12, conn.Config{})
		p, got := newProducer(t, c, conn.ProducerConfig{Window: 10})
		for range 5 {
			sendAll(t, p, "")
			b.read()
		}
		b.receipt("~1-3")
		_ = b.nc.Close()
		notConfirmed(t, p.Flush(t.Context()), 0, 4, 0)
		if got.count(conn.Confirmed) != 1 || got.count(conn.Unknown) != 4 {
			t.Errorf("outcomes %v", got)
		}
		<-c.Done()
		if _, err := p.Send(t.Context(), nil); !errors.Is(err, net.ErrClosed) {
			t.Errorf("on a client that has ended: %v", err)
		}
		if _, err := c.NewProducer(conn.ProducerConfig{Destination: "/queue/a"}); !errors.Is(err, net.ErrClosed) {
			t.Errorf("a producer on a client that has ended: %v", err)
		}
	})
}

// The ERROR that ends a connection says why its sends are unknown; it refuses the only one.
func TestProducerConnectionEndsWithError(t *testing.T) {
	for _, sends := range []int{1, 2} {
		c, b := session(t, overPipe, frame.Version12, conn.Config{})
		p, got := newProducer(t, c, conn.ProducerConfig{Window: 10})
		for range sends {
			sendAll(t, p, "")
			b.read()
		}
		b.write("ERROR\nmessage:going down\n\n^@")
		_ = b.nc.Close()
		want := conn.Unknown
		if sends == 1 {
			want = conn.Rejected
			notConfirmed(t, p.Flush(t.Context()), 1, 0, 0)
		} else {
			notConfirmed(t, p.Flush(t.Context()), 0, 2, 0)
		}
		for seq := range sends {
			if o := got.of(uint64(seq + 1)); o.Status != want || !strings.Contains(o.Err.Error(), "going down") {
				t.Errorf("send %d: %v %v", seq+1, o.Status, o.Err)
			}
		}
	}
}

// What never left is NotSent, which says that sending it again is safe; what may have left is Unknown.
func TestProducerNotSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, b := session(t, inBubble, frame.Version12, conn.Config{})
		p, got := newProducer(t, c, conn.ProducerConfig{Window: 10})
		sendAll(t, p, "1")
		synctest.Wait() // the flusher has it, and waits for a broker that does not read
		sendAll(t, p, "2", "3")
		_ = b.nc.Close()
		notConfirmed(t, p.Flush(t.Context()), 0, 1, 2)
		if want := "1 unknown, 2 not sent, 3 not sent"; got.String() != want {
			t.Errorf("outcomes %s, want %s", got, want)
		}
		if o := got.of(1); !errors.Is(o.Err, conn.ErrUnknownOutcome) || errors.Is(o.Err, conn.ErrNotSent) {
			t.Error(o.Err)
		}
		if o := got.of(2); !errors.Is(o.Err, conn.ErrNotSent) || errors.Is(o.Err, conn.ErrUnknownOutcome) || !errors.Is(o.Err, net.ErrClosed) {
			t.Error(o.Err)
		}
		if s := p.Stats(); s != (conn.ProducerStats{Unknown: 1, NotSent: 2}) {
			t.Errorf("%+v", s)
		}
	})
}

// A timeout that is as long as can be does not wrap around to the past.
func TestTimeoutForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, timeout := range []time.Duration{1<<63 - 1, -1} {
			c, b := session(t, inBubble, frame.Version12, conn.Config{HeartBeat: frame.HeartBeat{Send: -1, Receive: -1}})
			p, got := newProducer(t, c, conn.ProducerConfig{Timeout: timeout})
			time.Sleep(time.Second)
			sendAll(t, p, "")
			b.read()
			time.Sleep(30 * time.Minute)
			synctest.Wait()
			if got.len() != 0 {
				t.Error(got)
			}
			b.receipt("~1-1")
			if err := p.Flush(t.Context()); err != nil {
				t.Error(err)
			}
		}
	})
}

// A timeout that is too short to be kept, such as one whose unit was forgotten, does not keep a processor busy.
func TestTimeoutWithoutAUnit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, b := session(t, inBubble, frame.Version12, conn.Config{})
		p, got := newProducer(t, c, conn.ProducerConfig{Window: 5, Timeout: 3})
		sendAll(t, p, "") // time passes only while all goroutines wait
		b.read()
		time.Sleep(time.Second)
		synctest.Wait()
		if got.String() != "1 unknown" {
			t.Error(got)
		}
	})
}

// Flush and Close return when OnOutcome has, of each send, also where outcomes come from two goroutines.
func TestFlushWaitsForOnOutcome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, b := session(t, inBubble, frame.Version12, conn.Config{HeartBeat: frame.HeartBeat{Send: -1, Receive: -1}})
		release := make(chan struct{})
		p := producer(t, c, conn.ProducerConfig{Destination: "/queue/a", Window: 5, Timeout: 4 * time.Second,
			OnOutcome: func(o conn.Outcome) {
				if o.Seq == 1 {
					<-release
				}
			}})
		for range 2 {
			sendAll(t, p, "")
			b.read()
		}
		b.receipt("~1-1")
		time.Sleep(time.Minute) // the other is given up
		flushed := async(func() error { return p.Flush(t.Context()) })
		closed := async(func() error { return p.Close(t.Context()) })
		synctest.Wait()
		if s := p.Stats(); len(flushed) != 0 || len(closed) != 0 || s != (conn.ProducerStats{Confirmed: 1, Unknown: 1}) {
			t.Errorf("Flush has returned: %v, Close: %v; %+v", len(flushed) > 0, len(closed) > 0, s)
		}
		close(release)
		notConfirmed(t, <-flushed, 0, 1, 0)
		notConfirmed(t, <-closed, 0, 1, 0)
	})
}
