package conn_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/frame"
)

// cutter is a TCP proxy that ends each connection after some bytes, wherever in a frame that is.
type cutter struct {
	l      net.Listener
	target string
	cuts   atomic.Int64
	most   int64 // bytes of a connection, both ways together; 0 lets it be
	wait   sync.WaitGroup
}

func startCutter(t testing.TB, target string, most int64) *cutter {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &cutter{l: l, target: target, most: most}
	p.wait.Go(func() {
		for {
			nc, err := l.Accept()
			if err != nil {
				return
			}
			p.wait.Go(func() { p.serve(nc) })
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		p.wait.Wait()
	})
	return p
}

func (p *cutter) serve(client net.Conn) {
	defer client.Close()
	broker, err := net.Dial("tcp", p.target)
	if err != nil {
		return
	}
	defer broker.Close()
	var left atomic.Int64
	left.Store(500 + rand.Int64N(p.most))
	var both sync.WaitGroup
	for _, way := range [][2]net.Conn{{client, broker}, {broker, client}} {
		both.Go(func() {
			defer client.Close()
			defer broker.Close()
			buf := make([]byte, 4<<10)
			for {
				n, err := way[0].Read(buf)
				if err != nil {
					return
				}
				if rest := left.Add(-int64(n)); rest <= 0 {
					_, _ = way[1].Write(buf[:max(0, int64(n)+rest)])
					p.cuts.Add(1)
					return
				}
				if _, err := way[1].Write(buf[:n]); err != nil {
					return
				}
			}
		})
	}
	both.Wait()
}

// uri is where to connect to.
func (p *cutter) uri() string { return p.l.Addr().String() }

// tally is what arrived, by the number that each message carries.
type tally struct {
	mu       sync.Mutex
	first    []int // in order of their first arrival
	copies   map[int]int
	unmarked map[int]int // arrivals without the mark of a duplicate
}

func newTally() *tally { return &tally{copies: map[int]int{}, unmarked: map[int]int{}} }

func (a *tally) note(body []byte, h frame.Header) {
	n, err := strconv.Atoi(string(body))
	if err != nil {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.copies[n]++; a.copies[n] == 1 {
		a.first = append(a.first, n)
	}
	if _, marked := h.Lookup("x-possible-duplicate"); !marked {
		a.unmarked[n]++
	}
}

// produceThrough sends total messages through p and returns what their outcomes were; each call has a deadline.
func produceThrough(t *testing.T, p *cutter, cfg conn.Config, pc conn.ProducerConfig, total int) []conn.Outcome {
	t.Helper()
	cfg.Attempts = -1
	cfg.Backoff = conn.Backoff{Initial: time.Millisecond, Max: 5 * time.Millisecond}
	cl, err := conn.New(p.uri(), &cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = cl.Close()
		<-cl.Done()
	}()
	var mu sync.Mutex
	outcomes := make([]conn.Outcome, total+1)
	pc.OnOutcome = func(o conn.Outcome) {
		mu.Lock()
		defer mu.Unlock()
		if outcomes[o.Seq].Status != 0 {
			t.Errorf("two outcomes of %d", o.Seq)
		}
		outcomes[o.Seq] = o
	}
	producer, err := cl.NewProducer(pc)
	if err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	for i := 1; i <= total; i++ {
		seq, err := producer.Send(ctx, strconv.AppendInt(nil, int64(i), 10))
		if err != nil || seq != uint64(i) {
			t.Fatalf("Send %d: number %d, %v", i, seq, err)
		}
	}
	var some *conn.OutcomeError
	if err := producer.Flush(ctx); err != nil && (pc.Redeliver || !errors.As(err, &some)) {
		t.Fatal(err)
	}
	mu.Lock()
	defer mu.Unlock()
	return outcomes[1:]
}

// check: nothing that is reported confirmed is lost, and whatever came twice is marked.
func (a *tally) check(t *testing.T, outcomes []conn.Outcome) string {
	t.Helper()
	a.mu.Lock()
	defer a.mu.Unlock()
	var confirmed, duplicates int
	for i, o := range outcomes {
		n := i + 1
		if o.Status == conn.Confirmed {
			confirmed++
			if a.copies[n] == 0 {
				t.Errorf("message %d was confirmed and is lost", n)
			}
		}
		if o.Status == 0 {
			t.Errorf("message %d has no outcome", n)
		}
		duplicates += max(0, a.copies[n]-1)
		if a.unmarked[n] > 1 {
			t.Errorf("message %d came %d times without a mark", n, a.unmarked[n])
		}
	}
	return fmt.Sprintf("%d sent, %d confirmed, %d arrived, %d duplicates", len(outcomes), confirmed, len(a.first), duplicates)
}

func TestClientCuts(t *testing.T) {
	for _, redeliver := range []bool{true, false} {
		t.Run(fmt.Sprint("redeliver=", redeliver), func(t *testing.T) {
			arrived := newTally()
			sink := startReceiptSink(t, func(f *frame.Frame) { arrived.note(f.Body, f.Header) })
			p := startCutter(t, sink.l.Addr().String(), 8000)
			const total = 5000
			outcomes := produceThrough(t, p, conn.Config{},
				conn.ProducerConfig{Destination: "/queue/a", Window: 50, Redeliver: redeliver}, total)
			t.Log(p.cuts.Load(), "cuts:", arrived.check(t, outcomes))
			// What arrives passes whole, as do its receipts: 470 KB over connections of 4.5 KB each, by chance. Without
			// redelivery up to a window of each hundred may be lost instead.
			if want := map[bool]int64{true: 50, false: 20}[redeliver]; p.cuts.Load() < want {
				t.Errorf("only %d cuts", p.cuts.Load())
			}
			if !redeliver {
				return
			}
			for i, o := range outcomes {
				if o.Status != conn.Confirmed {
					t.Fatalf("message %d is %v: %v", i+1, o.Status, o.Err)
				}
			}
			for i, n := range arrived.first {
				if n != i+1 {
					t.Fatalf("message %d came where %d should", n, i+1)
				}
			}
		})
	}
}
