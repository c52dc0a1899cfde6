//go:build !race

package load

import (
	"context"
	"testing"
	"time"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/conn/dialect"
	"github.com/stompwire/stompwire/frame"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/metric"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/stamp"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/workload"
)

// loop sends to itself: what is left to measure is our own work.
type loop struct {
	s *stream
	c *consumer
	n uint64
	// The header with the stamp.
	text [128]byte
	span [1]frame.Span
}

func (l *loop) Redelivered() bool         { return false }
func (l *loop) Ack(...frame.Field) error  { return nil }
func (l *loop) Nack(...frame.Field) error { return nil }

func (l *loop) Send(_ context.Context, body []byte, h ...frame.Field) (uint64, error) {
	l.n++
	value, _ := frame.Fields(h).Lookup(stamp.Header)
	text := append(append(append(l.text[:0], stamp.Header...), ':'), value...)
	l.span[0] = frame.Span{Colon: uint32(len(stamp.Header)), End: uint32(len(text))}
	l.c.handle(body, frame.NewHeader(text, l.span[:]), l)
	l.s.outcome(conn.Outcome{Seq: l.n, Status: conn.Confirmed})
	return l.n, nil
}

func (l *loop) Flush(context.Context) error { return nil }

// newLoop returns a run of one producer and one consumer that are tied together.
func newLoop(tb testing.TB, edit func(*workload.Plan)) *producer {
	p := workload.Plan{
		Producers: 1, Consumers: 1, Duration: time.Hour, Size: 128, Window: 1000, Rate: 1e9,
		PublishTo: "/queue/q", ConnectTimeout: time.Second, DrainTimeout: time.Second,
	}
	if edit != nil {
		edit(&p)
	}
	if _, err := p.Complete(); err != nil {
		tb.Fatal(err)
	}
	r, err := newRun(tb.Context(), Options{Plan: &p})
	if err != nil {
		tb.Fatal(err)
	}
	r.start = r.clock.Now()
	if p.Warmup > 0 {
		r.measureFrom.Store(r.start + int64(p.Warmup))
	}
	out := r.producers[0]
	_, out.fields = newFields(&p, 0, dialect.Unknown.Dialect(), r.extra)
	for i, s := range out.streams {
		s.sender = &loop{s: s, c: r.consumers[i]}
	}
	return out
}

func (p *producer) step(ctx context.Context, k uint64) error {
	if err := p.gate.enter(ctx); err != nil {
		return err
	}
	return p.sendOne(ctx, p.next(), k, p.run.clock.Now())
}

// Both sides of a message, with its receipt: stamp, check, ledgers, four
// latencies, window.
func TestAllocNothing(t *testing.T) {
	for name, edit := range map[string]func(*workload.Plan){
		"plain": nil,
		"sizes": func(p *workload.Plan) {
			p.Sizes = workload.Mix{{Min: 60, Max: 200, Weight: 1}, {Min: 1000, Max: 1000, Weight: 2}}
		},
		"destinations": func(p *workload.Plan) { p.PublishTo, p.Destinations = "/queue/%d", workload.Range{First: 1, Last: 5} },
		"in a header":  func(p *workload.Plan) { p.Size = 0 },
		"headers": func(p *workload.Plan) {
			p.Headers = []frame.Field{{Name: "n", Value: "a%d-%p"}}
			p.Priorities = workload.Mix{{Min: 9, Max: 9, Weight: 1}, {Min: 4, Max: 4, Weight: 9}}
			p.Expires = time.Minute
		},
		"shared":  func(p *workload.Plan) { p.RunName, p.Await = "x", time.Second },
		"warm-up": func(p *workload.Plan) { p.Warmup = time.Hour },
		"extra headers": func(p *workload.Plan) {
			p.Extra = workload.Extra{Count: workload.Mix{{Min: 0, Max: 64, Weight: 1}}, Size: workload.Fixed(50), Escapes: 0.25}
		},
		"extra headers and a stamp": func(p *workload.Plan) {
			p.Size = 0
			p.Extra = workload.Extra{Count: workload.Fixed(64), Size: workload.Mix{{Min: 1, Max: 200, Weight: 1}}, Fixed: true}
		},
		"acks": func(p *workload.Plan) { p.Ack, p.Nack = frame.AckClientIndividual, 0.1 },
	} {
		t.Run(name, func(t *testing.T) { allocNothing(t, edit) })
	}
}

func allocNothing(t *testing.T, edit func(*workload.Plan)) {
	p, ctx, k := newLoop(t, edit), t.Context(), uint64(0)
	send := func() {
		for range 2000 {
			k++
			if err := p.step(ctx, k); err != nil {
				t.Fatal(err)
			}
		}
	}
	for range 5 { // for books to grow to their size
		send()
	}
	if allocs := testing.AllocsPerRun(20, send); allocs != 0 {
		t.Errorf("%v allocations in 2000 messages, want 0", allocs)
	}
	warmup, measured := uint64(0), k
	s := p.run.collect()
	if p.run.Plan.Warmup > 0 {
		warmup, measured = k, 0
		for of, h := range s.Warmup {
			if n := h.Count(); n > k || n < k-producerBatch || n != k && of != metric.SendDelay {
				t.Errorf("%d latencies %s of %d messages", n, of, k)
			}
		}
	}
	if got := p.run.sampler.total[metric.FromSend].Count(); got != measured {
		t.Errorf("%d latencies of %d messages, %d of the warm-up", got, k, warmup)
	}
	if b := p.run.arrived(nil).tally; b.counts[metric.Received] != k || b.counts[metric.Corrupt]+b.counts[metric.Foreign] != 0 {
		t.Errorf("%+v of %d messages", b, k)
	}
}

func BenchmarkMessage(b *testing.B) {
	p, ctx, seq := newLoop(b, nil), b.Context(), uint64(0)
	b.ReportAllocs()
	for b.Loop() {
		seq++
		if err := p.step(ctx, seq); err != nil {
			b.Fatal(err)
		}
	}
}
