package report

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/metric"
)

// Style is the style of the text.
type Style struct{ Color bool }

func (s Style) paint(code, text string) string {
	if !s.Color {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

func (s Style) bad(text string) string  { return s.mood(Bad, text) }
func (s Style) bold(text string) string { return s.paint("1", text) }

func (s Style) mood(mood Mood, text string) string {
	if mood == Neutral {
		return text
	}
	return s.paint(map[Mood]string{Good: "32", Bad: "1;31"}[mood], text)
}

// WriteText writes the report for people.
func (r *Report) WriteText(w io.Writer, style Style) error {
	var b strings.Builder
	if r.Partial {
		fmt.Fprintf(&b, "%s %s\n", style.bad("PARTIAL RESULT:"), cmp.Or(r.Failure, "interrupted"))
	}
	fmt.Fprintf(&b, "%s\n\n", style.bold(r.Subject()))
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
	row := func(label string, cells ...string) {
		fmt.Fprintf(b, "  %-10s  %s\n", label, strings.Join(cells, "   "))
	}
	cell := func(id metric.ID) string {
		text := metric.Of(id).Label() + " " + Count(r.Count(id))
		if metric.Of(id).Has(metric.Fault) && r.Count(id) > 0 {
			return style.bad(text)
		}
		return text
	}
	cells := []string{cell(metric.Sent)}
	if r.Plan.Window > 0 {
		cells = append(cells, cell(metric.Confirmed))
	}
	if r.Plan.Consumers > 0 {
		cells = append(cells, cell(metric.Received))
	}
	row("messages", cells...)
	if r.Plan.Consumers > 0 {
		balance, mood := r.Balance()
		cells := []string{cell(metric.Lost), cell(metric.Duplicated), cell(metric.Corrupt), cell(metric.Reordered), style.mood(mood, balance)}
		if r.BooksOpen {
			cells = cells[1:]
		}
		row("books", cells...)
	}
	if r.Count(metric.Lost) > 0 && r.Plan.Window > 0 {
		row("", fmt.Sprintf("of those lost, %s were confirmed by the broker and %s were not",
			Count(r.Count(metric.ConfirmedLost)), Count(r.Count(metric.UnconfirmedLost))))
	}
	if r.AckError != "" {
		row("", style.bad("an ACK could not be sent: "+r.AckError))
	}
	for _, d := range metric.In(metric.Totals) {
		if n := r.Count(d.ID); n > 0 && !slices.Contains(above, d.ID) {
			row("", Count(n)+" "+d.Label()+": "+d.Help)
		}
	}
}

// above are the totals that have a place in the rows before the others.
var above = []metric.ID{
	metric.Sent, metric.Confirmed, metric.Received, metric.Expected, metric.Lost, metric.ConfirmedLost, metric.UnconfirmedLost,
	metric.Duplicated, metric.Corrupt, metric.Reordered, metric.MaxBacklog,
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
	switch {
	case r.Sum(metric.Lost, metric.Duplicated, metric.Corrupt) > 0:
		return "the books do not balance", Bad
	case r.BooksOpen:
		return "open until stompbench merge closes the books of all parts", Neutral
	case r.Plan.Producers == 0 || r.Plan.Consumers == 0:
		return "", Neutral
	case r.Count(metric.Expected) == 0:
		return "nothing was sent", Neutral
	case r.Count(metric.Reordered) > 0:
		return "every message arrived once", Good
	default:
		return "every message arrived once, in order", Good
	}
}

func (r *Report) rates(b *strings.Builder) {
	if r.Plan.Producers > 0 {
		fmt.Fprintf(b, "  %-10s  %s\n", "sent", pace(r.Value(metric.SentPerS), r.Value(metric.SentBytesPerS), r.Value(metric.Sending)))
	}
	if r.Plan.Consumers > 0 && r.Count(metric.Received) > 0 {
		fmt.Fprintf(b, "  %-10s  %s", "received", pace(r.Value(metric.ReceivedPerS), r.Value(metric.ReceivedBytesPerS), r.Value(metric.Receiving)))
		// The backlog is sampled a hundred times a second: a run that was too short for some
		// samples has no backlog to report.
		if r.Plan.Producers > 0 && r.Value(metric.Receiving) >= 0.1 && !r.BooksOpen && !r.United {
			fmt.Fprintf(b, ", up to %s behind", Count(r.Count(metric.MaxBacklog)))
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
	slope := r.Value(metric.BacklogSlope)
	if slope == 0 || math.Abs(slope) < muchOfRate*r.Value(metric.SentPerS) || math.Abs(slope)*r.Value(metric.Sending) < fewBehind {
		return ""
	}
	more := "more"
	if slope < 0 {
		more = "less"
	}
	return fmt.Sprintf(", %s %s each second", PerSecond(math.Abs(slope)), more)
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
	var rows []LatencyRow
	for _, l := range metric.Latencies() {
		rows = append(rows, LatencyRow{l.Label(), r.Latency[l]})
	}
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
	if r.Plan.WarmupSec > 0 && r.Plan.Producers > 0 && r.Count(metric.Sent) > 0 && r.Value(metric.Sending) == 0 {
		say("The run was over before its warm-up: nothing was measured. Send more, or lower --warmup.")
	}
	if r.DrainCut && r.Sum(metric.Lost, metric.Unknown) > 0 {
		why := "--drain-limit"
		if r.Partial {
			why = "the user"
		}
		say("The wait for messages and receipts at the end was cut short by %s: what had not come by then counts as lost, or without an outcome.", why)
	}
	if r.Plan.RatePerSec == 0 && r.Plan.Producers > 0 && r.Latency[metric.FromSend].Count+r.Latency[metric.Confirm].Count > 0 {
		say("Flat out, latency is the time messages wait in queues that are kept full; it says nothing about the broker. " +
			"Give a --rate below the one above to measure that.")
	}
	if d := r.Latency[metric.SendDelay]; time.Duration(d.P99) > tooLate {
		say("One message in a hundred left %s late or later, held up by the receipt window, the broker or this machine. "+
			"From due counts that, from send does not.", Duration(time.Duration(d.P99)))
	}
	for _, l := range metric.Latencies() {
		if d := r.Latency[l]; d.Censored > 0 {
			say("%s of the %s latencies %s are lower bounds: what they wait for never came.", Count(d.Censored), Count(d.Count), l.Label())
		}
	}
	if n := r.Latency[metric.FromSend].Negative; n > 0 {
		say("%s latencies were negative and count as 0: the clocks of sender and receiver disagree.", Count(n))
	}
	if r.Value(metric.CPUCores) > 0 {
		subject := "This process"
		switch {
		case r.United:
			subject = "The processes together"
		case r.Broker.Embedded:
			subject = "This process, broker included,"
		}
		say("%s used %.2f CPU cores, %s of CPU and %s allocations a message.",
			subject, r.Value(metric.CPUCores), Duration(time.Duration(r.Value(metric.CPUPerMessage))), few(r.Value(metric.AllocsPerMessage)))
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

// painting are the sequences that color a text.
var painting = regexp.MustCompile("\x1b\\[[0-9;]*m")

// Wrap breaks a text into lines of at most width characters, indented. Colors take no room.
func Wrap(text string, indent, width int) string {
	var b strings.Builder
	column := 0
	for _, word := range strings.Fields(text) {
		length := utf8.RuneCountInString(painting.ReplaceAllString(word, ""))
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
