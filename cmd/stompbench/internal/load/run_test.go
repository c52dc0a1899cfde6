package load_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/frame"
	"github.com/stompwire/stompwire/internal/leaktest"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/load"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/metric"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/workload"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/world"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

// plan returns a complete plan of n messages that edit has changed.
func plan(t testing.TB, n uint64, edit func(*workload.Plan)) *workload.Plan {
	t.Helper()
	p := &workload.Plan{
		Producers: 1, Consumers: 1, Count: n, Size: 100, Window: 50, PublishTo: "/queue/q",
		Versions: frame.AllVersions, ConnectTimeout: time.Second, DrainTimeout: 100 * time.Millisecond,
	}
	if edit != nil {
		edit(p)
	}
	if _, err := p.Complete(); err != nil {
		t.Fatal(err)
	}
	return p
}

func run(t testing.TB, b *fakeBroker, p *workload.Plan) *load.Result {
	t.Helper()
	b.consumers = p.Consumers
	r, err := load.Run(t.Context(), load.Options{Plan: p, Dialer: b})
	if err != nil {
		t.Fatal(err)
	}
	if b.undelayed {
		t.Error("a message was sent before all consumers had subscribed")
	}
	return r
}

// what the books say, in the order of the report.
type counts struct{ sent, confirmed, received, lost, confirmedLost, duplicated, reordered, corrupt, foreign uint64 }

func countsOf(r *load.Result) counts {
	b := r.Books
	return counts{b.Sent, b.Confirmed, b.Received, b.Lost, b.ConfirmedLost, b.Duplicated, b.Reordered, r.Counts[metric.Corrupt], r.Counts[metric.Foreign]}
}

func TestNothingGoesWrong(t *testing.T) {
	for name, c := range map[string]struct {
		edit func(*workload.Plan)
		want counts
	}{
		"queue":     {nil, counts{sent: 1000, confirmed: 1000, received: 1000}},
		"window 1":  {func(p *workload.Plan) { p.Window = 1 }, counts{sent: 1000, confirmed: 1000, received: 1000}},
		"no window": {func(p *workload.Plan) { p.Window = 0 }, counts{sent: 1000, received: 1000}},
		"paced":     {func(p *workload.Plan) { p.Rate = 20000 }, counts{sent: 1000, confirmed: 1000, received: 1000}},
		"competing": {func(p *workload.Plan) { p.Producers, p.Consumers = 3, 4 }, counts{sent: 1000, confirmed: 1000, received: 1000}},
		"topic": {func(p *workload.Plan) { p.PublishTo, p.Producers, p.Consumers = "/topic/t", 2, 5 },
			counts{sent: 1000, confirmed: 1000, received: 5000}},
		"no consumers": {func(p *workload.Plan) { p.Consumers = 0 }, counts{sent: 1000, confirmed: 1000}},
		"acks":         {func(p *workload.Plan) { p.Ack = frame.AckClient }, counts{sent: 1000, confirmed: 1000, received: 1000}},
	} {
		t.Run(name, func(t *testing.T) {
			r := run(t, &fakeBroker{}, plan(t, 1000, c.edit))
			if got := countsOf(r); got != c.want || !r.Intact() || r.Partial() {
				t.Errorf("\n got %+v\nwant %+v", got, c.want)
			}
			for of, want := range map[metric.Latency]uint64{
				metric.FromSend: c.want.received, metric.FromDue: c.want.received, metric.Confirm: c.want.confirmed,
			} {
				if n := r.Latencies[of].Count(); n != want {
					t.Errorf("%d latencies %s, want %d", n, of, want)
				}
			}
		})
	}
}

