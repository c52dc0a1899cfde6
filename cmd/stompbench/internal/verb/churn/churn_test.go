package churn_test

import (
	"context"
	"net"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stompwire/stompwire/internal/leaktest"

	"github.com/stompwire/stompwire/broker"
	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/frame"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/verb/churn"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/workload"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/worldtest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

func start(t testing.TB, cfg broker.Config) *broker.Broker {
	t.Helper()
	b, err := broker.Start(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close() })
	return b
}

func config(b *broker.Broker) churn.Config {
	return churn.Config{
		Dial: func(ctx context.Context) (*conn.Client, error) { return dial(ctx, b.Addr().String()) },
		Plan: &workload.Plan{PublishTo: "/queue/churn-%d", Count: 60, ConnectTimeout: 20 * time.Second},
		Open: 4, Subscriptions: 3,
	}
}

// dial makes a client of one connection.
func dial(ctx context.Context, address string) (*conn.Client, error) {
	return conn.Dial(ctx, address, &conn.Config{OneConnection: true, NoReconnect: true, Attempts: 1})
}

// Every connection is opened, subscribes as often as it was told, and leaves; the
// broker agrees.
func TestChurn(t *testing.T) {
	for _, rate := range []float64{0, 500} {
		b := start(t, broker.Config{})
		cfg := config(b)
		cfg.Rate = rate
		r := churn.Run(t.Context(), cfg)
		if r.Opened != 60 || r.Subscribed != 180 || r.Failed != 0 || r.Unopened != 0 || r.Partial || r.Broker.STOMP != "1.2" {
			t.Errorf("%+v", r)
		}
		for step, want := range map[string]uint64{"connect": 60, "subscribe": 180, "unsubscribe": 180, "disconnect": 60} {
			if got := r.Latency[step]; got.Count != want || got.Max <= 0 || got.Censored != 0 {
				t.Errorf("%s: %+v, want %d", step, got, want)
			}
		}
		if r.MostOpen < 1 || r.MostOpen > 4 || r.OpenedPerS <= 0 {
			t.Errorf("%d open at most, %v a second", r.MostOpen, r.OpenedPerS)
		}
		if st := b.Stats(); st.Accepted != 60 || st.Subscriptions != 0 {
			t.Errorf("the broker says %+v", st)
		}
		if due := r.Latency["connect_from_due"].Count; due != 0 && rate == 0 || due != 60 && rate > 0 {
			t.Errorf("%d times from due at a rate of %v", due, rate)
		}
	}
}

// What was due and not opened is counted: one connection at a time is held for
// longer than there is time between two.
func TestUnopened(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := new(worldtest.Network)
		b, err := n.Broker(broker.Config{})
		if err != nil {
			t.Fatal(err)
		}
		defer b.Close()
		cfg := config(b)
		cfg.Dial = func(ctx context.Context) (*conn.Client, error) {
			return conn.Dial(ctx, b.Addr().String(), &conn.Config{OneConnection: true, NoReconnect: true, DialFunc: n.Dial})
		}
		cfg.Open, cfg.Count, cfg.Rate, cfg.Duration, cfg.Hold = 1, 0, 100, 500*time.Millisecond, 110*time.Millisecond
		r := churn.Run(t.Context(), cfg)
		if r.Opened != 5 || r.Unopened != 45 {
			t.Errorf("%d opened and %d not, want 5 and 45", r.Opened, r.Unopened)
		}
	})
}

func TestFailuresAreCounted(t *testing.T) {
	b := start(t, broker.Config{})
	var n atomic.Int64
	b.Inject(func(_ uint64, f *frame.Frame) broker.Fault {
		if f.Command == frame.CmdSubscribe && n.Add(1)%3 == 0 {
			return broker.Refuse
		}
		return broker.Fault{}
	})
	cfg := config(b)
	cfg.Open, cfg.Subscriptions = 1, 1
	r := churn.Run(t.Context(), cfg)
	if r.Opened != 60 || r.Subscribed != 40 || r.Failed != 20 || len(r.Failures) != 1 {
		t.Errorf("%+v", r)
	}
	for _, f := range r.Failures {
		if f.Step != "subscribe" || !strings.Contains(f.Reason, "refused on purpose") || f.Count != 20 {
			t.Errorf("%+v", f)
		}
	}
}

func TestNobodyListens(t *testing.T) {
	address := nowhere(t)
	cfg := churn.Config{
		Dial: func(ctx context.Context) (*conn.Client, error) { return dial(ctx, address) },
		Open: 4, Plan: &workload.Plan{Count: 60, ConnectTimeout: 20 * time.Second},
	}
	r := churn.Run(t.Context(), cfg)
	if r.Opened != 0 || r.Failed != 60 || len(r.Failures) != 1 || r.Failures[0].Count != 60 || !strings.HasPrefix(r.Failures[0].Reason, "nothing listens at "+address) {
		t.Errorf("%+v", r)
	}
}

// nowhere returns an address without a listener. It is the near end of a connection, so that no
// other socket gets the port before the test has ended.
func nowhere(t *testing.T) string {
	t.Helper()
	nc, err := net.Dial("tcp", start(t, broker.Config{ConnectTimeout: time.Hour}).Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = nc.Close() })
	return nc.LocalAddr().String()
}

// An interrupted run does not wait for an answer, and the attempts that it gives up do not count as
// failed. A hold ends as well.
func TestInterruptedWhileWaiting(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	var waiting atomic.Int64
	cfg := churn.Config{
		Dial: func(ctx context.Context) (*conn.Client, error) {
			if waiting.Add(1) == 4 {
				cancel()
			}
			<-ctx.Done()
			return nil, ctx.Err()
		},
		Open: 4, Plan: &workload.Plan{Count: 60, ConnectTimeout: time.Hour},
	}
	if r := churn.Run(ctx, cfg); !r.Partial || r.Failed != 0 || r.Opened != 0 {
		t.Errorf("%+v", r)
	}

	ctx, cancel = context.WithCancel(t.Context())
	cfg = config(start(t, broker.Config{}))
	cfg.Hold = time.Hour
	cfg.OnSample = func(s churn.Counts) {
		if s.Open() == 4 {
			cancel()
		}
	}
	if r := churn.Run(ctx, cfg); !r.Partial || r.Failed != 0 || r.Opened != 4 || r.Latency["disconnect"].Count != 4 {
		t.Errorf("%+v", r)
	}
}

// A socket that has the deadline of the run may say so before the run's context does.
func TestDeadlineOfASocketFirst(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	end := time.Now().Add(20 * time.Millisecond)
	cfg := churn.Config{
		Dial: func(context.Context) (*conn.Client, error) {
			time.Sleep(time.Until(end))
			return nil, os.ErrDeadlineExceeded
		},
		Open: 1, Plan: &workload.Plan{Count: 1, ConnectTimeout: time.Hour},
	}
	if r := churn.Run(early{ctx, end}, cfg); r.Failed != 0 {
		t.Errorf("%+v", r)
	}
}

// early is a context that has not noticed yet that its deadline has passed.
type early struct {
	context.Context
	deadline time.Time
}

func (e early) Deadline() (time.Time, bool) { return e.deadline, true }

func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	cfg := config(start(t, broker.Config{}))
	cfg.Count, cfg.Duration, cfg.Rate = 0, time.Hour, 100
	r := churn.Run(ctx, cfg)
	if !r.Partial || r.Failed != 0 || r.Latency["disconnect"].Count != r.Opened {
		t.Errorf("%+v", r)
	}
}
