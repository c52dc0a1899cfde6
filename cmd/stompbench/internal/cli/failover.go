package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/spf13/pflag"

	"github.com/stompwire/stompwire/broker"
	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/conn/dialect"
	"github.com/stompwire/stompwire/frame"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/failover"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/flags"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/load"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/report"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/transport"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/verb"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/workload"
)

// drill is the values of the flags of failover.
type drill struct {
	*flags.Load
	command string
	after   time.Duration
	down    time.Duration
}

func newFailoverFlags() (*pflag.FlagSet, *drill) {
	common, all := flags.NewLoad()
	s := &drill{Load: common, after: 5 * time.Second, down: time.Second}
	s.Plan.Rate, s.Plan.Duration, s.Plan.Ack = 1000, 20*time.Second, frame.AckClientIndividual
	f := newFlagSet("failover")
	all.Lookup("uri").Usage = "the broker, as for run; several with commas between are tried in that order"
	borrow(f, all, "uri")
	add := flags.New(f).Add
	add("rate,r", "1k", "messages a second", flags.Rate(&s.Plan.Rate))
	add("duration,z", "20s", "how long to send; without a unit, seconds", flags.Time(&s.Plan.Duration, 0, flags.MaxTime))
	add("restart-after", "5s", "when to restart the broker", flags.Time(&s.after, 0, flags.MaxTime))
	add("restart-cmd", "", "shell command that restarts the broker; without it, restart the broker yourself", flags.Text(&s.command, "CMD"))
	add("down", "1s", "how long the embedded broker stays away", flags.Time(&s.down, 0, time.Hour))
	borrow(f, all, "size", "confirm", "publish-to", "consume-from", "header", "persistent")
	add("ack", "client-individual", "auto, client or client-individual", flags.Ack(&s.Plan.Ack))
	borrow(f, all, "broker", "stomp", "connect-timeout")
	borrow(f, all, flags.TLS...)
	borrow(f, all, "drain-timeout", "dry-run", "json", "quiet")
	return f, s
}

func (s *drill) complete(f *pflag.FlagSet) (notes []string, err error) {
	switch {
	case s.Plan.Window == 0:
		return nil, usage("--confirm 0 asks for no receipts, and without them the client cannot know what to send again: raise it")
	case s.Plan.Rate <= 0 || s.Plan.Rate > 1e6:
		return nil, usage("--rate is from above 0 to 1M messages a second")
	case s.Plan.Duration <= 0:
		return nil, usage("--duration must be above 0")
	case s.after < 0 || s.after >= s.Plan.Duration:
		return nil, usage("--restart-after must be within --duration, which is %s", report.Elapsed(s.Plan.Duration))
	case s.down < 0 || s.down > time.Hour:
		return nil, usage("--down is %v: choose from 0 to 1h", s.down)
	case s.command != "" && !f.Changed("uri"):
		return nil, usage("--restart-cmd needs the --uri of the broker that it restarts; the embedded one is restarted as it is")
	}
	return s.Load.Complete(f)
}

// failover is the verb failover.
func (c *command) failover(ctx context.Context, args []string) int {
	f, s := newFailoverFlags()
	notes, code, done := c.planOf(f, args, s.complete)
	if done {
		return code
	}
	if s.DryRun {
		return c.tellDrillPlan(s, notes)
	}
	own, err := verb.Embed(ctx, &s.Plan)
	if err != nil {
		return c.fail(err)
	}
	home := &restartable{b: own}
	defer home.close()
	progress := c.progress(s.Quiet)
	restart, how := s.restart(home, progress)
	fmt.Fprintf(progress, "  broker    %s\n  messages  %s\n  restart   %s\n\n", verb.BrokerName(&s.Plan, load.Ready{}), s.load(), how)
	fields, more := s.headers()
	r, err := failover.Run(ctx, failover.Config{
		New: func(cfg *conn.Config) (*conn.Client, error) {
			return transport.New(ctx, &s.Plan, 0, s.Plan.Broker, cfg)
		},
		PublishTo: s.Plan.PublishTo, ConsumeFrom: s.Plan.ConsumeFrom, Fields: fields, Append: more, Ack: s.Plan.Ack,
		Rate: s.Plan.Rate, Duration: s.Plan.Duration, Size: s.Plan.Size, Window: s.Plan.Window,
		Restart: restart, RestartAfter: s.after,
		ConnectTimeout: s.Plan.ConnectTimeout, DrainTimeout: s.Plan.DrainTimeout,
		OnEvent: func(e failover.Event) { fmt.Fprint(progress, eventLine(e)) },
	})
	switch {
	case err != nil && ctx.Err() != nil:
		return verb.ExitInterrupted
	case err != nil:
		return c.fail(&load.SetupError{Doing: "connect", Err: err})
	}
	return c.tellFailover(s, r)
}