// A broker that drops, repeats, swaps, damages and invents exactly what we know
// is reported with exactly that.
func TestHonesty(t *testing.T) {
	const n = 2000
	type faults = func(n int, body []byte, next func([]byte))
	for name, c := range map[string]struct {
		deliver func() faults
		edit    func(*workload.Plan)
		want    counts
	}{
		"drops every 100th": {
			deliver: func() faults {
				return func(n int, body []byte, next func([]byte)) {
					if n%100 != 0 {
						next(body)
					}
				}
			},
			want: counts{sent: n, confirmed: n, received: n - 20, lost: 20, confirmedLost: 20},
		},
		"drops on a topic, for every subscriber": {
			deliver: func() faults {
				return func(n int, body []byte, next func([]byte)) {
					if n%100 != 0 {
						next(body)
					}
				}
			},
			edit: func(p *workload.Plan) { p.PublishTo, p.Consumers = "/topic/t", 3 },
			want: counts{sent: n, confirmed: n, received: 3 * (n - 20), lost: 60, confirmedLost: 60},
		},
		"repeats every 50th": {
			deliver: func() faults {
				return func(n int, body []byte, next func([]byte)) {
					next(body)
					if n%50 == 0 {
						next(body)
					}
				}
			},
			want: counts{sent: n, confirmed: n, received: n, duplicated: 40},
		},
		"repeats to another consumer": {
			deliver: func() faults {
				return func(n int, body []byte, next func([]byte)) {
					next(body)
					if n == 700 || n == 1400 {
						next(body)
					}
				}
			},
			edit: func(p *workload.Plan) { p.Producers, p.Consumers = 2, 4 },
			want: counts{sent: n, confirmed: n, received: n, duplicated: 2},
		},
		"swaps every 10th with the one before": {
			deliver: func() faults {
				var held []byte
				return func(n int, body []byte, next func([]byte)) {
					switch n % 10 {
					case 9:
						held = body
					case 0:
						next(body)
						next(held)
					default:
						next(body)
					}
				}
			},
			want: counts{sent: n, confirmed: n, received: n, reordered: 200},
		},
		"flips a bit in every 400th": {
			deliver: func() faults {
				return func(n int, body []byte, next func([]byte)) {
					if n%400 == 0 {
						body[20+n/400*10] ^= 4
					}
					next(body)
				}
			},
			want: counts{sent: n, confirmed: n, received: n - 5, corrupt: 5},
		},
		"cuts one short": {
			deliver: func() faults {
				return func(n int, body []byte, next func([]byte)) {
					if n == 77 {
						body = body[:len(body)-1]
					}
					next(body)
				}
			},
			want: counts{sent: n, confirmed: n, received: n - 1, corrupt: 1},
		},
		"has other people's messages": {
			deliver: func() faults {
				return func(n int, body []byte, next func([]byte)) {
					if n <= 3 {
						next([]byte("hello"))
					}
					next(body)
				}
			},
			want: counts{sent: n, confirmed: n, received: n, foreign: 3},
		},
		"all at once": {
			deliver: func() faults {
				return func(n int, body []byte, next func([]byte)) {
					switch n {
					case 10, 11, 12: // lost
					case 20, 21:
						next(body)
						next(body)
					case 30:
						body[60] ^= 1
						next(body)
					default:
						next(body)
					}
				}
			},
			want: counts{sent: n, confirmed: n, received: n - 4, lost: 3, confirmedLost: 3, duplicated: 2, corrupt: 1},
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := &fakeBroker{deliver: c.deliver()}
			r := run(t, b, plan(t, n, c.edit))
			if got := countsOf(r); got != c.want {
				t.Errorf("\n got %+v\nwant %+v", got, c.want)
			}
			if wrong := c.want.lost+c.want.duplicated+c.want.corrupt > 0; r.Intact() == wrong {
				t.Errorf("Intact is %v", r.Intact())
			}
		})
	}
}

// Lost ones that were never confirmed are told apart, and rejected ones are not
// lost at all.
func TestOutcomes(t *testing.T) {
	b := &fakeBroker{
		deliver: func(n int, body []byte, next func([]byte)) {
			if n%100 != 0 {
				next(body)
			}
		},
		outcome: func(n int) conn.OutcomeStatus {
			switch n {
			case 100:
				return conn.Rejected
			case 200, 300, 301:
				return conn.Unknown
			}
			return conn.Confirmed
		},
	}
	r := run(t, b, plan(t, 1000, nil))
	want := counts{sent: 1000, confirmed: 996, received: 990, lost: 9, confirmedLost: 7}
	if got := countsOf(r); got != want {
		t.Errorf("\n got %+v\nwant %+v", got, want)
	}
	if r.Books.Rejected != 1 || r.Unknown != 3 || r.Refusal == nil {
		t.Errorf("%d rejected, %d unknown, refusal %v", r.Books.Rejected, r.Unknown, r.Refusal)
	}
}

func TestBrokerDies(t *testing.T) {
	r := run(t, &fakeBroker{dieAt: 500}, plan(t, 1000, nil))
	if !errors.Is(r.Failure, errFakeDied) || !r.Partial() || r.Books.Sent != 499 || r.Books.Received != 499 {
		t.Errorf("%+v", r)
	}
}

