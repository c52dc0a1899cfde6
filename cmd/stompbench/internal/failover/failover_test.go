package failover_test

import (
	"context"
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stompwire/stompwire/internal/leaktest"

	"github.com/stompwire/stompwire/broker"
	"github.com/stompwire/stompwire/conn/next"
	"github.com/stompwire/stompwire/frame"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/failover"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

// world is a broker, and the network between it and a client, in virtual time.
type world struct {
	mu   sync.Mutex
	b    *broker.Broker // nil while there is none that can be reached
	open []net.Conn
}

// inWorld runs a test in a bubble of its own.
func inWorld(t *testing.T, test func(t *testing.T, w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := new(world)
		w.start(t)
		test(t, w)
	})
}

// start starts a broker that knows nothing.
func (w *world) start(t *testing.T) {
	t.Helper()
	b, err := broker.New(broker.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close() })
	w.reach(b)
}

// reach lets connections be made to b from now on.
func (w *world) reach(b *broker.Broker) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.b = b
}

// cut ends all connections, and returns the broker, which cannot be reached any more.
func (w *world) cut() *broker.Broker {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, nc := range w.open {
		_ = nc.Close()
	}
	b := w.b
	w.b, w.open = nil, nil
	return b
}

var errNobody = errors.New("nobody listens")

func (w *world) dial(context.Context, string, string) (net.Conn, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.b == nil {
		return nil, errNobody
	}
	near, far := net.Pipe()
	w.open = append(w.open, near)
	w.b.ServeConn(far)
	return near, nil
}

// config sends 750 messages in one second and a half.
func (w *world) config() failover.Config {
	cfg := config("broker:1")
	cfg.New = func(cfg *conn.Config) (*conn.Client, error) {
		mine := *cfg
		mine.DialFunc = w.dial
		return conn.New("broker:1", &mine)
	}
	cfg.Sleep = time.Sleep
	return cfg
}

func config(address string) failover.Config {
	return failover.Config{
		New:       func(cfg *conn.Config) (*conn.Client, error) { return conn.New(address, cfg) },
		PublishTo: "/queue/failover", ConsumeFrom: "/queue/failover", Ack: frame.AckClientIndividual,
		Rate: 500, Duration: 1500 * time.Millisecond, Size: 100, Window: 1000,
		RestartAfter: restartAfter, ConnectTimeout: 20 * time.Second, DrainTimeout: 20 * time.Second,
	}
}

const (
	messages     = 750
	restartAfter = 401 * time.Millisecond // when nothing is sent
	down         = 200 * time.Millisecond
)

func run(t *testing.T, cfg failover.Config) *failover.Result {
	t.Helper()
	r, err := failover.Run(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	if r.Failure != nil || r.RestartFailure != nil || r.Version != "1.2" {
		t.Errorf("%v, %v, version %q", r.Failure, r.RestartFailure, r.Version)
	}
	return r
}

// The broker goes, with all that it holds, and comes back: whatever it had not
// confirmed is sent again, and what it took with it is counted as lost.
func TestBrokerRestarts(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		cfg := w.config()
		cfg.Restart = func(context.Context) error {
			b := w.cut()
			_ = b.Close()
			time.Sleep(down)
			w.start(t)
			return nil
		}
		// What was lost never comes.
		cfg.DrainTimeout = 5 * time.Second
		r := run(t, cfg)
		if r.Sent != messages || r.Unsent != 0 || r.Confirmed != r.Sent || r.Unknown+r.Rejected != 0 {
			t.Errorf("%d sent and %d unsent, %d confirmed, %d unknown, %d rejected", r.Sent, r.Unsent, r.Confirmed, r.Unknown, r.Rejected)
		}
		if r.Received+r.Lost != r.Sent || r.ConfirmedLost != r.Lost || r.Duplicated+r.Corrupt+r.Foreign != 0 {
			t.Errorf("%+v", r)
		}
		lanes(t, r)
	})
}

