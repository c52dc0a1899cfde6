package workload_test

import (
	"bytes"
	"compress/flate"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/stamp"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/workload"
	"github.com/stompwire/stompwire/frame"
)

func plan() workload.Plan {
	return workload.Plan{
		Producers: 1, Consumers: 1, Duration: time.Second, Size: 128, Window: 10,
		PublishTo: "/queue/q", ConnectTimeout: time.Second, DrainTimeout: time.Second,
	}
}

// complete returns a complete plan that edit has changed.
func complete(t *testing.T, edit func(*workload.Plan)) *workload.Plan {
	t.Helper()
	p := plan()
	if edit != nil {
		edit(&p)
	}
	if _, err := p.Complete(); err != nil {
		t.Fatal(err)
	}
	return &p
}

func TestCompleteFillsIn(t *testing.T) {
	p := plan()
	p.Size = 10
	notes, err := p.Complete()
	if err != nil || p.Size != 10 || p.Stamp != workload.StampHeader || len(notes) != 1 {
		t.Errorf("size %d, %q, %v", p.Size, notes, err)
	}
	if p.ConsumeFrom != "/queue/q" || p.Delivery != workload.Shared {
		t.Errorf("%+v", p)
	}
	p = plan()
	p.PublishTo = "/exchange/amq.fanout"
	if _, err := p.Complete(); err != nil || p.Delivery != workload.Each {
		t.Errorf("%+v, %v", p, err)
	}
}

func TestImpossiblePlans(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(*workload.Plan)
		says  string
	}{
		"no workers":      {func(p *workload.Plan) { p.Producers, p.Consumers = 0, 0 }, "nothing to do"},
		"empty broker":    {func(p *workload.Plan) { p.Producers, p.Embedded = 0, true }, "--uri"},
		"no producers":    {func(p *workload.Plan) { p.Producers, p.Rate = 0, 5 }, "--rate"},
		"endless":         {func(p *workload.Plan) { p.Duration = 0 }, "never end"},
		"count too small": {func(p *workload.Plan) { p.Producers, p.Count = 5, 4 }, "--count"},
		"size":            {func(p *workload.Plan) { p.Size = workload.MaxSize + 1 }, "--size"},
		"ack of 1.1": {func(p *workload.Plan) {
			p.Versions, p.Ack = frame.VersionsOf(frame.Version10), frame.AckClientIndividual
		}, "--ack"},
		"no destination": {func(p *workload.Plan) { p.PublishTo = "" }, "--publish-to"},
		"line end":       {func(p *workload.Plan) { p.ConsumeFrom = "/queue/a\nb" }, "line end"},
		"own header": {func(p *workload.Plan) {
			p.Headers = []frame.Field{{Name: "receipt", Value: "1"}}
		}, "--header receipt"},
	} {
		p := plan()
		c.spoil(&p)
		_, err := p.Complete()
		var invalid *workload.Invalid
		if !errors.As(err, &invalid) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, want something about %q", name, err, c.says)
		}
	}
}

func TestQuotasAddUp(t *testing.T) {
	for _, c := range []struct{ producers, count int }{{1, 7}, {3, 10}, {7, 7}, {8, 1000}} {
		p := plan()
		p.Producers, p.Count = c.producers, uint64(c.count)
		sum := uint64(0)
		for i := range c.producers {
			sum += p.Quota(i)
		}
		if sum != p.Count {
			t.Errorf("%d producers send %d messages, want %d", c.producers, sum, p.Count)
		}
	}
}

func TestBodies(t *testing.T) {
	p := complete(t, nil)
	b, again := p.NewBodies(0), p.NewBodies(0)
	var stream bytes.Buffer
	w, _ := flate.NewWriter(&stream, flate.BestCompression)
	const n = 4096
	for i := range n {
		body, sum := b.Next()
		same, _ := again.Next()
		if len(body) != p.Size || sum != stamp.PayloadSum(body) || !bytes.Equal(body, same) {
			t.Fatalf("body %d: %d bytes, sum %x", i, len(body), sum)
		}
		_, _ = w.Write(body[stamp.Size:])
	}
	_ = w.Close()
	if payload := n * (p.Size - stamp.Size); stream.Len() < payload {
		t.Errorf("%d bytes of payloads compress to %d", payload, stream.Len())
	}
	other, _ := p.NewBodies(1).Next()
	first, _ := p.NewBodies(0).Next()
	if bytes.Equal(other, first) {
		t.Error("two producers send the same payload")
	}
	p = complete(t, func(p *workload.Plan) { p.Size = 64 << 10 })
	one, _ := p.NewBodies(0).Next()
	if len(one) != p.Size {
		t.Errorf("%d bytes", len(one))
	}
}
