package conn_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/frame"
	"github.com/stompwire/stompwire/writer"
)

// outcomes collects what a producer is told, and finds fault with a second outcome for a send.
type outcomes struct {
	t   testing.TB
	mu  sync.Mutex
	all map[uint64]conn.Outcome
}

func newOutcomes(t testing.TB) *outcomes { return &outcomes{t: t, all: make(map[uint64]conn.Outcome)} }

func (o *outcomes) add(got conn.Outcome) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if had, ok := o.all[got.Seq]; ok {
		o.t.Errorf("send %d: outcome %v after %v", got.Seq, got.Status, had.Status)
	}
	o.all[got.Seq] = got
}

func (o *outcomes) count(status conn.OutcomeStatus) (n int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, got := range o.all {
		if got.Status == status {
			n++
		}
	}
	return n
}

func (o *outcomes) of(seq uint64) conn.Outcome {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.all[seq]
}

func TestProducerFrames(t *testing.T) {
	overEach(t, func(t *testing.T, tr transport) {
		c, b := session(t, tr, frame.Version12, conn.Config{})
		plain := producer(t, c, conn.ProducerConfig{Destination: "/queue/a", Headers: []frame.Field{{Name: "k", Value: "v:w"}}})
		first := producer(t, c, conn.ProducerConfig{Destination: "/queue/b", Window: 2})
		second := producer(t, c, conn.ProducerConfig{Destination: "/queue/c", Window: 2})
		for _, p := range []*conn.Producer{plain, first, second, second} {
			if _, err := p.Send(t.Context(), []byte("body"), frame.Field{Name: "n", Value: "1\n2"}); err != nil {
				t.Fatal(err)
			}
		}
		b.expect("SEND\ndestination:/queue/a\nk:v\\cw\nn:1\\n2\ncontent-length:4\n\nbody^@")
		b.expect("SEND\ndestination:/queue/b\nn:1\\n2\nreceipt:~0-1\ncontent-length:4\n\nbody^@")
		b.expect("SEND\ndestination:/queue/c\nn:1\\n2\nreceipt:~1-1\ncontent-length:4\n\nbody^@")
		b.expect("SEND\ndestination:/queue/c\nn:1\\n2\nreceipt:~1-2\ncontent-length:4\n\nbody^@")
		if _, err := plain.Send(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		b.expect("SEND\ndestination:/queue/a\nk:v\\cw\n\n^@")
	})
}

func producer(t testing.TB, c *conn.Conn, cfg conn.ProducerConfig) *conn.Producer {
	t.Helper()
	p, err := c.NewProducer(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestProducerRefuses(t *testing.T) {
	c, b := session(t, overPipe, frame.Version12, conn.Config{})
	for name, cfg := range map[string]conn.ProducerConfig{
		"no destination":  {},
		"NUL":             {Destination: "/queue/\x00"},
		"window negative": {Destination: "/queue/a", Window: -1},
		"window too big":  {Destination: "/queue/a", Window: conn.MaxWindow + 1},
		"receipt":         {Destination: "/queue/a", Headers: []frame.Field{{Name: "receipt", Value: "1"}}},
		"content-length":  {Destination: "/queue/a", Headers: []frame.Field{{Name: "content-length", Value: "1"}}},
		"transaction":     {Destination: "/queue/a", Headers: []frame.Field{{Name: "transaction", Value: "1"}}},
	} {
		if _, err := c.NewProducer(cfg); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
	p := producer(t, c, conn.ProducerConfig{Destination: "/queue/a", Window: 2})
	if _, err := p.Send(t.Context(), nil, frame.Field{Name: "k", Value: "\x00"}); !errors.Is(err, writer.ErrRefused) {
		t.Error(err)
	}
	if _, err := p.Send(t.Context(), nil, frame.Field{Name: "receipt", Value: "1"}); err == nil {
		t.Error("a receipt header is accepted")
	}
	// A refusal takes no number and leaves nothing behind.
	if seq, err := p.Send(t.Context(), nil); err != nil || seq != 1 {
		t.Error(seq, err)
	}
	b.expect("SEND\ndestination:/queue/a\nreceipt:~0-1\n\n^@")
}

func TestProducerOutcomes(t *testing.T) {
	overEach(t, func(t *testing.T, tr transport) {
		c, b := session(t, tr, frame.Version12, conn.Config{})
		got := newOutcomes(t)
		p := producer(t, c, conn.ProducerConfig{Destination: "/queue/a", Window: 10, OnOutcome: got.add})
		for want := uint64(1); want <= 5; want++ {
			if seq, err := p.Send(t.Context(), nil); err != nil || seq != want {
				t.Fatal(seq, err)
			}
			b.read()
		}
		for _, id := range []string{"~0-4", "~0-4", "~0-0", "~0-6", "~0-18446744073709551615", "~1-1", "~0-", "~-1", "p0-1", "~0-1x"} {
			b.receipt(id)
		}
		b.write("ERROR\nreceipt-id:~0-2\nmessage:full\n\n^@" + "ERROR\nreceipt-id:~0-4\nmessage:late\n\n^@")
		b.receipt("~0-1")
		b.receipt("~0-5")
		b.receipt("~0-2")
		flush := async(func() error { return p.Flush(t.Context()) })
		b.receipt("~0-3")
		if err := b.await(flush); err != nil {
			t.Fatal(err)
		}
		var rejected *conn.ServerError
		if o := got.of(2); o.Status != conn.Rejected || !errors.As(o.Err, &rejected) || rejected.Message != "full" {
			t.Errorf("send 2: %v %v", o.Status, o.Err)
		}
		if n := got.count(conn.Confirmed); n != 4 {
			t.Errorf("%d confirmed, want 4", n)
		}
	})
}

// The window counts from the oldest send without outcome, and is never exceeded.
func TestProducerWindow(t *testing.T) {
	overEach(t, func(t *testing.T, tr transport) {
		const window, senders, each = 3, 4, 50
		c, b := session(t, tr, frame.Version12, conn.Config{})
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
			if queued := c.Stats().Queued; queued != 0 {
				t.Fatalf("%d bytes are queued beyond the window", queued)
			}
			b.receipt(open[0])
			open = open[1:]
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
		if _, err := p.Send(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
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
		b.receipt("~0-1")
		if err := <-waiting; err != nil {
			t.Error(err)
		}
		b.expect("SEND\ndestination:/queue/a\nreceipt:~0-2\n\n^@")
		waiting = async(func() error { _, err := p.Send(t.Context(), nil); return err })
		synctest.Wait()
		_ = c.Close()
		if err := <-waiting; err == nil {
			t.Error("sent on a closed connection")
		}
	})
}

func TestProducerReceiptThatNeverComes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const timeout = 8 * time.Second
		c, b := session(t, inBubble, frame.Version12, conn.Config{})
		got := newOutcomes(t)
		p := producer(t, c, conn.ProducerConfig{Destination: "/queue/a", Window: 2, Timeout: timeout, OnOutcome: got.add})
		start := time.Now()
		for range 2 {
			if _, err := p.Send(t.Context(), nil); err != nil {
				t.Fatal(err)
			}
			b.read()
		}
		b.receipt("~0-2")
		if err := p.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(start); took < timeout || took > timeout+timeout/4 {
			t.Errorf("given up after %v", took)
		}
		if o := got.of(1); o.Status != conn.Unknown || !errors.Is(o.Err, conn.ErrUnknownOutcome) {
			t.Errorf("send 1: %v %v", o.Status, o.Err)
		}
		b.receipt("~0-1") // too late
		if _, err := p.Send(t.Context(), nil); err != nil {
			t.Error(err)
		}
		b.expect("SEND\ndestination:/queue/a\nreceipt:~0-3\n\n^@")
		b.receipt("~0-3")
		if err := p.Flush(t.Context()); err != nil || got.count(conn.Confirmed) != 2 {
			t.Error(err, got.all)
		}
	})
}

func TestProducerConnectionEnds(t *testing.T) {
	overEach(t, func(t *testing.T, tr transport) {
		c, b := session(t, tr, frame.Version12, conn.Config{})
		got := newOutcomes(t)
		p := producer(t, c, conn.ProducerConfig{Destination: "/queue/a", Window: 10, OnOutcome: got.add})
		for range 5 {
			if _, err := p.Send(t.Context(), nil); err != nil {
				t.Fatal(err)
			}
			b.read()
		}
		b.receipt("~0-3")
		_ = b.nc.Close()
		if err := p.Flush(t.Context()); err != nil {
			t.Error(err)
		}
		if got.count(conn.Confirmed) != 1 || got.count(conn.Unknown) != 4 {
			t.Errorf("outcomes %v", got.all)
		}
		if _, err := p.Send(t.Context(), nil); err == nil {
			t.Error("sent on a closed connection")
		}
		if _, err := c.NewProducer(conn.ProducerConfig{Destination: "/queue/a", Window: 1}); err == nil {
			t.Error("a producer on a closed connection")
		}
	})
}

// The ERROR that ends a connection says why its sends are unknown.
func TestProducerConnectionEndsWithError(t *testing.T) {
	c, b := session(t, overPipe, frame.Version12, conn.Config{})
	got := newOutcomes(t)
	p := producer(t, c, conn.ProducerConfig{Destination: "/queue/a", Window: 10, OnOutcome: got.add})
	if _, err := p.Send(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	b.read()
	b.write("ERROR\nmessage:going down\n\n^@")
	_ = b.nc.Close()
	if err := p.Flush(t.Context()); err != nil {
		t.Error(err)
	}
	if o := got.of(1); o.Status != conn.Unknown || !strings.Contains(o.Err.Error(), "going down") {
		t.Errorf("send 1: %v %v", o.Status, o.Err)
	}
}
