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

	"github.com/stompwire/stompwire/cmd/stompbench/internal/flags"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/load"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/report"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/transport"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/verb"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/verb/churn"
)

// churned is the values of the flags of churn.
type churned struct {
	*flags.Load
	open, subscriptions int
	hold                time.Duration
	half                churn.HalfOpen
}

func newChurnFlags() (*pflag.FlagSet, *churned) {
	common, all := flags.NewLoad()
	s := &churned{Load: common, open: 16, subscriptions: 1}
	s.Plan.Consumers = 0 // churn receives nothing
	f := newFlagSet("churn")
	borrow(f, all, "uri")
	add := flags.New(f).Add
	add("rate,r", "", "connections to open a second; without it, as fast as possible", flags.Rate(&s.Plan.Rate))
	add("open,x", "16", "connections that are open at a time, at most", flags.Int(&s.open, 1, 100_000))
	add("subscriptions,y", "1", "times that each connection subscribes and unsubscribes", flags.Int(&s.subscriptions, 0, 1_000_000))
	add("hold", "0", "how long to stay connected before leaving", flags.Time(&s.hold, 0, 24*time.Hour))
	add("duration,z", "10s", "how long to open connections; without a unit, seconds", flags.Time(&s.Plan.Duration, 0, flags.MaxTime))
	add("count,C", "", "open this many connections in all, however long it takes; k, M", flags.Count(&s.Plan.Count, 1))
	add("consume-from,T", defaultDestination, "destination to subscribe to; %d in it becomes the number of the subscription", flags.Text(&s.Plan.PublishTo, "DEST"))
	s.addHalfFlags(add)
	all.Lookup("heart-beat").Usage = "heart-beats to offer and to ask for; half-open connections promise them as well, and send none; 0 for none"
	all.Lookup("broker").Usage = "whose habits to reckon with: rabbitmq, activemq or artemis; auto goes by what the broker says of itself"
	borrow(f, all, "ack", "broker", "stomp", "heart-beat", "source-address", "connect-timeout")
	borrow(f, all, flags.TLS...)
	borrow(f, all, "dry-run", "json", "quiet")
	return f, s
}

func (s *churned) complete(f *pflag.FlagSet) (notes []string, err error) {
	if notes, err = s.Load.Complete(f); err != nil {
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
	if s.DryRun {
		return c.tellChurnPlan(s, notes)
	}
	own, err := verb.Embed(ctx, &s.Plan)
	if err != nil {
		return c.fail(err)
	}
	defer verb.CloseOwn(own)
	// Connections with little traffic share event loops, as in a run.
	loops, err := transport.Loops(ctx)
	if err != nil {
		return c.fail(&load.SetupError{Doing: "start an event loop", Err: err})
	}
	defer loops.Close()
	progress := c.progress(s.Quiet)
	fmt.Fprintf(progress, "  broker       %s\n  connections  %s\n", verb.BrokerName(&s.Plan, load.Ready{}), s.connections())
	if s.half.Share > 0 {
		fmt.Fprintf(progress, "  half-open    %s\n", s.tellHalf())
	}
	fmt.Fprint(progress, "\n    time connected subscribed      left   failed     open half-open\n")
	var dials, halves atomic.Int64
	s.half.Dialect = s.Plan.Kind.Dialect()
	s.half.Reach = func(ctx context.Context, stage churn.Stage) (net.Conn, []byte, error) {
		return churn.Reach(ctx, &s.Plan, int(halves.Add(1)-1), stage)
	}
	r := churn.Run(ctx, churn.Config{
		Dial: func(ctx context.Context) (*conn.Client, error) {
			n := int(dials.Add(1) - 1)
			return transport.Reach(ctx, &s.Plan, n, s.Plan.Broker.At(n), &conn.Config{
				Driver: loops, ReceiptTimeout: s.Plan.ConnectTimeout,
				HeartBeat: frame.HeartBeat{Send: s.Plan.HeartBeat, Receive: s.Plan.HeartBeat},
			})
		},
		Destination: func(n int) string { return strings.ReplaceAll(s.Plan.PublishTo, "%d", fmt.Sprint(n)) },
		Ack:         s.Plan.Ack, Fields: s.Plan.SubscribeFields,
		Rate: s.Plan.Rate, Open: s.open, Duration: s.Plan.Duration, Count: s.Plan.Count,
		Subscriptions: s.subscriptions, Hold: s.hold, Timeout: s.Plan.ConnectTimeout, HalfOpen: s.half,
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
	if s.Plan.Rate > 0 {
		pace = report.PerSecond(s.Plan.Rate) + "/s"
	}
	text := fmt.Sprintf("%s, at most %s open, %s each", pace, report.Count(uint64(s.open)), report.Plural(s.subscriptions, "subscription"))
	if s.hold > 0 {
		text += ", held for " + report.Elapsed(s.hold)
	}
	return text
}

// tellChurn writes the result and returns the exit code.
func (c *command) tellChurn(s *churned, r *churn.Report) int {
	r.Version, r.Broker.URI, r.Broker.Embedded = verb.Version(), s.Plan.Broker.String(), s.Plan.Embedded
	var why string
	r.ExitCode, why = r.Code(0.01)
	var err error
	if s.JSON {
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
