package verb

import (
	"fmt"
	"strings"

	"github.com/stompwire/stompwire/conn/dialect"
	"github.com/stompwire/stompwire/frame"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/load"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/report"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/workload"
)

// Rows is lines of label and text.
type Rows struct{ strings.Builder }

// Add adds a line.
func (r *Rows) Add(label, format string, args ...any) {
	fmt.Fprintf(r, "  %-10s  %s\n", label, fmt.Sprintf(format, args...))
}

// Banner describes the run before it starts, in normalised values.
func Banner(p *workload.Plan, ready load.Ready, notes []string) string {
	var r Rows
	r.Add("broker", "%s, STOMP %s", BrokerName(p, ready), ready.Version)
	r.Plan(p, notes)
	r.WriteByte('\n')
	return r.String()
}

// Plan writes the parts of a plan that are independent of the broker.
func (r *Rows) Plan(p *workload.Plan, notes []string) {
	if p.Producers > 0 {
		r.Add("producers", "%d to %s, %s, %s", p.Producers, destinations(p, p.PublishTo, p.PublishTargets()), Receipts(p), pace(p))
		r.Add("messages", "%s", Messages(p))
	}
	if p.Consumers > 0 {
		r.Add("consumers", "%d of %s, %s, %s", p.Consumers, destinations(p, p.ConsumeFrom, p.ConsumeTargets()), acks(p), sharing(p))
	}
	if p.Connections() != p.Producers+p.Consumers || p.ConnectRate > 0 || len(p.Sources) > 0 {
		r.Add("connect", "%s", connections(p))
	}
	r.Add("until", "%s", Until(p))
	for _, note := range notes {
		r.Add("note", "%s", note)
	}
}

func destinations(p *workload.Plan, name string, n int) string {
	if n == 1 {
		return name
	}
	return fmt.Sprintf("%s with %v", name, p.Destinations)
}

func sharing(p *workload.Plan) string {
	switch {
	case p.Delivery == workload.Each && p.Consumers > 1:
		return "each gets every message"
	case p.Consumers == 1:
		return "gets every message"
	case p.ConsumeTargets() > 1:
		return "sharing the destinations"
	}
	return "sharing the messages"
}

func acks(p *workload.Plan) string {
	text := "ack " + p.Ack.String()
	if p.AckEvery > 1 {
		text += fmt.Sprintf(" every %d", p.AckEvery)
	}
	if p.Nack > 0 {
		text += fmt.Sprintf(", NACK for %.3g%%", 100*p.Nack)
	}
	if p.Prefetch > 0 {
		text += fmt.Sprintf(", prefetch %d", p.Prefetch)
	}
	if p.ConsumerLatency > 0 {
		text += fmt.Sprintf(", %v for a message", p.ConsumerLatency)
		if p.SlowConsumers < 1 {
			text += fmt.Sprintf(" with %.3g%% of them", 100*p.SlowConsumers)
		}
	}
	return text
}

// Messages describes what is sent.
func Messages(p *workload.Plan) string {
	text := report.Size(float64(p.Size))
	if !p.Sizes.Fixed() {
		text += " on average, " + report.Size(float64(p.Sizes.Min())) + " to " + report.Size(float64(p.Sizes.Max()))
	}
	if p.Payload.Kind != workload.Random {
		text += " of " + p.Payload.String()
	}
	if p.Persistent {
		text += ", persistent"
	}
	if len(p.Priorities) > 0 {
		text += ", priority " + p.Priorities.String()
	}
	if p.Expires > 0 {
		text += fmt.Sprintf(", expiring after %v", p.Expires)
	}
	text += headers(p.Headers)
	if p.Extra.Any() {
		text += ", and " + p.Extra.String()
	}
	return text
}

func connections(p *workload.Plan) string {
	text := fmt.Sprintf("%d for producers, %d for consumers", p.ProducerConnections, p.ConsumerConnections)
	if p.ConnectRate > 0 {
		text += ", " + report.PerSecond(p.ConnectRate) + "/s"
	}
	if len(p.Sources) > 0 {
		text += fmt.Sprintf(", from %d addresses", len(p.Sources))
	}
	return text
}

// BrokerName describes the broker, as far as it is known.
func BrokerName(p *workload.Plan, ready load.Ready) string {
	name := p.Broker.String()
	if p.Embedded {
		return "embedded in this process, at " + strings.TrimPrefix(name, "stomp://")
	}
	if ready.Server != "" {
		name += " (" + OneLine(ready.Server) + ")"
	}
	if p.Kind != dialect.Unknown {
		name += ", spoken to as " + p.Kind.String()
	}
	return name
}

// Receipts describes how sends are confirmed.
func Receipts(p *workload.Plan) string {
	each := ""
	if p.Producers > 1 {
		each = " each"
	}
	switch {
	case p.Transaction > 0:
		return fmt.Sprintf("transactions of %d", p.Transaction)
	case p.Window == 0:
		return "no receipts"
	case p.ReceiptEvery > 1:
		return fmt.Sprintf("a receipt for every %d messages in a window of %d%s", p.ReceiptEvery, p.Window, each)
	}
	return fmt.Sprintf("receipts in a window of %d%s", p.Window, each)
}

func pace(p *workload.Plan) string {
	switch {
	case p.FlatOut():
		return "flat out"
	case len(p.Profile) > 1 || p.Profile[0].From != p.Profile[0].To:
		return workload.FormatRate(p.Profile) + " messages/s in all"
	case p.Producers == 1:
		return report.PerSecond(p.Rate) + "/s"
	}
	return fmt.Sprintf("%s/s in all, %s/s each", report.PerSecond(p.Rate), report.PerSecond(p.Rate/float64(p.Producers)))
}

// headers lists the names of headers. Their values may be secrets and are stored nowhere.
func headers(fields []frame.Field) string {
	if len(fields) == 0 {
		return ""
	}
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = OneLine(f.Name)
	}
	return ", with " + strings.Join(names, ", ")
}

// Until describes when a run ends.
func Until(p *workload.Plan) string {
	var parts []string
	if p.Shared() && p.Producers == 0 {
		return fmt.Sprintf("nothing has come for %s, or no message at all within %s", report.Elapsed(p.DrainTimeout), report.Elapsed(p.Await))
	}
	if p.Duration > 0 {
		text := report.Elapsed(p.Duration)
		if p.Warmup > 0 {
			text += " after " + report.Elapsed(p.Warmup) + " of warm-up"
		}
		parts = append(parts, text+" have passed")
	}
	if p.Count > 0 {
		verb := "are sent"
		if p.Producers == 0 {
			verb = "have come"
		}
		parts = append(parts, fmt.Sprintf("%s messages %s", report.Count(p.Count), verb))
	}
	return strings.Join(parts, " or ")
}
