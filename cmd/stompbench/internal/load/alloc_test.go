//go:build !race

package load

import (
	"context"
	"testing"
	"time"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/frame"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/workload"
)

// loop sends to itself: what is left to measure is our own work.
type loop struct {
	p *producer
	c *consumer
	n uint64
}

func (l *loop) Send(_ context.Context, body []byte, _ ...frame.Field) (uint64, error) {
	l.n++
	l.c.handle(body, nil)
	l.p.streams[0].outcome(conn.Outcome{Seq: l.n, Status: conn.Confirmed})
	return l.n, nil
}

func (l *loop) Flush(context.Context) error { return nil }

// newLoop returns a run of one producer and one consumer that are tied together.
func newLoop(tb testing.TB) *producer {
	p := workload.Plan{
		Producers: 1, Consumers: 1, Duration: time.Hour, Size: 128, Window: 1000, Rate: 1e9,
		PublishTo: "/queue/q", ConnectTimeout: time.Second, DrainTimeout: time.Second,
	}
	if _, err := p.Complete(); err != nil {
		tb.Fatal(err)
	}
	r := newRun(Options{Plan: &p})
	r.start = r.clock.Now()
	out := r.producers[0]
	out.streams[0].sender = &loop{p: out, c: r.consumers[0]}
	return out
}

func (p *producer) step(ctx context.Context, seq uint64) error {
	if err := p.gate.enter(ctx); err != nil {
		return err
	}
	return p.sendOne(ctx, p.streams[0], seq, p.run.clock.Now(), false)
}

// Both sides of a message, with its receipt: stamp, check, ledgers, four
// latencies, window.
func TestAllocNothing(t *testing.T) {
	p, ctx, seq := newLoop(t), t.Context(), uint64(0)
	send := func() {
		for range 2000 {
			seq++
			if err := p.step(ctx, seq); err != nil {
				t.Fatal(err)
			}
		}
	}
	send()
	if allocs := testing.AllocsPerRun(20, send); allocs != 0 {
		t.Errorf("%v allocations in 2000 messages, want 0", allocs)
	}
	p.run.collect()
	if got := p.run.sampler.totalSend.Count(); got != seq {
		t.Errorf("%d latencies of %d messages", got, seq)
	}
}

func BenchmarkMessage(b *testing.B) {
	p, ctx, seq := newLoop(b), b.Context(), uint64(0)
	b.ReportAllocs()
	for b.Loop() {
		seq++
		if err := p.step(ctx, seq); err != nil {
			b.Fatal(err)
		}
	}
}
