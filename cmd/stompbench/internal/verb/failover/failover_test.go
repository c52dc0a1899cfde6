package failover_test

import (
	"context"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stompwire/stompwire/internal/leaktest"

	"github.com/stompwire/stompwire/broker"
	"github.com/stompwire/stompwire/frame"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/uri"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/verb/failover"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/workload"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/world"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/worldtest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

// virtual runs a test in virtual time, with a broker and the network between it and a client.
func virtual(t *testing.T, test func(t *testing.T, n *worldtest.Network, b *broker.Broker)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		n := new(worldtest.Network)
		b, err := n.Broker(broker.Config{})
		if err != nil {
			t.Fatal(err)
		}
		defer b.Close()
		test(t, n, b)
	})
}

// config sends 750 messages in one second and a half.
func config(t *testing.T, address string) failover.Config {
	t.Helper()
	p := &workload.Plan{
		Producers: 1, Consumers: 1, Versions: frame.AllVersions,
		PublishTo: "/queue/failover", ConsumeFrom: "/queue/failover", Ack: frame.AckClientIndividual,
		Rate: 500, Duration: 1500 * time.Millisecond, Size: 100, Window: 1000,
		ConnectTimeout: 20 * time.Second, DrainTimeout: 20 * time.Second,
	}
	var err error
	if p.Broker, err = uri.Parse(address); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Complete(); err != nil {
		t.Fatal(err)
	}
	return failover.Config{Plan: p, RestartAfter: restartAfter, OnEvent: func(failover.Event) {}}
}

const (
	messages     = 750
	restartAfter = 401 * time.Millisecond // when nothing is sent
	down         = 200 * time.Millisecond
)

func run(t *testing.T, n *worldtest.Network, cfg failover.Config) *failover.Report {
	t.Helper()
	r, err := failover.Run(world.With(t.Context(), n.World(0)), cfg)
	if err != nil {
		t.Fatal(err)
	}
	if r.Broker.STOMP != "1.2" {
		t.Errorf("version %q", r.Broker.STOMP)
	}
	return r
}

