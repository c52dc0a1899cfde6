package verb

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/flags"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/load"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/report"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/results"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/series"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/workload"
	"github.com/stompwire/stompwire/conn/dialect"
)

// Rows describes plans.
type Rows struct{ report.Rows }

// Notes adds notes on a plan.
func (r *Rows) Notes(notes []string) {
	for _, note := range notes {
		r.Add("note", "%s", note)
	}
}

// Banner describes a run that is connected, in normalised values.
func Banner(p *workload.Plan, ready *load.Ready, notes []string) string {
	var r Rows
	r.Broker(p, ready)
	r.Plan(p, notes)
	return r.String() + "\n"
}

// Planned describes a run before it is connected, and what it needs.
func (r *Rows) Planned(p *workload.Plan, notes []string) {
	r.Broker(p, nil)
	r.Plan(p, notes)
	r.Needs(p)
}

// Broker describes the broker, and what it said when connected; before that, ready is nil.
func (r *Rows) Broker(p *workload.Plan, ready *load.Ready) {
	ready = cmp.Or(ready, &load.Ready{})
	name := p.Broker.String()
	if p.Embedded {
		name = "embedded in this process" + when(name != "", ", at %s", strings.TrimPrefix(name, "stomp://"))
	} else {
		name += when(ready.Server != "", " (%s)", OneLine(ready.Server)) + when(p.Kind != dialect.Unknown, ", spoken to as %v", p.Kind)
	}
	r.Add("broker", "%s%s", name, when(ready.Version != "", ", STOMP %s", ready.Version))
}

// Needs describes the resources of this machine that a run takes before the first message.
func (r *Rows) Needs(p *workload.Plan) {
	n := load.NeedsOf(p)
	r.Add("needs", "%s, at least %s of memory, %s of it for bodies; with --out up to %s more for the seconds of the run",
		report.Plural(n.Files, "open file"), report.Size(float64(n.Memory)), report.Size(float64(p.BodiesMemory())), report.Size(series.MaxBytes))
}

// Plan describes the rest of a plan.
func (r *Rows) Plan(p *workload.Plan, notes []string) {
	if p.Producers > 0 {
		r.Add("producers", "%d to %s, %s, %s", p.Producers, destinations(p, p.PublishTo, p.PublishTargets()), Receipts(p), pace(p))
		r.Add("messages", "%s", Messages(p))
	}
	if p.Consumers > 0 {
		r.Add("consumers", "%d of %s, %s, %s", p.Consumers, destinations(p, p.ConsumeFrom, p.ConsumeTargets()), acks(p), sharing(p))
	}
	if p.Connections() != p.Producers+p.Consumers || p.ConnectRate > 0 || len(p.Sources) > 0 {
		r.Add("connect", "%d for producers, %d for consumers%s%s", p.ProducerConnections, p.ConsumerConnections,
			when(p.ConnectRate > 0, ", %s/s", report.PerSecond(p.ConnectRate)), when(len(p.Sources) > 0, ", from %d addresses", len(p.Sources)))
	}
	r.Add("until", "%s", Until(p))
	r.Notes(notes)
}

// when is a part of a sentence that is said only in some cases.
func when(said bool, format string, args ...any) string {
	if !said {
		return ""
	}
	return fmt.Sprintf(format, args...)
}

func destinations(p *workload.Plan, name string, targets workload.Targets) string {
	return name + when(targets.Len() != 1, " with %v", p.Destinations)
}

func sharing(p *workload.Plan) string {
	switch {
	case p.Consumers == 1:
		return "gets every message"
	case p.Delivery == workload.Each:
		return "each gets every message"
	case p.ConsumeTargets().Len() > 1:
		return "sharing the destinations"
	}
	return "sharing the messages"
}

func acks(p *workload.Plan) string {
	return "ack " + p.Ack.String() + when(p.AckEvery > 1, " every %d", p.AckEvery) + when(p.Nack > 0, ", NACK for %.3g%%", 100*p.Nack) +
		when(p.Prefetch > 0, ", prefetch %d", p.Prefetch) + when(p.ConsumerLatency > 0, ", %v for a message", p.ConsumerLatency) +
		when(p.ConsumerLatency > 0 && p.SlowConsumers < 1, " with %.3g%% of them", 100*p.SlowConsumers)
}