// load describes what is sent.
func (s *drill) load() string {
	return fmt.Sprintf("%s/s for %s, %s", report.PerSecond(s.Plan.Rate), report.Elapsed(s.Plan.Duration), verb.Messages(&s.Plan))
}

// headers returns the headers of the messages and of the subscription: the user's, and those that
// the connected broker uses for persistence, queues and topics.
func (s *drill) headers() (fields func(dialect.Dialect) (send, subscribe []frame.Field), more func([]frame.Field, uint64) []frame.Field) {
	var same []frame.Field
	type template struct {
		name  string
		value workload.Template
	}
	var differing []template
	for _, h := range s.Plan.Headers {
		t := workload.NewTemplate(h.Value, 0)
		if value, ok := t.Constant(); ok {
			same = append(same, frame.Field{Name: h.Name, Value: value})
		} else {
			differing = append(differing, template{h.Name, t})
		}
	}
	fields = func(d dialect.Dialect) (send, subscribe []frame.Field) {
		return append(slices.Clone(same), s.Plan.SendFields(d)...), s.Plan.SubscribeFields(d)
	}
	if len(differing) == 0 {
		return fields, nil
	}
	return fields, func(h []frame.Field, n uint64) []frame.Field {
		for _, t := range differing {
			h = append(h, frame.Field{Name: t.name, Value: string(t.value.Append(nil, n))})
		}
		return h
	}
}

// restart returns a function that restarts the broker, nil if the user restarts it, and a
// description.
func (s *drill) restart(home *restartable, progress io.Writer) (f func(context.Context) error, how string) {
	switch {
	case s.Plan.Embedded:
		return func(ctx context.Context) error { return home.restart(ctx, s.down) },
			fmt.Sprintf("of the embedded broker after %s, for %s; it keeps nothing", report.Elapsed(s.after), report.Elapsed(s.down))
	case s.command != "":
		return func(ctx context.Context) error { return runShell(ctx, s.command, progress) },
			fmt.Sprintf("by %q after %s", s.command, report.Elapsed(s.after))
	}
	return nil, "yours to do, now"
}

// restartable is the embedded broker. Each restart makes a new one.
type restartable struct {
	mu sync.Mutex
	b  *broker.Broker
}

func (r *restartable) restart(ctx context.Context, down time.Duration) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	addr := r.b.Addr().String()
	if err := r.b.Close(); err != nil {
		return err
	}
	select {
	case <-time.After(down):
	case <-ctx.Done():
		return ctx.Err()
	}
	b, err := failover.StartAgain(ctx, func() (*broker.Broker, error) { return verb.StartBroker(ctx, addr) })
	if err == nil {
		r.b = b
	}
	return err
}

func (r *restartable) close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	verb.CloseOwn(r.b)
}

// shellGrace is how long a command may still run when the drill is over.
const shellGrace = 10 * time.Second

// runShell runs a command of the user's, in the user's shell.
func runShell(ctx context.Context, command string, output io.Writer) error {
	shell, flag := "sh", "-c"
	if runtime.GOOS == "windows" {
		shell, flag = "cmd", "/c"
	}
	cmd := exec.CommandContext(ctx, shell, flag, command)
	cmd.Stdout, cmd.Stderr = output, output
	cmd.WaitDelay = shellGrace
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%q: %w", command, err)
	}
	return nil
}

func eventLine(e failover.Event) string {
	return fmt.Sprintf("%8.2fs  %-10s  %s\n", e.At.Seconds(), e.Lane, verb.OneLine(e.What))
}

