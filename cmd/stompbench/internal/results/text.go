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

// text is the form of a result for people.
type text struct {
	report.Rows
	report.Style
	r *Result
}

// WriteText writes the result for people.
func (r *Result) WriteText(w io.Writer, style report.Style) error {
	t := &text{Style: style, r: r}
	if r.Partial {
		fmt.Fprintf(t, "%s %s\n", t.Bad("PARTIAL RESULT:"), cmp.Or(r.Failure, "interrupted"))
	}
	fmt.Fprintf(t, "%s\n\n", t.Bold(r.Subject()))
	t.books()
	t.rates()
	var rows []report.LatencyRow
	for _, l := range metric.Latencies() {
		if l != metric.FromDue || r.Plan.RatePerSec > 0 || r.Plan.Producers == 0 { // flat out, messages were due when they were sent
			rows = append(rows, report.LatencyRow{Name: l.Label(), Distribution: r.Latency[l]})
		}
	}
	t.WriteString(report.LatencyTable(rows...) + "\n")
	for _, remark := range r.Remarks() {
		t.WriteString(report.Wrap(remark, 2, report.Width))
	}
	t.judgement()
	_, err := io.WriteString(w, t.String())
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

// books writes the counts. A column of the first two rows that the plan rules out is left out.
func (t *text) books() {
	r, receives := t.r, t.r.Plan.Consumers > 0
	shown := []metric.ID{metric.Expected, metric.ConfirmedLost, metric.UnconfirmedLost, metric.MaxBacklog}
	cell := func(id metric.ID, planned bool) string {
		shown = append(shown, id)
		text := metric.Of(id).Label() + " " + report.Count(r.Count(id))
		switch {
		case !planned:
			return ""
		case metric.Of(id).Has(metric.Fault) && r.Count(id) > 0:
			text = t.Bad(text)
		}
		return text + "   "
	}
	messages := cell(metric.Sent, true) + cell(metric.Confirmed, r.Plan.Window > 0) + cell(metric.Received, receives)
	t.Add("messages", "%s", strings.TrimSpace(messages))
	books := cell(metric.Lost, !r.BooksOpen) + cell(metric.Duplicated, true) + cell(metric.Corrupt, true) + cell(metric.Reordered, true)
	if receives {
		t.Add("books", "%s", books+r.Balance(t.Style))
	}
	if r.Count(metric.Lost) > 0 && r.Plan.Window > 0 {
		t.Add("", "of those lost, %s were confirmed by the broker and %s were not",
			report.Count(r.Count(metric.ConfirmedLost)), report.Count(r.Count(metric.UnconfirmedLost)))
	}
	if r.AckError != "" {
		t.Add("", "%s", t.Bad("an ACK could not be sent: "+r.AckError))
	}
	for _, d := range metric.In(metric.Totals) {
		if !slices.Contains(shown, d.ID) {
			t.Some(r.Count(d.ID), d.Label()+": "+d.Help)
		}
	}
}

// Broken reports whether the books do not balance.
func (r *Result) Broken() bool { return r.Sum(metric.Lost, metric.Duplicated, metric.Corrupt) > 0 }

// Balance says whether every message arrived, "" if only other processes know.
func (r *Result) Balance(style report.Style) string {
	switch {
	case r.Broken():
		return style.Bad("the books do not balance")
	case r.BooksOpen:
		return "open until stompbench merge closes the books of all parts"
	case r.Plan.Producers == 0 || r.Plan.Consumers == 0:
		return ""
	case r.Count(metric.Expected) == 0:
		return "nothing was sent"
	case r.Count(metric.Reordered) > 0:
		return style.Good("every message arrived once")
	}
	return style.Good("every message arrived once, in order")
}

// A change of the backlog is reported from 1 % of the rate on, if it is more than a few messages
// over the run. Smaller changes are noise.
const (
	muchOfRate = 0.01
	fewBehind  = 10
)

func (t *text) rates() {
	r := t.r
	if r.Plan.Producers > 0 {
		t.Add("sent", "%s", pace(r.Value(metric.SentPerS), r.Value(metric.SentBytesPerS), r.Value(metric.Sending)))
	}
	if r.Plan.Consumers == 0 || r.Count(metric.Received) == 0 {
		return
	}
	received := pace(r.Value(metric.ReceivedPerS), r.Value(metric.ReceivedBytesPerS), r.Value(metric.Receiving))
	// The backlog is sampled a hundred times a second: a run that was too short for some samples has no
	// backlog to report.
	if r.Plan.Producers > 0 && r.Value(metric.Receiving) >= 0.1 && !r.BooksOpen && !r.United {
		received += fmt.Sprintf(", up to %s behind", report.Count(r.Count(metric.MaxBacklog)))
	}
	slope := r.Value(metric.BacklogSlope)
	if change := math.Abs(slope); change > 0 && change >= muchOfRate*r.Value(metric.SentPerS) && change*r.Value(metric.Sending) >= fewBehind {
		more := "more"
		if slope < 0 {
			more = "less"
		}
		received += fmt.Sprintf(", %s %s each second", report.PerSecond(change), more)
	}
	t.Add("received", "%s", received)
}

// pace writes a rate with its bytes and time. A single message has no rate.
func pace(perSecond, bytesPerSecond, seconds float64) string {
	took := report.Duration(time.Duration(seconds * 1e9))
	if perSecond == 0 {
		return "too little for a rate, in " + took
	}
	return fmt.Sprintf("%s/s for %s (%s/s)", report.PerSecond(perSecond), took, report.Size(bytesPerSecond))
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
	if late := time.Duration(r.Latency[metric.SendDelay].P99); late > tooLate {
		say("One message in a hundred left %s late or later, held up by the receipt window, the broker or this machine. "+
			"From due counts that, from send does not.", report.Duration(late))
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
		allocations := r.Value(metric.AllocsPerMessage)
		few := strconv.FormatFloat(allocations, 'g', 2, 64)
		if allocations >= 10 {
			few = report.Count(uint64(math.Round(allocations)))
		}
		say("%s used %.2f CPU cores, %s of CPU and %s allocations a message.",
			subject, r.Value(metric.CPUCores), report.Duration(time.Duration(r.Value(metric.CPUPerMessage))), few)
	}
	return all
}

// judgement writes what limited the run, and whether it met its SLO.
func (t *text) judgement() {
	r := t.r
	if v := r.Verdict; v != nil && r.Plan.Producers > 0 {
		t.ownCost()
		limit := string(v.Limit)
		if v.Invalid {
			limit = t.Bad(limit)
		}
		t.Sentence("limited by", "%s: %s", limit, v.Why)
		if c := r.Ceiling; c != nil {
			t.Sentence("", "%.0f %% of the %s/s that this machine reached against a sink (%s)", 100*c.Share, report.PerSecond(c.PerSecond), c.Setting)
		}
		if v.Invalid {
			t.Sentence("", "%s: it is the generator's own, which could not keep the rate that was asked for", t.Bad("this result is invalid"))
		}
	}
	if r.SLODeferred != "" {
		t.Sentence("slo", "%s, for stompbench merge to judge", r.SLODeferred)
	}
	label := "slo"
	for i := range r.SLO {
		met := t.Good("met    ")
		if !r.SLO[i].Met {
			met = t.Bad("NOT MET")
		}
		t.Add(label, "%s  %s", met, report.Outcome(&r.SLO[i]))
		label = ""
	}
}

// ownCost writes the resources that the generator used and what it waited for.
func (t *text) ownCost() {
	v, percent := t.r.Verdict, report.Percent
	if v.ProcessShare > 0 {
		starved, thread := "", "n/a"
		if v.StarvedShare >= 0.05 {
			starved = fmt.Sprintf(", %s missed to other programs", percent(v.StarvedShare))
		}
		if v.ThreadShare > 0 {
			thread = percent(v.ThreadShare)
		}
		t.Sentence("processors", "%s of this process's share used%s; busiest thread %s; garbage collection %s of the CPU time, pauses %s of the time",
			percent(v.ProcessShare), starved, thread, percent(v.GCShare), percent(v.GCPauseShare))
	}
	late := ""
	if t.r.Plan.RatePerSec > 0 {
		late = fmt.Sprintf("; %s of the schedule late by over 1 ms, or not sent", percent(v.LateShare))
	}
	t.Sentence("producers", "waited %s for receipts, %s for the connection, %s for the schedule, worked %s%s",
		percent(v.WindowShare), percent(v.SendShare), percent(v.PacerShare), percent(v.MakingShare), late)
}