// The broker goes, with all that it holds, and comes back: whatever it had not
// confirmed is sent again, and what it took with it is counted as lost.
func TestBrokerRestarts(t *testing.T) {
	virtual(t, func(t *testing.T, n *worldtest.Network, b *broker.Broker) {
		cfg := config(t, b.Addr().String())
		cfg.Restart = func(context.Context) error {
			at := b.Addr().String()
			_ = b.Close()
			time.Sleep(down)
			again, err := broker.New(broker.Config{})
			if err != nil {
				return err
			}
			t.Cleanup(func() { _ = again.Close() })
			ln, err := n.Listen(at)
			if err == nil {
				_, err = again.ListenOn(ln)
			}
			return err
		}
		// What was lost never comes.
		cfg.DrainTimeout = 5 * time.Second
		r := run(t, n, cfg)
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
func lanes(t *testing.T, r *failover.Report) {
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
	if most := time.Duration(r.Latency["from_due"].Max); most < down*9/10 || most > 2*down {
		t.Errorf("from due at most %v over an outage of %v", most, down)
	}
	// So is it in the silence, though nothing was outstanding when the connection was lost.
	if r.Silence < down*9/10 || r.Silence > 2*down || r.SilenceAt < restartAfter || r.SilenceAt > restartAfter+10*time.Millisecond {
		t.Errorf("silence of %v at %v", r.Silence, r.SilenceAt)
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
	virtual(t, func(t *testing.T, n *worldtest.Network, b *broker.Broker) {
		cfg := config(t, b.Addr().String())
		cfg.Restart = func(context.Context) error {
			n.Down(true)
			time.Sleep(down)
			n.Down(false)
			return nil
		}
		var told []failover.Event
		cfg.OnEvent = func(e failover.Event) { told = append(told, e) }
		r := run(t, n, cfg)
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
	virtual(t, func(t *testing.T, n *worldtest.Network, b *broker.Broker) {
		cfg := config(t, b.Addr().String())
		cfg.Restart = func(context.Context) error { return b.Close() }
		r := run(t, n, cfg)
		if r.Confirmed+r.Unknown != r.Sent || r.Sent+r.Unsent != messages || r.Unsent == 0 {
			t.Errorf("%+v", r)
		}
		if len(r.Outages) != 2 || r.Outages[0].First != 0 || r.Outages[1].Connected != 0 {
			t.Errorf("%+v", r.Outages)
		}
	})
}

func TestNothingHappens(t *testing.T) {
	virtual(t, func(t *testing.T, n *worldtest.Network, b *broker.Broker) {
		r := run(t, n, config(t, b.Addr().String()))
		if r.Sent != messages || r.Unsent != 0 || len(r.Outages) != 0 || r.Received != r.Sent || r.Confirmed != r.Sent || r.Lost+r.Repeated+r.Duplicated != 0 {
			t.Errorf("%+v", r)
		}
	})
}

// A body without room for the stamp has it in a header, and the outage is measured all the same.
func TestSmallBodies(t *testing.T) {
	virtual(t, func(t *testing.T, n *worldtest.Network, b *broker.Broker) {
		cfg := config(t, b.Addr().String())
		cfg.Size, cfg.Sizes, cfg.Stamp = 10, workload.Fixed(10), workload.StampHeader
		cfg.Restart = func(context.Context) error {
			n.Down(true)
			time.Sleep(down)
			n.Down(false)
			return nil
		}
		r := run(t, n, cfg)
		if r.Sent != messages || r.Received != r.Sent || r.Lost+r.Foreign+r.Corrupt != 0 {
			t.Errorf("%+v", r)
		}
		lanes(t, r)
	})
}

// A broker that stands still and keeps its connections: what it confirms late, or never, is in the
// latencies, and so is what could not be sent any more.
func TestBrokerStandsStill(t *testing.T) {
	for name, c := range map[string]struct {
		still  time.Duration
		window int
		late   uint64 // messages from the stop on, but for the one that the broker reads
	}{
		"for a while":    {500 * time.Millisecond, 1000, 0},
		"for good":       {time.Hour, 1000, messages - 202},
		"window is full": {time.Hour, 100, messages - 202},
	} {
		t.Run(name, func(t *testing.T) {
			virtual(t, func(t *testing.T, n *worldtest.Network, b *broker.Broker) {
				cfg := config(t, b.Addr().String())
				cfg.Window, cfg.DrainTimeout = c.window, 5*time.Second
				time.AfterFunc(restartAfter, func() { b.Freeze(c.still) })
				r := run(t, n, cfg)
				due, confirm := r.Latency["from_due"], r.Latency["confirm"]
				if r.Sent+r.Unsent != messages || r.Lost+r.Unsent != c.late || r.ConfirmedLost != 0 || r.Unknown != r.Lost {
					t.Errorf("%+v", r)
				}
				if due.Count != messages || due.Censored != c.late || confirm.Count != r.Sent || confirm.Censored != r.Unknown {
					t.Errorf("from due %+v, to receipt %+v", due, confirm)
				}
				if c.late > 0 && due.P50 < int64(100*time.Millisecond) {
					t.Errorf("p50 from due is %v", time.Duration(due.P50))
				}
				if r.SilenceAt < restartAfter-10*time.Millisecond || r.SilenceAt > restartAfter+10*time.Millisecond || r.Silence < min(c.still, 5*time.Second)-10*time.Millisecond {
					t.Errorf("silence of %v at %v", r.Silence, r.SilenceAt)
				}
				want := "nothing was tested"
				if c.late > 0 {
					want = "stood still"
				}
				if err := r.Why(); err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("%v", err)
				}
			})
		})
	}
}

// An interruption ends a drill with a broker that stands still within two seconds.
func TestInterruptedWhileStandingStill(t *testing.T) {
	virtual(t, func(t *testing.T, n *worldtest.Network, b *broker.Broker) {
		cfg := config(t, b.Addr().String())
		cfg.Duration = time.Hour
		ctx, cancel := context.WithCancel(world.With(t.Context(), n.World(0)))
		time.AfterFunc(restartAfter, func() { b.Freeze(time.Hour) })
		time.AfterFunc(2*time.Second, cancel)
		began := time.Now()
		r, err := failover.Run(ctx, cfg)
		if took := time.Since(began); err != nil || took > 4*time.Second || !r.Partial || r.Why() != nil {
			t.Errorf("after %v: %v, %+v", took, err, r)
		}
	})
}

// An interruption does not make lost messages of those that are on their way.
func TestInterruptedWaitsForWhatIsOnItsWay(t *testing.T) {
	virtual(t, func(t *testing.T, n *worldtest.Network, b *broker.Broker) {
		b.Inject(func(_ uint64, f *frame.Frame) broker.Fault { return broker.Delay(100 * time.Millisecond) })
		cfg := config(t, b.Addr().String())
		ctx, cancel := context.WithCancel(world.With(t.Context(), n.World(0)))
		time.AfterFunc(time.Second, cancel)
		r, err := failover.Run(ctx, cfg)
		if err != nil || !r.Partial || r.Sent < 400 || r.Lost+r.Unknown != 0 {
			t.Errorf("%v, %+v", err, r)
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
	cfg := config(t, b.Addr().String())
	cfg.Duration = time.Hour
	if r, err := failover.Run(ctx, cfg); err != nil || !r.Partial || r.Sent < 100 {
		t.Errorf("%v, %+v", err, r)
	}
}

// The near end of a connection is an address without a listener, and no other socket gets its port.
func TestCannotConnect(t *testing.T) {
	nc, err := net.Dial("tcp", startBroker(t).Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	if _, err := failover.Run(t.Context(), config(t, nc.LocalAddr().String())); err == nil {
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
