package results

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/metric"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/report"
)

// WriteText writes the report for people.
func (r *Result) WriteText(w io.Writer, style report.Style) error {
	var b strings.Builder
	if r.Partial {
		fmt.Fprintf(&b, "%s %s\n", style.Bad("PARTIAL RESULT:"), cmp.Or(r.Failure, "interrupted"))
	}
	fmt.Fprintf(&b, "%s\n\n", style.Bold(r.Subject()))
	r.books(&b, style)
	r.rates(&b)
	r.latencies(&b)
	b.WriteByte('\n')
	for _, remark := range r.Remarks() {
		b.WriteString(report.Wrap(remark, 2, report.Width))
	}
	r.judgement(&b, style)
	_, err := io.WriteString(w, b.String())
	return err
}

// Subject describes what was measured, in one line.
func (r *Result) Subject() string {
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
		report.Plural(r.Plan.Producers, "producer"), report.Plural(r.Plan.Consumers, "consumer"),
		report.Size(float64(r.Plan.SizeBytes)), server, r.Broker.STOMP)
}

func (r *Result) books(b *strings.Builder, style report.Style) {
	row := func(label string, cells ...string) {
		fmt.Fprintf(b, "  %-10s  %s\n", label, strings.Join(cells, "   "))
	}
	cell := func(id metric.ID) string {
		text := metric.Of(id).Label() + " " + report.Count(r.Count(id))
		if metric.Of(id).Has(metric.Fault) && r.Count(id) > 0 {
			return style.Bad(text)
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
		cells := []string{cell(metric.Lost), cell(metric.Duplicated), cell(metric.Corrupt), cell(metric.Reordered), style.Mood(mood, balance)}
		if r.BooksOpen {
			cells = cells[1:]
		}
		row("books", cells...)
	}
	if r.Count(metric.Lost) > 0 && r.Plan.Window > 0 {
		row("", fmt.Sprintf("of those lost, %s were confirmed by the broker and %s were not",
			report.Count(r.Count(metric.ConfirmedLost)), report.Count(r.Count(metric.UnconfirmedLost))))
	}
	if r.AckError != "" {
		row("", style.Bad("an ACK could not be sent: "+r.AckError))
	}
	for _, d := range metric.In(metric.Totals) {
		if n := r.Count(d.ID); n > 0 && !slices.Contains(above, d.ID) {
			row("", report.Count(n)+" "+d.Label()+": "+d.Help)
		}
	}
}

// above are the totals that have a place in the rows before the others.
var above = []metric.ID{
	metric.Sent, metric.Confirmed, metric.Received, metric.Expected, metric.Lost, metric.ConfirmedLost, metric.UnconfirmedLost,
	metric.Duplicated, metric.Corrupt, metric.Reordered, metric.MaxBacklog,
}

// Balance says whether every message arrived, "" if only other processes know.
func (r *Result) Balance() (text string, mood report.Mood) {
	switch {
	case r.Sum(metric.Lost, metric.Duplicated, metric.Corrupt) > 0:
		return "the books do not balance", report.Bad
	case r.BooksOpen:
		return "open until stompbench merge closes the books of all parts", report.Neutral
	case r.Plan.Producers == 0 || r.Plan.Consumers == 0:
		return "", report.Neutral
	case r.Count(metric.Expected) == 0:
		return "nothing was sent", report.Neutral
	case r.Count(metric.Reordered) > 0:
		return "every message arrived once", report.Good
	default:
		return "every message arrived once, in order", report.Good
	}
}

func (r *Result) rates(b *strings.Builder) {
	if r.Plan.Producers > 0 {
		fmt.Fprintf(b, "  %-10s  %s\n", "sent", pace(r.Value(metric.SentPerS), r.Value(metric.SentBytesPerS), r.Value(metric.Sending)))
	}
	if r.Plan.Consumers > 0 && r.Count(metric.Received) > 0 {
		fmt.Fprintf(b, "  %-10s  %s", "received", pace(r.Value(metric.ReceivedPerS), r.Value(metric.ReceivedBytesPerS), r.Value(metric.Receiving)))
		// The backlog is sampled a hundred times a second: a run that was too short for some
		// samples has no backlog to report.
		if r.Plan.Producers > 0 && r.Value(metric.Receiving) >= 0.1 && !r.BooksOpen && !r.United {
			fmt.Fprintf(b, ", up to %s behind", report.Count(r.Count(metric.MaxBacklog)))
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
func (r *Result) growth() string {
	slope := r.Value(metric.BacklogSlope)
	if slope == 0 || math.Abs(slope) < muchOfRate*r.Value(metric.SentPerS) || math.Abs(slope)*r.Value(metric.Sending) < fewBehind {
		return ""
	}
	more := "more"
	if slope < 0 {
		more = "less"
	}
	return fmt.Sprintf(", %s %s each second", report.PerSecond(math.Abs(slope)), more)
}

// pace writes a rate with its bytes and time. A single message has no rate.
func pace(perSecond, bytesPerSecond, seconds float64) string {
	took := report.Duration(time.Duration(seconds * 1e9))
	if perSecond == 0 {
		return "too little for a rate, in " + took
	}
	return fmt.Sprintf("%s/s for %s (%s/s)", report.PerSecond(perSecond), took, report.Size(bytesPerSecond))
}

func (r *Result) latencies(b *strings.Builder) {
	var rows []report.LatencyRow
	for _, l := range metric.Latencies() {
		rows = append(rows, report.LatencyRow{Name: l.Label(), Distribution: r.Latency[l]})
	}
	if r.Plan.RatePerSec == 0 && r.Plan.Producers > 0 {
		rows = rows[1:] // messages were due when they were sent
	}
	b.WriteString(report.LatencyTable(rows...))
}

// tooLate is a send delay that late sleeping alone does not explain.
const tooLate = 5 * time.Millisecond

// Remarks returns sentences on how to read the numbers.
func (r *Result) Remarks() (all []string) {
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
			"From due counts that, from send does not.", report.Duration(time.Duration(d.P99)))
	}
	for _, l := range metric.Latencies() {
		if d := r.Latency[l]; d.Censored > 0 {
			say("%s of the %s latencies %s are lower bounds: what they wait for never came.", report.Count(d.Censored), report.Count(d.Count), l.Label())
		}
	}
	if n := r.Latency[metric.FromSend].Negative; n > 0 {
		say("%s latencies were negative and count as 0: the clocks of sender and receiver disagree.", report.Count(n))
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
			subject, r.Value(metric.CPUCores), report.Duration(time.Duration(r.Value(metric.CPUPerMessage))), few(r.Value(metric.AllocsPerMessage)))
	}
	return all
}

// few writes a number for which two digits are enough.
func few(x float64) string {
	if x >= 10 {
		return report.Count(uint64(math.Round(x)))
	}
	return strconv.FormatFloat(x, 'g', 2, 64)
}