func TestCannotStart(t *testing.T) {
	for name, b := range map[string]*fakeBroker{
		"connect":               {dialErr: errFakeDied},
		"subscribe to /queue/q": {subErr: errFakeDied},
	} {
		_, err := load.Run(t.Context(), load.Options{Plan: plan(t, 10, nil), Dialer: b})
		var setup *load.SetupError
		if !errors.As(err, &setup) || setup.Doing != name || !errors.Is(err, errFakeDied) {
			t.Errorf("%s: %v", name, err)
		}
		if b.n != 0 {
			t.Errorf("%s: %d messages were sent", name, b.n)
		}
	}
}

// The end of the context ends sending; what was sent is taken in and reported.
func TestInterrupted(t *testing.T) {
	for _, rate := range []float64{0, 5000} {
		ctx, cancel := context.WithCancel(t.Context())
		b := &fakeBroker{deliver: func(n int, body []byte, next func([]byte)) {
			if n == 200 {
				cancel()
			}
			next(body)
		}}
		p := plan(t, 0, func(p *workload.Plan) { p.Count, p.Duration, p.Rate = 0, time.Hour, rate })
		r, err := load.Run(ctx, load.Options{Plan: p, Dialer: b})
		cancel()
		if err != nil || !r.Interrupted || !r.Partial() || !r.Intact() {
			t.Fatalf("%v, %+v", err, r)
		}
	}
}

// A second at a steady rate: the right number of messages, evenly, and lateness
// measured for each.
func TestPacedForATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := plan(t, 0, func(p *workload.Plan) {
			p.Count, p.Duration, p.Rate, p.Producers = 0, time.Second, 2000, 2
		})
		var samples int
		b := &fakeBroker{}
		ctx := world.With(t.Context(), new(world.World))
		r, err := load.Run(ctx, load.Options{Plan: p, Dialer: b, OnSample: func(s *load.Sample) { samples++ }})
		if err != nil {
			t.Fatal(err)
		}
		if r.Books.Sent != 2000 || r.Unsent != 0 {
			t.Errorf("%d sent and %d unsent, want 2000", r.Books.Sent, r.Unsent)
		}
		if r.Latencies[metric.SendDelay].Count() != r.Books.Sent || r.Latencies[metric.SendDelay].Max() > time.Millisecond {
			t.Errorf("%d delays of %d messages, at most %v", r.Latencies[metric.SendDelay].Count(), r.Books.Sent, r.Latencies[metric.SendDelay].Max())
		}
		if r.Sending < 990*time.Millisecond || r.Sending > time.Second {
			t.Errorf("sending took %v", r.Sending)
		}
		if samples == 0 {
			t.Error("no samples")
		}
	})
}

// wrk2's lesson: a broker that stops for a moment looks fine from the send time,
// because nothing is sent meanwhile. From the due time it does not.
func TestAFreezeShowsFromDue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const freeze = 400 * time.Millisecond
		b := &fakeBroker{}
		b.deliver = func(n int, body []byte, next func([]byte)) {
			if n == 500 {
				time.Sleep(freeze)
			}
			next(body)
		}
		p := plan(t, 2000, func(p *workload.Plan) { p.Rate, p.Window = 2000, 0 })
		r, err := load.Run(world.With(t.Context(), new(world.World)), load.Options{Plan: p, Dialer: b})
		if err != nil {
			t.Fatal(err)
		}
		if due := r.Latencies[metric.FromDue].Percentile(90); due < freeze/2 {
			t.Errorf("from due, p90 is %v: the freeze of %v is hidden", due, freeze)
		}
		if send := r.Latencies[metric.FromSend].Percentile(99); send > time.Millisecond {
			t.Errorf("from send, p99 is %v: the test does not show the difference", send)
		}
		if r.Latencies[metric.SendDelay].Max() < freeze*99/100 || r.Latencies[metric.SendDelay].Max() > freeze {
			t.Errorf("the longest send delay is %v", r.Latencies[metric.SendDelay].Max())
		}
	})
}

// With no producers of its own a run takes in what others send.
func TestOnlyConsumers(t *testing.T) {
	b := &fakeBroker{}
	consuming := make(chan struct{})
	result := make(chan *load.Result, 1)
	go func() {
		p := plan(t, 900, func(p *workload.Plan) { p.Producers, p.Consumers = 0, 2 })
		r, err := load.Run(context.Background(), load.Options{Plan: p, Dialer: b, OnReady: func(load.Ready) { close(consuming) }})
		if err != nil {
			t.Error(err)
		}
		result <- r
	}()
	<-consuming
	run(t, b, plan(t, 900, func(p *workload.Plan) { p.Producers, p.Consumers = 3, 0 }))
	r := <-result
	if got := countsOf(r); got.received != 900 || got.lost+got.duplicated+got.corrupt+got.foreign != 0 || !r.Intact() {
		t.Errorf("%+v", got)
	}
}