// failoverReport is the JSON form.
type failoverReport struct {
	Schema   int           `json:"schema"`
	Tool     string        `json:"tool"`
	Version  string        `json:"version"`
	Partial  bool          `json:"partial"`
	Failure  string        `json:"failure,omitempty"`
	ExitCode int           `json:"exit_code"`
	Broker   report.Broker `json:"broker"`

	Sent          uint64 `json:"sent"`
	Confirmed     uint64 `json:"confirmed"`
	Rejected      uint64 `json:"rejected"`
	Unknown       uint64 `json:"unknown"`
	Unsent        uint64 `json:"unsent"`
	Received      uint64 `json:"received"`
	Lost          uint64 `json:"lost"`
	ConfirmedLost uint64 `json:"confirmed_lost"`
	Repeated      uint64 `json:"repeated"`   // marked: redelivered, or as possible duplicates
	Duplicated    uint64 `json:"duplicated"` // without a mark
	Corrupt       uint64 `json:"corrupt"`
	Foreign       uint64 `json:"foreign"`
	AtRisk        uint64 `json:"at_risk"`

	Outages []failover.Outage              `json:"outages"`
	Events  []failover.Event               `json:"events"`
	SliceNs int64                          `json:"slice_ns"`
	Slices  []failover.Slice               `json:"slices"`
	Latency map[string]report.Distribution `json:"latency_ns"`
}

var errNoOutage = errors.New("no connection was lost in the time: nothing was tested; restart the broker while it runs, or give --restart-cmd")

func failureOf(r *failover.Result) error {
	switch {
	case r.Failure != nil:
		return r.Failure
	case r.RestartFailure != nil:
		return fmt.Errorf("the restart failed: %w", r.RestartFailure)
	case len(r.Outages) == 0 && !r.Interrupted:
		return errNoOutage
	}
	for _, o := range r.Outages {
		if o.Connected == 0 && !r.Interrupted {
			return fmt.Errorf("the %s was lost and never connected again", o.Lane)
		}
	}
	return nil
}

func (c *command) tellFailover(s *drill, r *failover.Result) int {
	rep := failoverReport{
		Schema: 1, Tool: "stompbench failover", Version: verb.Version(), Partial: r.Interrupted,
		Broker: report.Broker{URI: s.Plan.Broker.String(), Embedded: s.Plan.Embedded, Server: r.Server, STOMP: r.Version},
		Sent:   r.Sent, Confirmed: r.Confirmed, Rejected: r.Rejected, Unknown: r.Unknown, Unsent: r.Unsent,
		Received: r.Received, Lost: r.Lost, ConfirmedLost: r.ConfirmedLost, Repeated: r.Repeated, Duplicated: r.Duplicated,
		Corrupt: r.Corrupt, Foreign: r.Foreign, AtRisk: r.AtRisk,
		Outages: r.Outages, Events: r.Events, SliceNs: int64(failover.SliceLength), Slices: r.Slices,
		Latency: map[string]report.Distribution{"from_due": report.DistributionOf(r.FromDue), "confirm": report.DistributionOf(r.Confirm)},
	}
	failure := failureOf(r)
	switch {
	case failure != nil:
		rep.ExitCode, rep.Failure = verb.ExitCannotRun, verb.Broke(failure)
	case r.Lost+r.Duplicated+r.Corrupt > 0:
		rep.ExitCode = verb.ExitIntegrity
	case r.Interrupted:
		rep.ExitCode = verb.ExitInterrupted
	}
	var err error
	if s.JSON {
		err = report.WriteObject(c.stdout, rep)
	} else {
		_, err = io.WriteString(c.stdout, rep.text(report.Style{Color: verb.ScreenOf(c.stdout).Color}))
	}
	if err != nil {
		return c.fail(fmt.Errorf("cannot write the result: %w", err))
	}
	if failure != nil {
		return c.fail(failure)
	}
	return rep.ExitCode
}

