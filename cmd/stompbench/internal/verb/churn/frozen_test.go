package churn_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stompwire/stompwire/broker"
	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/frame"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/verb/churn"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/workload"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/worldtest"
)

// frozen runs a churn of 100/s for 8 s in virtual time, against a broker that answers no frame of the
// given kind from 3 s on, until it is thawed.
func frozen(t *testing.T, at frame.Command, thaw time.Duration, change func(cfg *churn.Config), check func(t *testing.T, r *churn.Report)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		n := &worldtest.Network{Slow: time.Millisecond}
		b, err := n.Broker(broker.Config{ConnectTimeout: time.Hour})
		if err != nil {
			t.Fatal(err)
		}
		defer b.Close()
		began := time.Now()
		b.Inject(func(_ uint64, f *frame.Frame) broker.Fault {
			if since := time.Since(began); f.Command == at && since > 3*time.Second && since < thaw {
				time.Sleep(thaw - since)
			}
			return broker.Fault{}
		})
		cfg := churn.Config{
			Dial: func(ctx context.Context) (*conn.Client, error) {
				return conn.Dial(ctx, b.Addr().String(), &conn.Config{OneConnection: true, NoReconnect: true, Attempts: 1, DialFunc: n.Dial, ConnectTimeout: time.Hour, ReceiptTimeout: time.Hour})
			},
			Plan: &workload.Plan{PublishTo: "/queue/churn", Rate: 100, Duration: 8 * time.Second, ConnectTimeout: 10 * time.Second},
			Open: 16, Subscriptions: 1,
		}
		change(&cfg)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		if cfg.Duration == time.Hour {
			time.AfterFunc(6*time.Second, cancel)
		}
		check(t, churn.Run(ctx, cfg))
	})
}

// Connections that were due while the broker stood still are in the books and in the latencies,
// whether it comes back or not, and the rates are those of the planned time.
func TestFrozenBrokerIsInTheReport(t *testing.T) {
	for name, c := range map[string]struct {
		at           frame.Command
		thaw         time.Duration
		opened       uint64 // about
		failed, code uint64
	}{
		"for good":            {frame.CmdConnect, time.Hour, 300, 16, 1},
		"until after the end": {frame.CmdConnect, 8300 * time.Millisecond, 316, 0, 5},
		"for a while":         {frame.CmdConnect, 5 * time.Second, 800, 0, 0},
		"at the end of each":  {frame.CmdDisconnect, time.Hour, 316, 16, 1},
	} {
		t.Run(name, func(t *testing.T) {
			frozen(t, c.at, c.thaw, func(*churn.Config) {}, func(t *testing.T, r *churn.Report) {
				code, why := r.Code(0.01)
				if code != int(c.code) || (code == 5) != (why != "") || r.Failed != c.failed || r.Opened < c.opened-2 || r.Opened > c.opened+2 {
					t.Errorf("exit %d, %q: %+v", code, why, r)
				}
				connect, due := r.Latency["connect"], r.Latency["connect_from_due"]
				if due.Count != 800 || due.Censored != 800-r.Opened {
					t.Errorf("from due counts %d, %d of them at least, of 800", due.Count, due.Censored)
				}
				if due.Censored > 0 && due.P90 < int64(3*time.Second) {
					t.Errorf("p90 from due is %v, though the broker stood still for 5 s of 8", time.Duration(due.P90))
				}
				if c.at == frame.CmdConnect && connect.Censored != r.Failed || c.at == frame.CmdDisconnect && r.Latency["disconnect"].Censored != r.Failed {
					t.Errorf("%+v", r.Latency)
				}
				if planned := float64(r.Opened) / 8; r.OpenedPerS > planned*1.01 || r.OpenedPerS < planned*0.9 {
					t.Errorf("%.1f opened a second, want %.1f", r.OpenedPerS, planned)
				}
			})
		})
	}
}

// An interruption ends a run whose broker answers nothing, in every step, within a second.
func TestInterruptedWhileFrozen(t *testing.T) {
	for _, at := range []frame.Command{frame.CmdConnect, frame.CmdSubscribe, frame.CmdUnsubscribe, frame.CmdDisconnect} {
		t.Run(at.String(), func(t *testing.T) {
			var began time.Time
			frozen(t, at, 24*time.Hour, func(cfg *churn.Config) {
				began = time.Now()
				cfg.Duration, cfg.ConnectTimeout = time.Hour, time.Hour
			}, func(t *testing.T, r *churn.Report) {
				if took := time.Since(began); took > 7*time.Second || !r.Partial || r.Failed != 0 || r.Unopened < 250 {
					t.Errorf("after %v: %+v", took, r)
				}
				if due := r.Latency["connect_from_due"]; due.Max > int64(4*time.Second) || due.Max < int64(2*time.Second) || due.Count < 590 || due.Count > 610 {
					t.Errorf("from due %+v, of 6 s of which 3 were silent", due)
				}
			})
		})
	}
}
