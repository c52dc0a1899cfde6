package cli

import (
	"fmt"
	"strings"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/load"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/report"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/workload"
	"github.com/stompwire/stompwire/frame"
)

// banner says what will be done, in normalised values.
func banner(p *workload.Plan, ready load.Ready, notes []string) string {
	var b strings.Builder
	row := func(label, format string, args ...any) {
		fmt.Fprintf(&b, "  %-10s  %s\n", label, fmt.Sprintf(format, args...))
	}
	row("broker", "%s, STOMP %s", brokerName(p, ready), ready.Version)
	if p.Producers > 0 {
		row("producers", "%d to %s, %s, %s", p.Producers, p.PublishTo, receipts(p), pace(p))
		row("messages", "%s%s", report.Size(float64(p.Size)), headers(p.Headers))
	}
	if p.Consumers > 0 {
		how := "sharing the messages"
		if p.Delivery == workload.Each {
			how = "each gets every message"
		}
		if p.Consumers == 1 {
			how = "gets every message"
		}
		row("consumers", "%d of %s, ack %s, %s", p.Consumers, p.ConsumeFrom, p.Ack, how)
	}
	row("until", "%s", until(p))
	for _, note := range notes {
		row("note", "%s", note)
	}
	b.WriteByte('\n')
	return b.String()
}

func brokerName(p *workload.Plan, ready load.Ready) string {
	name := p.Broker.String()
	switch {
	case p.Embedded:
		return "embedded in this process, at " + p.Broker.Address()
	case ready.Server != "":
		name += " (" + ready.Server + ")"
	}
	return name
}

func receipts(p *workload.Plan) string {
	switch {
	case p.Window == 0:
		return "no receipts"
	case p.Producers == 1:
		return fmt.Sprintf("receipts in a window of %d", p.Window)
	}
	return fmt.Sprintf("receipts in a window of %d each", p.Window)
}

func pace(p *workload.Plan) string {
	switch {
	case p.FlatOut():
		return "flat out"
	case p.Producers == 1:
		return report.PerSecond(p.Rate) + "/s"
	}
	return fmt.Sprintf("%s/s in all, %s/s each", report.PerSecond(p.Rate), report.PerSecond(p.Rate/float64(p.Producers)))
}

func headers(fields []frame.Field) string {
	var b strings.Builder
	for _, f := range fields {
		fmt.Fprintf(&b, ", %s:%s", f.Name, oneLine(f.Value))
	}
	return b.String()
}

func until(p *workload.Plan) string {
	var parts []string
	if p.Duration > 0 {
		parts = append(parts, report.Elapsed(p.Duration)+" have passed")
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
