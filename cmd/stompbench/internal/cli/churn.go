package cli

import (
	"context"
	"fmt"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"time"

	"github.com/spf13/pflag"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/frame"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/load"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/report"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/transport"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/verb/churn"
)

// churned is the values of the flags of churn.
type churned struct {
	*settings
	open, subscriptions int
	hold                time.Duration
	half                churn.HalfOpen
}

func newChurnFlags() (*pflag.FlagSet, *churned) {
	all, common := newFlags()
	s := &churned{settings: common, open: 16, subscriptions: 1}
	s.plan.Consumers = 0 // churn receives nothing
	f := newFlagSet("churn")
	borrow(f, all, "uri")
	add := func(name, letter, kind, text, help string, v *value) {
		v.kind, v.text = kind, text
		f.VarP(v, name, letter, help)
	}
	add("rate", "r", "RATE", "", "connections to open a second; without it, as fast as they come", parsed(&s.plan.Rate, parseRate))
	add("open", "x", "N", "16", "connections that are open at a time, at most", parsed(&s.open, parseInt))
	add("subscriptions", "y", "N", "1", "times that each connection subscribes and unsubscribes", parsed(&s.subscriptions, parseInt))
	add("hold", "", "TIME", "0", "how long to stay connected before leaving", parsed(&s.hold, parseDuration))
	add("duration", "z", "TIME", "10s", "how long to open connections; without a unit, seconds", parsed(&s.plan.Duration, parseDuration))
	add("count", "C", "N", "", "open this many connections in all, however long it takes; k, M", parsed(&s.plan.Count, parseCount))
	add("consume-from", "T", "DEST", defaultDestination, "destination to subscribe to; %d in it becomes the number of the subscription", parsed(&s.plan.PublishTo, asIs))
	s.addHalfFlags(add)
	all.Lookup("heart-beat").Usage = "heart-beats to offer and to ask for; half-open connections promise them as well, and send none; 0 for none"
	all.Lookup("broker").Usage = "whose habits to reckon with: rabbitmq, activemq or artemis; auto goes by what the broker says of itself"
	borrow(f, all, "ack", "broker", "stomp", "heart-beat", "source-address", "connect-timeout")
	borrow(f, all, tlsFlags...)
	borrow(f, all, "dry-run", "json", "quiet")
	return f, s
}

func (s *churned) complete(f *pflag.FlagSet) (notes []string, err error) {
	switch {
	case f.Changed("rate") && s.plan.Rate <= 0:
		return nil, usage("--rate 0 opens nothing: leave it out, or raise it")
	case s.open < 1 || s.open > 100_000:
		return nil, usage("--open is %d: choose from 1 to 100000", s.open)
	case s.subscriptions < 0 || s.subscriptions > 1_000_000:
		return nil, usage("--subscriptions is %d: choose from 0 to 1000000", s.subscriptions)
	case s.hold < 0 || s.hold > 24*time.Hour:
		return nil, usage("--hold is %v: choose from 0 to 24h", s.hold)
	}
	if notes, err = s.settings.complete(f); err != nil {
		return nil, err
	}
	return notes, s.checkHalf(f)
}

// churn is the verb churn.
func (c *command) churn(ctx context.Context, args []string) int {
	f, s := newChurnFlags()
	notes, code, done := c.planOf(f, args, s.complete)
	if done {
		return code
	}
	if s.dryRun {
		return c.tellChurnPlan(s, notes)
	}
	own, err := embed(ctx, &s.plan)
	if err != nil {
		return c.fail(err)
	}
	defer closeOwn(own)
	// Connections with little traffic share event loops, as in a run.
	loops, err := transport.Loops(ctx)
	if err != nil {
		return c.fail(&load.SetupError{Doing: "start an event loop", Err: err})
	}
	defer loops.Close()
	progress := c.progress(s.quiet)
	fmt.Fprintf(progress, "  broker       %s\n  connections  %s\n", brokerName(&s.plan, load.Ready{}), s.connections())
	if s.half.Share > 0 {
		fmt.Fprintf(progress, "  half-open    %s\n", s.tellHalf())
	}
	fmt.Fprint(progress, "\n    time connected subscribed      left   failed     open half-open\n")
	var dials, halves atomic.Int64
	s.half.Dialect = s.plan.Kind.Dialect()
	s.half.Reach = func(ctx context.Context, stage churn.Stage) (net.Conn, []byte, error) {
		return churn.Reach(ctx, &s.plan, int(halves.Add(1)-1), stage)
	}
	r := churn.Run(ctx, churn.Config{
		Dial: func(ctx context.Context) (*conn.Client, error) {
			n := int(dials.Add(1) - 1)
			return transport.Reach(ctx, &s.plan, n, s.plan.Broker.At(n), &conn.Config{
				Driver: loops, ReceiptTimeout: s.plan.ConnectTimeout,
				HeartBeat: frame.HeartBeat{Send: s.plan.HeartBeat, Receive: s.plan.HeartBeat},
			})
		},
		Destination: func(n int) string { return strings.ReplaceAll(s.plan.PublishTo, "%d", fmt.Sprint(n)) },
		Ack:         s.plan.Ack, Fields: s.plan.SubscribeFields,
		Rate: s.plan.Rate, Open: s.open, Duration: s.plan.Duration, Count: s.plan.Count,
		Subscriptions: s.subscriptions, Hold: s.hold, Timeout: s.plan.ConnectTimeout, HalfOpen: s.half,
		OnSample: func(x churn.Sample) {
			fmt.Fprintf(progress, "%7.1fs %9s %10s %9s %8s %8d %9d\n", x.Elapsed.Seconds(), report.Count(x.Connected),
				report.Count(x.Subscribed), report.Count(x.Closed), report.Count(x.Failed), x.Open, x.HalfOpen)
		},
	})
	return c.tellChurn(s, r)
}

// connections describes how connections are opened.
func (s *churned) connections() string {
	pace := "as fast as they come"
	if s.plan.Rate > 0 {
		pace = report.PerSecond(s.plan.Rate) + "/s"
	}
	text := fmt.Sprintf("%s, at most %s open, %s each", pace, report.Count(uint64(s.open)), report.Plural(s.subscriptions, "subscription"))
	if s.hold > 0 {
		text += ", held for " + report.Elapsed(s.hold)
	}
	return text
}

// tellChurn writes the result and returns the exit code.
func (c *command) tellChurn(s *churned, r *churn.Report) int {
	r.Version, r.Broker.URI, r.Broker.Embedded = Version(), s.plan.Broker.String(), s.plan.Embedded
	var why string
	r.ExitCode, why = r.Code(0.01)
	var err error
	if s.json {
		err = report.WriteObject(c.stdout, r)
	} else {
		_, err = io.WriteString(c.stdout, r.Text())
	}
	if err != nil {
		return c.fail(fmt.Errorf("cannot write the result: %w", err))
	}
	if why != "" {
		fmt.Fprintln(c.stderr, "stompbench:", why)
	}
	return r.ExitCode
}
