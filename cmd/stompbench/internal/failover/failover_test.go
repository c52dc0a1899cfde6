package failover_test

import (
	"context"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stompwire/stompwire/internal/leaktest"

	"github.com/stompwire/stompwire/broker"
	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/frame"
	"github.com/stompwire/stompwire/internal/calm"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/failover"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

func config(address string) failover.Config {
	return failover.Config{
		Dial: func(ctx context.Context, cfg *conn.Config) (*conn.Conn, error) {
			mine := *cfg
			mine.ConnectTimeout = 10 * time.Second
			return conn.Dial(ctx, address, &mine)
		},
		PublishTo: "/queue/failover", ConsumeFrom: "/queue/failover", Ack: frame.AckClientIndividual,
		Rate: 500, Duration: 1500 * time.Millisecond, Size: 100, Window: 1000, // 750 messages
		RestartAfter: 400 * time.Millisecond, ConnectTimeout: 20 * time.Second, DrainTimeout: 20 * time.Second,
	}
}

// patiently sends as many messages over a longer time, in which any machine gets to see that the
// broker goes, and to come back to it: the client tries less and less often, and who is not back
// when the time is up stays away.
func patiently(cfg failover.Config) failover.Config {
	cfg.Rate, cfg.Duration = 125, 6*time.Second
	return cfg
}

func run(t testing.TB, cfg failover.Config) *failover.Result {
	t.Helper()
	r, err := failover.Run(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	if r.Failure != nil || r.RestartFailure != nil || r.Sent+r.Unsent != 750 || r.Sent == 0 {
		t.Errorf("%v, %v, %d sent and %d unsent", r.Failure, r.RestartFailure, r.Sent, r.Unsent)
	}
	return r
}

// The broker goes, with all that it holds, and comes back: whatever it had not
// confirmed is sent again, and what it took with it is counted as lost.
func TestBrokerRestarts(t *testing.T) {
	calm.Run(t, func(t testing.TB) {
		b := startBroker(t)
		p := startProxy(t, b.Addr().String()) // keeps its port while there is no broker
		cfg := patiently(config(p.ln.Addr().String()))
		const down = 200 * time.Millisecond
		cfg.Restart = func(context.Context) error {
			p.passTo("")
			_ = b.Close()
			time.Sleep(down)
			b, err := broker.Start(broker.Config{})
			if err != nil {
				return err
			}
			t.Cleanup(func() { _ = b.Close() })
			p.passTo(b.Addr().String())
			return nil
		}
		// What was lost never comes: do not wait for it for too long.
		cfg.DrainTimeout = 5 * time.Second
		r := run(t, cfg)
		if r.Confirmed != r.Sent || r.Unknown+r.Rejected != 0 {
			t.Errorf("%d of %d confirmed, %d unknown, %d rejected", r.Confirmed, r.Sent, r.Unknown, r.Rejected)
		}
		if r.Received+r.Lost != r.Sent || r.ConfirmedLost != r.Lost || r.Duplicated+r.Corrupt+r.Foreign != 0 {
			t.Errorf("%+v", r)
		}
		lanes(t, r, down)
	})
}

// lanes holds that both connections were lost and made good, for at least so long.
func lanes(t testing.TB, r *failover.Result, down time.Duration) {
	t.Helper()
	seen := map[string]bool{}
	for _, o := range r.Outages {
		seen[o.Lane] = true
		// How long after it happened the loss is noticed, nobody knows.
		if o.Connected <= 0 || o.First < o.Connected || o.Cause == "" || o.At < 300*time.Millisecond {
			t.Errorf("%+v", o)
		}
		// A machine that is busy enough is never on time again.
		if o.OnTime != 0 && o.OnTime < o.First {
			t.Errorf("%+v", o)
		}
	}
	if !seen["producer 1"] || !seen["consumer"] {
		t.Errorf("outages of %v", seen)
	}
	// The outage is in the latency from due, whoever was waiting.
	if r.FromDue.Max() < down/2 {
		t.Errorf("from due at most %v over an outage of %v", r.FromDue.Max(), down)
	}
	var sent, confirmed uint64
	for _, s := range r.Slices {
		sent, confirmed = sent+uint64(s.Sent), confirmed+uint64(s.Confirmed)
	}
	if sent < r.Sent || confirmed != r.Confirmed {
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
	calm.Run(t, func(t testing.TB) {
		at := startBroker(t).Addr().String()
		p := startProxy(t, at)
		cfg := patiently(config(p.ln.Addr().String()))
		const down = 200 * time.Millisecond
		cfg.Restart = func(context.Context) error {
			p.passTo("")
			p.cut()
			time.Sleep(down)
			p.passTo(at)
			return nil
		}
		var mu sync.Mutex
		var told []failover.Event
		cfg.OnEvent = func(e failover.Event) {
			mu.Lock()
			defer mu.Unlock()
			told = append(told, e)
		}
		r := run(t, cfg)
		if r.Confirmed != r.Sent || r.Received != r.Sent || r.Lost+r.ConfirmedLost+r.Duplicated+r.Corrupt+r.Foreign+r.Unknown != 0 {
			t.Errorf("%+v", r)
		}
		lanes(t, r, down)
		mu.Lock()
		defer mu.Unlock()
		if len(told) != len(r.Events) || len(told) < 6 {
			t.Errorf("%d of %d events were told", len(told), len(r.Events))
		}
	})
}

// A broker that never comes back: what was not confirmed has no outcome.
func TestBrokerStaysAway(t *testing.T) {
	calm.Run(t, func(t testing.TB) {
		b := startBroker(t)
		p := startProxy(t, b.Addr().String()) // or whoever gets the port next is taken for the broker
		// Or a machine that stands still has it all sent before the broker goes.
		cfg := patiently(config(p.ln.Addr().String()))
		cfg.DrainTimeout = 300 * time.Millisecond
		cfg.Restart = func(context.Context) error {
			p.passTo("")
			return b.Close()
		}
		r := run(t, cfg)
		if r.Confirmed+r.Unknown != r.Sent || r.Sent >= 750 || r.Unsent == 0 {
			t.Errorf("%+v", r)
		}
		if len(r.Outages) != 2 || r.Outages[0].First != 0 || r.Outages[1].Connected != 0 {
			t.Errorf("%+v", r.Outages)
		}
	})
}

func TestNothingHappens(t *testing.T) {
	r := run(t, config(startBroker(t).Addr().String()))
	if len(r.Outages) != 0 || r.Received != r.Sent || r.Confirmed != r.Sent || r.Lost+r.Repeated+r.Duplicated != 0 {
		t.Errorf("%+v", r)
	}
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

// proxy passes connections on, or closes them at once: its port is its own even while
// there is no broker.
type proxy struct {
	ln net.Listener
	wg sync.WaitGroup

	mu   sync.Mutex
	to   string // "" is nowhere
	open map[net.Conn]struct{}
}

func startProxy(t testing.TB, to string) *proxy {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{ln: ln, to: to, open: map[net.Conn]struct{}{}}
	p.wg.Go(p.accept)
	t.Cleanup(func() {
		_ = ln.Close()
		p.passTo("")
		p.cut()
		p.wg.Wait()
	})
	return p
}

func (p *proxy) accept() {
	for {
		client, err := p.ln.Accept()
		if err != nil {
			return
		}
		if server := p.dial(); server == nil {
			_ = client.Close()
		} else if !p.keep(client, server) {
			_ = client.Close()
			_ = server.Close()
		} else {
			p.wg.Go(func() { pipe(client, server) })
			p.wg.Go(func() { pipe(server, client) })
		}
	}
}

// dial connects to where connections are passed to, and returns nil if that is nowhere.
func (p *proxy) dial() net.Conn {
	p.mu.Lock()
	to := p.to
	p.mu.Unlock()
	if to == "" {
		return nil
	}
	if nc, err := net.Dial("tcp", to); err == nil {
		return nc
	}
	return nil
}

func pipe(dst, src net.Conn) {
	_, _ = io.Copy(dst, src)
	_ = dst.Close()
	_ = src.Close()
}

func (p *proxy) keep(conns ...net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.to == "" {
		return false
	}
	for _, nc := range conns {
		p.open[nc] = struct{}{}
	}
	return true
}

func (p *proxy) passTo(address string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.to = address
}

// cut closes what is open.
func (p *proxy) cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for nc := range p.open {
		_ = nc.Close()
	}
	clear(p.open)
}