// lanes holds that both connections were lost and made good.
func lanes(t *testing.T, r *failover.Result) {
	t.Helper()
	seen := map[string]bool{}
	for _, o := range r.Outages {
		seen[o.Lane] = true
		if o.At != restartAfter || o.Cause == "" || o.Connected < down || o.Connected > 2*down || o.First < o.Connected {
			t.Errorf("%+v", o)
		}
		if o.Lane == "consumer" && (o.OnTime < o.First || o.OnTime > o.First+time.Second) {
			t.Errorf("%+v", o)
		}
	}
	if len(r.Outages) != 2 || !seen["producer 1"] || !seen["consumer"] {
		t.Errorf("outages of %v", seen)
	}
	// The outage is in the latency from due.
	if most := r.FromDue.Max(); most < down*9/10 || most > 2*down {
		t.Errorf("from due at most %v over an outage of %v", most, down)
	}
	var sent, confirmed uint64
	for _, s := range r.Slices {
		sent, confirmed = sent+uint64(s.Sent), confirmed+uint64(s.Confirmed)
	}
	if sent != r.Sent || confirmed != r.Confirmed {
		t.Errorf("slices hold %d sent and %d confirmed of %d and %d", sent, confirmed, r.Sent, r.Confirmed)
	}
	for i := 1; i < len(r.Events); i++ {
		if r.Events[i].At < r.Events[i-1].At {
			t.Errorf("%+v comes after %+v", r.Events[i], r.Events[i-1])
		}
	}
}

// Only the connections are cut: the broker has everything, so nothing is lost, and
// what comes twice comes with notice.
func TestConnectionsAreCut(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		cfg := w.config()
		cfg.Restart = func(context.Context) error {
			b := w.cut()
			time.Sleep(down)
			w.reach(b)
			return nil
		}
		var told []failover.Event
		cfg.OnEvent = func(e failover.Event) { told = append(told, e) }
		r := run(t, cfg)
		if r.Sent != messages || r.Unsent != 0 || r.Confirmed != r.Sent || r.Received != r.Sent || r.Lost+r.ConfirmedLost+r.Duplicated+r.Corrupt+r.Foreign+r.Unknown != 0 {
			t.Errorf("%+v", r)
		}
		lanes(t, r)
		if len(told) != len(r.Events) || len(told) < 6 {
			t.Errorf("%d of %d events were told", len(told), len(r.Events))
		}
	})
}

// A broker that never comes back: what was not confirmed has no outcome.
func TestBrokerStaysAway(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		cfg := w.config()
		cfg.Restart = func(context.Context) error { return w.cut().Close() }
		r := run(t, cfg)
		if r.Confirmed+r.Unknown != r.Sent || r.Sent+r.Unsent != messages || r.Unsent == 0 {
			t.Errorf("%+v", r)
		}
		if len(r.Outages) != 2 || r.Outages[0].First != 0 || r.Outages[1].Connected != 0 {
			t.Errorf("%+v", r.Outages)
		}
	})
}

func TestNothingHappens(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		r := run(t, w.config())
		if r.Sent != messages || r.Unsent != 0 || len(r.Outages) != 0 || r.Received != r.Sent || r.Confirmed != r.Sent || r.Lost+r.Repeated+r.Duplicated != 0 {
			t.Errorf("%+v", r)
		}
	})
}

func TestInterrupted(t *testing.T) {
	b := startBroker(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var sends atomic.Int64
	b.Inject(func(_ uint64, f *frame.Frame) broker.Fault {
		if f.Command == frame.CmdSend && sends.Add(1) == 100 {
			cancel()
		}
		return broker.Fault{}
	})
	cfg := config(b.Addr().String())
	cfg.Duration = time.Hour
	if r, err := failover.Run(ctx, cfg); err != nil || !r.Interrupted || r.Sent < 100 || r.Sending > time.Minute {
		t.Errorf("%v, %+v", err, r)
	}
}

// At the near end of a connection nobody listens, and nobody else gets its port.
func TestCannotConnect(t *testing.T) {
	nc, err := net.Dial("tcp", startBroker(t).Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	if _, err := failover.Run(t.Context(), config(nc.LocalAddr().String())); err == nil {
		t.Error("nobody listens, and yet")
	}
}

func startBroker(t testing.TB) *broker.Broker {
	t.Helper()
	b, err := broker.Start(broker.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close() })
	return b
}