func (rep *failoverReport) text(report.Style) string {
	var b strings.Builder
	if rep.Partial {
		b.WriteString("PARTIAL RESULT: interrupted\n")
	}
	fmt.Fprintf(&b, "\n  messages    sent %s   confirmed %s   received %s\n", report.Count(rep.Sent), report.Count(rep.Confirmed), report.Count(rep.Received))
	fmt.Fprintf(&b, "  books       lost %s (%s of them confirmed)   repeated with notice %s   duplicated %s   corrupt %s\n",
		report.Count(rep.Lost), report.Count(rep.ConfirmedLost), report.Count(rep.Repeated), report.Count(rep.Duplicated), report.Count(rep.Corrupt))
	for _, extra := range []struct {
		n    uint64
		what string
	}{
		{rep.Unknown, "sent without ever an outcome"}, {rep.Rejected, "rejected by the broker"},
		{rep.Unsent, "due and not sent"}, {rep.Foreign, "received that were not of this run"},
	} {
		if extra.n > 0 {
			fmt.Fprintf(&b, "              %s %s\n", report.Count(extra.n), extra.what)
		}
	}
	fmt.Fprintf(&b, "  at risk     %s were sent and not confirmed when the connection was lost\n", report.Count(rep.AtRisk))
	ever := func(d time.Duration) string {
		if d == 0 {
			return "never"
		}
		return report.Duration(d)
	}
	for _, o := range rep.Outages {
		first := "first confirmation"
		if o.Lane == "consumer" {
			first = "first message"
		}
		fmt.Fprintf(&b, "  %-10s  lost at %.2f s (%s); to the next connection %s, to the %s %s", o.Lane, o.At.Seconds(), verb.OneLine(o.Cause), ever(o.Connected), first, ever(o.First))
		if o.Lane == "consumer" {
			fmt.Fprintf(&b, ", to messages on time %s", ever(o.OnTime))
		}
		b.WriteByte('\n')
	}
	for _, name := range []string{"from_due", "confirm"} {
		if d := rep.Latency[name]; d.Count > 0 {
			label := map[string]string{"from_due": "from due", "confirm": "to receipt"}[name]
			fmt.Fprintf(&b, "  %-10s  p50 %s   p99 %s   max %s\n", label, report.Duration(time.Duration(d.P50)), report.Duration(time.Duration(d.P99)), report.Duration(time.Duration(d.Max)))
		}
	}
	b.WriteString(rep.timeline())
	return b.String()
}

// The number of cells in a row of the timeline.
const timelineCells = 60

// marks stand for nothing, up to a quarter, half, three quarters of the maximum, and more.
const marks = " .:+#"

// timeline draws what was sent, confirmed and received over time.
func (rep *failoverReport) timeline() string {
	if len(rep.Slices) == 0 {
		return ""
	}
	per := (len(rep.Slices) + timelineCells - 1) / timelineCells
	cells := (len(rep.Slices) + per - 1) / per
	sums := make([]failover.Slice, cells)
	var most uint32
	for i, s := range rep.Slices {
		c := &sums[i/per]
		c.Sent, c.Confirmed, c.Received = c.Sent+s.Sent, c.Confirmed+s.Confirmed, c.Received+s.Received
		most = max(most, c.Sent, c.Confirmed, c.Received)
	}
	var b strings.Builder
	length := failover.SliceLength * time.Duration(per)
	fmt.Fprintf(&b, "\n  timeline    a column is %s, # is up to %s/s\n", report.Elapsed(length), report.PerSecond(float64(most)/length.Seconds()))
	for _, row := range []struct {
		name string
		of   func(failover.Slice) uint32
	}{
		{"sent", func(s failover.Slice) uint32 { return s.Sent }},
		{"confirmed", func(s failover.Slice) uint32 { return s.Confirmed }},
		{"received", func(s failover.Slice) uint32 { return s.Received }},
	} {
		fmt.Fprintf(&b, "  %-10s |", row.name)
		for _, s := range sums {
			b.WriteByte(mark(row.of(s), most))
		}
		b.WriteString("|\n")
	}
	return b.String()
}

func mark(n, most uint32) byte {
	if n == 0 {
		return marks[0]
	}
	return marks[1+min(3, uint64(n)*4/uint64(max(most, 1)))]
}