// Messages describes what is sent. Of headers it names only the names: values may be secrets.
func Messages(p *workload.Plan) string {
	names := make([]string, len(p.Headers))
	for i, f := range p.Headers {
		names[i] = OneLine(f.Name)
	}
	size := func(n int) string { return report.Size(float64(n)) }
	return size(p.Size) + when(!p.Sizes.Fixed(), " on average, %s to %s", size(p.Sizes.Min()), size(p.Sizes.Max())) +
		when(p.Payload.String() != "random", " of %v", p.Payload) + when(p.Persistent, ", persistent") +
		when(len(p.Priorities) > 0, ", priority %v", p.Priorities) + when(p.Expires > 0, ", expiring after %v", p.Expires) +
		when(len(names) > 0, ", with %s", strings.Join(names, ", ")) + when(p.Extra.Any(), ", and %v", &p.Extra)
}

// Receipts describes how sends are confirmed.
func Receipts(p *workload.Plan) string {
	switch {
	case p.Transaction > 0:
		return fmt.Sprintf("transactions of %d", p.Transaction)
	case p.Window == 0:
		return "no receipts"
	}
	return when(p.ReceiptEvery <= 1, "receipts") + when(p.ReceiptEvery > 1, "a receipt for every %d messages", p.ReceiptEvery) +
		fmt.Sprintf(" in a window of %d", p.Window) + when(p.Producers > 1, " each")
}

func pace(p *workload.Plan) string {
	switch {
	case p.FlatOut():
		return "flat out"
	case len(p.Profile) > 1 || p.Profile[0].From != p.Profile[0].To:
		return workload.FormatRate(p.Profile) + " messages/s in all"
	}
	return report.PerSecond(p.Rate) + "/s" + when(p.Producers > 1, " in all, %s/s each", report.PerSecond(p.Rate/float64(p.Producers)))
}

// Until describes when a run ends.
func Until(p *workload.Plan) string {
	if p.Shared() && p.Producers == 0 {
		return fmt.Sprintf("nothing has come for %s, or no message at all within %s", report.Elapsed(p.DrainTimeout), report.Elapsed(p.Await))
	}
	did := "are sent"
	if p.Producers == 0 {
		did = "have come"
	}
	return Ends(p, "messages "+did)
}

// Ends names the end of a plan: a time that has passed, or so many things that are done.
func Ends(p *workload.Plan, things string) string {
	return when(p.Duration > 0, "%s%s have passed", report.Elapsed(p.Duration), when(p.Warmup > 0, " after %s of warm-up", report.Elapsed(p.Warmup))) +
		when(p.Duration > 0 && p.Count > 0, " or ") + when(p.Count > 0, "%s %s", report.Count(p.Count), things)
}

// PlannedVerb is what --dry-run --json writes of all verbs.
type PlannedVerb struct {
	Broker   string   `json:"broker"` // without the password; "" for the embedded broker
	Embedded bool     `json:"embedded"`
	Dialect  string   `json:"broker_profile"` // "auto" goes by the broker's server header
	Notes    []string `json:"notes"`
}

// PlannedVerbOf describes the broker and the notes of a plan.
func PlannedVerbOf(p *workload.Plan, notes []string) PlannedVerb {
	return PlannedVerb{p.Broker.String(), p.Embedded, flags.Profile(p.Kind), append([]string{}, notes...)}
}

// PlannedRun is what --dry-run --json writes of a run.
type PlannedRun struct {
	PlannedVerb
	Connections int          `json:"connections"`
	Plan        results.Plan `json:"plan"`
}

// PlanOf describes a run.
func PlanOf(l *flags.Load, notes []string) PlannedRun {
	return PlannedRun{PlannedVerbOf(&l.Plan, notes), l.Plan.Connections(), results.PlanOf(&l.Plan)}
}
