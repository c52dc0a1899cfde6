package report

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Style is the style of the text.
type Style struct{ Color bool }

func (s Style) paint(code, text string) string {
	if !s.Color {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

func (s Style) good(text string) string { return s.paint("32", text) }
func (s Style) bad(text string) string  { return s.paint("1;31", text) }
func (s Style) bold(text string) string { return s.paint("1", text) }

// WriteText writes the report for people.
func (r *Report) WriteText(w io.Writer, style Style) error {
	var b strings.Builder
	r.headline(&b, style)
	r.books(&b, style)
	r.rates(&b)
	r.latencies(&b)
	b.WriteByte('\n')
	for _, remark := range r.Remarks() {
		b.WriteString(Wrap(remark, 2, width))
	}
	r.judgement(&b, style)
	_, err := io.WriteString(w, b.String())
	return err
}

func (r *Report) headline(b *strings.Builder, style Style) {
	if r.Partial {
		why := "interrupted"
		if r.Failure != "" {
			why = r.Failure
		}
		fmt.Fprintf(b, "%s %s\n", style.bad("PARTIAL RESULT:"), why)
	}
	fmt.Fprintf(b, "%s\n\n", style.bold(r.Subject()))
}

// Subject describes what was measured, in one line.
func (r *Report) Subject() string {
	server := r.Broker.Server
	switch {
	case r.Broker.Embedded:
		server = "the embedded broker"
	case server == "":
		server = r.Broker.URI
	default:
		server += " at " + r.Broker.URI
	}
	return fmt.Sprintf("%s and %s of %s messages on %s, STOMP %s",
		Plural(r.Plan.Producers, "producer"), Plural(r.Plan.Consumers, "consumer"),
		Size(float64(r.Plan.SizeBytes)), server, r.Broker.STOMP)
}

func (r *Report) books(b *strings.Builder, style Style) {
	t := &r.Totals
	row := func(label string, cells ...string) {
		fmt.Fprintf(b, "  %-10s  %s\n", label, strings.Join(cells, "   "))
	}
	cells := []string{"sent " + Count(t.Sent)}
	if r.Plan.Window > 0 {
		cells = append(cells, "confirmed "+Count(t.Confirmed))
	}
	if r.Plan.Consumers > 0 {
		cells = append(cells, "received "+Count(t.Received))
	}
	row("messages", cells...)
	if r.Plan.Consumers > 0 {
		cells := []string{
			style.mark("duplicated", t.Duplicated), style.mark("corrupt", t.Corrupt),
			"reordered " + Count(t.Reordered), r.balance(style),
		}
		if !r.BooksOpen {
			cells = slices.Insert(cells, 0, style.mark("lost", t.Lost))
		}
		row("books", cells...)
	}
	if t.Lost > 0 && r.Plan.Window > 0 {
		row("", fmt.Sprintf("of those lost, %s were confirmed by the broker and %s were not",
			Count(t.ConfirmedLost), Count(t.UnconfirmedLost)))
	}
	if r.AckError != "" {
		row("", style.bad("an ACK could not be sent: "+r.AckError))
	}
	for _, extra := range []struct {
		n    uint64
		what string
	}{
		{t.Rejected, "rejected by the broker"},
		{t.Nacked, "refused by consumers with NACK"},
		{t.Redelivered, "came again, marked as redelivered by the broker"},
		{t.Unknown, "sent without ever an outcome"},
		{t.Foreign, "received that were not of this run, left out of everything else"},
		{t.Unsent, "due and not sent: the broker or this machine did not keep up with the rate"},
	} {
		if extra.n > 0 {
			row("", Count(extra.n)+" "+extra.what)
		}
	}
}

// mark writes a count that should be 0.
func (s Style) mark(what string, n uint64) string {
	text := what + " " + Count(n)
	if n > 0 {
		return s.bad(text)
	}
	return text
}

// Mood says whether a verdict is good, bad or neither.
type Mood int

// The moods.
const (
	Neutral Mood = iota
	Good
	Bad
)

// Balance says whether every message arrived, "" if only other processes know.
func (r *Report) Balance() (text string, mood Mood) {
	t := &r.Totals
	switch {
	case t.Lost+t.Duplicated+t.Corrupt > 0:
		return "the books do not balance", Bad
	case r.BooksOpen:
		return "open until stompbench merge closes the books of all parts", Neutral
	case r.Plan.Producers == 0 || r.Plan.Consumers == 0:
		return "", Neutral
	case t.Expected == 0:
		return "nothing was sent", Neutral
	case t.Reordered > 0:
		return "every message arrived once", Good
	default:
		return "every message arrived once, in order", Good
	}
}

func (r *Report) balance(style Style) string {
	text, mood := r.Balance()
	switch mood {
	case Good:
		return style.good(text)
	case Bad:
		return style.bad(text)
	}
	return text
}

func (r *Report) rates(b *strings.Builder) {
	if r.Plan.Producers > 0 {
		fmt.Fprintf(b, "  %-10s  %s\n", "sent", pace(r.Rates.Sent, r.Rates.SentBytes, r.Seconds.Sending))
	}
	if r.Plan.Consumers > 0 && r.Totals.Received > 0 {
		fmt.Fprintf(b, "  %-10s  %s", "received", pace(r.Rates.Received, r.Rates.ReceivedBytes, r.Seconds.Receiving))
		// The backlog is sampled a hundred times a second: a run that was too short for some
		// samples has no backlog to report.
		if r.Plan.Producers > 0 && r.Seconds.Receiving >= 0.1 && !r.BooksOpen && !r.United {
			fmt.Fprintf(b, ", up to %s behind", Count(r.Totals.MaxBacklog))
		}
		b.WriteString(r.growth())
		b.WriteByte('\n')
	}
}

// A change of the backlog is reported from 1 % of the rate on, if it is more than a few messages
// over the run. Smaller changes are noise.
const (
	muchOfRate = 0.01
	fewBehind  = 10
)

// growth says how the backlog changed while messages were sent, "" if it did not.
func (r *Report) growth() string {
	slope := r.Rates.BacklogSlope
	if slope == nil || math.Abs(*slope) < muchOfRate*r.Rates.Sent || math.Abs(*slope)*r.Seconds.Sending < fewBehind {
		return ""
	}
	more := "more"
	if *slope < 0 {
		more = "less"
	}
	return fmt.Sprintf(", %s %s each second", PerSecond(math.Abs(*slope)), more)
}

// pace writes a rate with its bytes and time. A single message has no rate.
func pace(perSecond, bytesPerSecond, seconds float64) string {
	took := Duration(time.Duration(seconds * 1e9))
	if perSecond == 0 {
		return "too little for a rate, in " + took
	}
	return fmt.Sprintf("%s/s for %s (%s/s)", PerSecond(perSecond), took, Size(bytesPerSecond))
}

func (r *Report) latencies(b *strings.Builder) {
	l := &r.Latency
	rows := []LatencyRow{{"from due", l.FromDue}, {"from send", l.FromSend}, {"to receipt", l.Confirm}, {"send delay", l.SendDelay}}
	if r.Plan.RatePerSec == 0 && r.Plan.Producers > 0 {
		rows = rows[1:] // messages were due when they were sent
	}
	b.WriteString(LatencyTable(rows...))
}

// tooLate is a send delay that late sleeping alone does not explain.
const tooLate = 5 * time.Millisecond

// Remarks returns sentences on how to read the numbers.
func (r *Report) Remarks() (all []string) {
	say := func(format string, args ...any) { all = append(all, fmt.Sprintf(format, args...)) }
	if r.Plan.WarmupSec > 0 && r.Plan.Producers > 0 && r.Totals.Sent > 0 && r.Seconds.Sending == 0 {
		say("The run was over before its warm-up: nothing was measured. Send more, or lower --warmup.")
	}
	if r.Plan.RatePerSec == 0 && r.Plan.Producers > 0 && r.Latency.FromSend.Count+r.Latency.Confirm.Count > 0 {
		say("Flat out, latency is the time messages wait in queues that are kept full; it says nothing about the broker. " +
			"Give a --rate below the one above to measure that.")
	}
	if d := &r.Latency.SendDelay; time.Duration(d.P99) > tooLate {
		say("One message in a hundred left %s late or later, held up by the receipt window, the broker or this machine. "+
			"From due counts that, from send does not.", Duration(time.Duration(d.P99)))
	}
	for _, c := range []struct {
		of   *Distribution
		name string
	}{{&r.Latency.FromDue, "from due"}, {&r.Latency.Confirm, "to receipt"}} {
		if n := c.of.Censored; n > 0 {
			say("%s of the %s latencies %s are lower bounds: what they wait for never came.", Count(n), Count(c.of.Count), c.name)
		}
	}
	if n := r.Latency.FromSend.Negative; n > 0 {
		say("%s latencies were negative and count as 0: the clocks of sender and receiver disagree.", Count(n))
	}
	if p := &r.Process; p.CPUCores > 0 {
		subject := "This process"
		switch {
		case r.United:
			subject = "The processes together"
		case r.Broker.Embedded:
			subject = "This process, broker included,"
		}
		say("%s used %.2f CPU cores, %s of CPU and %s allocations a message.",
			subject, p.CPUCores, Duration(time.Duration(p.CPUNsPerMsg)), few(p.AllocsPerMsg))
	}
	return all
}

// few writes a number for which two digits are enough.
func few(x float64) string {
	if x >= 10 {
		return Count(uint64(math.Round(x)))
	}
	return strconv.FormatFloat(x, 'g', 2, 64)
}

// labelled writes a text in lines of the width of the remarks; the first line has a label.
func labelled(label, text string) string {
	const column = 14
	return fmt.Sprintf("  %-*s%s", column-2, label, strings.TrimLeft(Wrap(text, column, width), " "))
}

// width is the width of lines of text.
const width = 90

// Wrap breaks a text into lines of at most width characters, indented.
func Wrap(text string, indent, width int) string {
	var b strings.Builder
	column := 0
	for _, word := range strings.Fields(text) {
		length := utf8.RuneCountInString(word)
		switch {
		case column == 0:
			column = indent
			b.WriteString(strings.Repeat(" ", indent))
		case column+1+length > width:
			column = indent
			b.WriteString("\n" + strings.Repeat(" ", indent))
		default:
			column++
			b.WriteByte(' ')
		}
		b.WriteString(word)
		column += length
	}
	b.WriteByte('\n')
	return b.String()
}
