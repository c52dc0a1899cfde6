package load_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/load"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/metric"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/workload"
	"github.com/stompwire/stompwire/frame"
)

// What is outstanding at the end, be it a receipt or a message, is waited for until
// the drain timeout has passed in which neither came.
func TestDrain(t *testing.T) {
	const n, patience = 4, 5 * time.Second
	at := func(d time.Duration) func(int) time.Duration {
		return func(int) time.Duration { return d }
	}
	never := at(-1)
	// each is 3 s after the one before it.
	each := func(from time.Duration) func(int) time.Duration {
		return func(i int) time.Duration { return from + time.Duration(i)*3*time.Second }
	}
	for name, c := range map[string]struct {
		receipt, deliver func(int) time.Duration
		edit             func(*workload.Plan)

		unknown, lost uint64
		took          time.Duration // to the end of the last wait, to within a poll or two
	}{
		"at once":                           {receipt: at(0), deliver: at(0)},
		"receipts come on and on":           {receipt: each(0), deliver: at(0), took: 12 * time.Second},
		"messages come on and on":           {receipt: at(0), deliver: each(0), took: 12 * time.Second},
		"both in turn":                      {receipt: each(0), deliver: each(time.Second), took: 13 * time.Second},
		"messages keep receipts awaited":    {receipt: at(13 * time.Second), deliver: each(0), took: 13 * time.Second},
		"receipts keep messages awaited":    {receipt: each(0), deliver: at(13 * time.Second), took: 13 * time.Second},
		"no receipt":                        {receipt: never, deliver: at(time.Second), unknown: n, took: time.Second + patience},
		"no message":                        {receipt: at(time.Second), deliver: never, lost: n, took: time.Second + patience},
		"neither, which is one wait":        {receipt: never, deliver: never, unknown: n, lost: n, took: patience},
		"a receipt that comes too late":     {receipt: at(patience + time.Second), deliver: at(0), unknown: n, took: patience},
		"a message that comes too late":     {receipt: at(0), deliver: at(patience + time.Second), lost: n, took: patience},
		"receipts, and nobody who consumes": {receipt: each(0), deliver: at(0), edit: func(p *workload.Plan) { p.Consumers = 0 }, took: 12 * time.Second},
		"no receipt is asked for":           {receipt: never, deliver: each(0), edit: func(p *workload.Plan) { p.Window = 0 }, took: 12 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := &fakeBroker{receiptAfter: c.receipt, deliverAfter: c.deliver}
				p := plan(t, n, func(p *workload.Plan) {
					p.DrainTimeout = patience
					if c.edit != nil {
						c.edit(p)
					}
				})
				began := time.Now()
				r, err := load.Run(t.Context(), load.Options{Plan: p, Dialer: b})
				if err != nil {
					t.Fatal(err)
				}
				if took := time.Since(began); took < c.took || took > c.took+100*time.Millisecond {
					t.Errorf("took %v, want %v", took, c.took)
				}
				if r.Unknown != c.unknown || r.Books.Lost != c.lost || r.Partial() {
					t.Errorf("%d unknown, %d lost, want %d and %d", r.Unknown, r.Books.Lost, c.unknown, c.lost)
				}
				time.Sleep(time.Minute) // what comes too late finds the books closed
				if r.Unknown != c.unknown || r.Books.Lost != c.lost {
					t.Errorf("later %d unknown, %d lost", r.Unknown, r.Books.Lost)
				}
			})
		})
	}
}

// What was refused with NACK is waited for, though it has come before: a broker takes
// its time to deliver it again. One that never does costs a second of silence.
func TestDrainAfterNack(t *testing.T) {
	for again, want := range map[time.Duration]struct {
		redelivered uint64
		took        time.Duration
	}{
		0:                      {10, 0},
		700 * time.Millisecond: {10, 700 * time.Millisecond},
		-1:                     {0, time.Second},
	} {
		synctest.Test(t, func(t *testing.T) {
			p := plan(t, 20, func(p *workload.Plan) {
				p.Ack, p.Nack, p.DrainTimeout = frame.AckClientIndividual, 0.5, 5*time.Second
			})
			began := time.Now()
			r, err := load.Run(t.Context(), load.Options{Plan: p, Dialer: &fakeBroker{againAfter: again}})
			if err != nil {
				t.Fatal(err)
			}
			if took := time.Since(began); took < want.took || took > want.took+100*time.Millisecond {
				t.Errorf("%v: took %v, want %v", again, took, want.took)
			}
			if r.Counts[metric.Nacked] != 10 || r.Books.Redelivered != want.redelivered || !r.Intact() {
				t.Errorf("%v: %d refused, %+v", again, r.Counts[metric.Nacked], r.Books)
			}
		})
	}
}

// A share is that share, though ten tenths do not add up to one in floating point.
func TestNackShare(t *testing.T) {
	for share, want := range map[float64]uint64{0.1: 100, 0.01: 10, 0.3: 300, 0.7: 700, 0.999: 999} {
		synctest.Test(t, func(t *testing.T) { // what is refused comes again on a goroutine of its own
			p := plan(t, 1000, func(p *workload.Plan) { p.Ack, p.Nack = frame.AckClientIndividual, share })
			if r := run(t, &fakeBroker{}, p); r.Counts[metric.Nacked] != want || r.Books.Redelivered != want {
				t.Errorf("%v of 1000: %d refused, %d came again", share, r.Counts[metric.Nacked], r.Books.Redelivered)
			}
		})
	}
}

// A receiver has left when it begins to end its connections, even if the broker does not answer that.
func TestListened(t *testing.T) {
	const patience = 2 * time.Second
	p := plan(t, 4, func(p *workload.Plan) { p.DrainTimeout = patience })
	b := &fakeBroker{deliverAfter: func(int) time.Duration { return -1 }, mute: true}
	r := virtually(t, b, p, nil)
	between(t, "listened", r.Listened, patience, patience+100*time.Millisecond)
}
