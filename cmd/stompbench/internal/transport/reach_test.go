package transport_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stompwire/stompwire/broker"
	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/frame"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/transport"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/uri"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/workload"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/world"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/worldtest"
)

// virtual runs a test in virtual time, with a broker.
func virtual(t *testing.T, cfg broker.Config, test func(ctx context.Context, n *worldtest.Network, b *broker.Broker, p *workload.Plan)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		n := new(worldtest.Network)
		b, err := n.Broker(cfg)
		if err != nil {
			t.Fatal(err)
		}
		defer b.Close()
		p := &workload.Plan{Versions: frame.AllVersions, ConnectTimeout: time.Second, DrainTimeout: time.Second}
		if p.Broker, err = uri.Parse("stomp://u:s3cret@" + b.Addr().String()); err != nil {
			t.Fatal(err)
		}
		test(world.With(t.Context(), n.World(0)), n, b, p)
	})
}

// What is said of a connection that cannot be made is what happened, and where, without the
// words of the client that has ended, and without the password.
func TestWhyNotConnected(t *testing.T) {
	for name, c := range map[string]struct {
		prepare func(n *worldtest.Network, p *workload.Plan)
		cause   func(err error) bool
		text    string
	}{
		"refused": {
			func(n *worldtest.Network, _ *workload.Plan) { n.Down(true) },
			func(err error) bool { return err == worldtest.ErrRefused },
			"stomp: no broker reached: stomp://u:***@127.0.0.1:1: connection refused",
		},
		"not let in": {
			func(*worldtest.Network, *workload.Plan) {},
			func(err error) bool { _, ok := err.(*conn.ServerError); return ok },
			"broker says",
		},
		"no answer": {
			func(n *worldtest.Network, p *workload.Plan) {
				ln, _ := n.Listen("127.0.0.1:9")
				go func() {
					nc, err := ln.Accept()
					_ = ln.Close()
					if err == nil {
						time.Sleep(time.Hour)
						_ = nc.Close()
					}
				}()
				p.Broker, _ = uri.Parse("127.0.0.1:9")
			},
			func(err error) bool { var ne net.Error; return errors.As(err, &ne) && ne.Timeout() },
			"no CONNECTED in time",
		},
	} {
		t.Run(name, func(t *testing.T) {
			virtual(t, broker.Config{Users: map[string]string{"other": "x"}}, func(ctx context.Context, n *worldtest.Network, _ *broker.Broker, p *workload.Plan) {
				c.prepare(n, p)
				_, err := transport.Reach(ctx, p, 0, p.Broker, conn.Config{})
				var why *transport.ConnectError
				if !errors.As(err, &why) || !c.cause(why.Unwrap()) || errors.Is(err, net.ErrClosed) ||
					!strings.Contains(err.Error(), c.text) || strings.Contains(err.Error(), "s3cret") {
					t.Errorf("%v, because of %#v", err, errors.Unwrap(err))
				}
				time.Sleep(2 * time.Hour)
			})
		})
	}
}

// A session tells of its end, and of an ERROR that answers nothing though it goes on.
func TestSessionFails(t *testing.T) {
	virtual(t, broker.Config{}, func(ctx context.Context, n *worldtest.Network, b *broker.Broker, p *workload.Plan) {
		d, err := transport.NewSTOMP(ctx, p)
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		var failed atomic.Pointer[error]
		s, err := d.Dial(ctx, transport.Connection{}, func(err error) { failed.Store(&err) })
		if err != nil {
			t.Fatal(err)
		}
		if failed.Load() != nil {
			t.Error(*failed.Load())
		}
		if a := s.Agreed(); a.Version != frame.Version12 || !strings.HasPrefix(a.Headers.Get("server"), "stompwire") || a.Dialect.Name != "stompwire" {
			t.Errorf("%+v", a)
		}
		sender, err := s.NewSender(conn.ProducerConfig{Destination: "/queue/*", Window: -1}, 1, 0) // which the broker refuses
		if err != nil {
			t.Fatal(err)
		}
		if _, err := sender.Send(ctx, []byte("x")); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		var refusal *conn.ServerError
		if err := failed.Load(); err == nil || !errors.As(*err, &refusal) {
			t.Errorf("%v", err)
		}
		_ = s.Close()
	})
}

// A refusal of the connection is the result of Dial, and no failure of a session.
func TestRefusedSessionDoesNotFail(t *testing.T) {
	virtual(t, broker.Config{Users: map[string]string{"other": "x"}}, func(ctx context.Context, _ *worldtest.Network, _ *broker.Broker, p *workload.Plan) {
		d, err := transport.NewSTOMP(ctx, p)
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		_, err = d.Dial(ctx, transport.Connection{}, func(err error) { t.Errorf("told of %v", err) })
		var refusal *conn.ServerError
		if !errors.As(err, &refusal) {
			t.Error(err)
		}
	})
}
