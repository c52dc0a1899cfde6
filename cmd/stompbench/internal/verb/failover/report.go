package failover

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/exit"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/metric"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/report"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/verb"
)

// Report is the result of a drill, in its JSON form.
type Report struct {
	verb.Head
	Sent          uint64 `json:"sent"`
	Confirmed     uint64 `json:"confirmed"`
	Rejected      uint64 `json:"rejected"`
	Unknown       uint64 `json:"unknown"` // sent and without outcome
	Unsent        uint64 `json:"unsent"`  // due and not sent
	Received      uint64 `json:"received"`
	Lost          uint64 `json:"lost"`
	ConfirmedLost uint64 `json:"confirmed_lost"`
	Repeated      uint64 `json:"repeated"`   // marked: redelivered, or as possible duplicates
	Duplicated    uint64 `json:"duplicated"` // without a mark
	Corrupt       uint64 `json:"corrupt"`
	Foreign       uint64 `json:"foreign"`
	// AtRisk is the largest number of messages that were sent and had no outcome when a connection
	// was lost.
	AtRisk uint64 `json:"at_risk"`
	// Silence is the longest time without any outcome while messages were outstanding or could not be sent.
	Silence   time.Duration `json:"longest_silence_ns"`
	SilenceAt time.Duration `json:"longest_silence_at_ns"`

	Outages []*Outage                              `json:"outages"`
	Events  []Event                                `json:"events"`
	SliceNs int64                                  `json:"slice_ns"`
	Slices  []Slice                                `json:"slices"`
	Latency map[metric.Latency]metric.Distribution `json:"latency_ns"`

	failure error // why it could not go on, or the broker was not restarted; nil otherwise
}

// stoodStill is the shortest silence that is told when no connection was lost.
const stoodStill = time.Second

// Why returns why the drill shows nothing, or shows that the broker did not come back; nil otherwise.
func (r *Report) Why() error {
	switch {
	case r.failure != nil, r.Partial:
		return r.failure
	case len(r.Outages) == 0 && r.Silence >= stoodStill:
		return fmt.Errorf("no connection was lost, but the broker stood still: it confirmed nothing for %s, from %.2f s on; --heart-beat 1s makes a connection to such a broker end",
			report.Duration(r.Silence), r.SilenceAt.Seconds())
	case len(r.Outages) == 0:
		return errors.New("no connection was lost in the time: nothing was tested; restart the broker while it runs, or give --restart-cmd")
	}
	for _, o := range r.Outages {
		if o.Connected == 0 {
			return fmt.Errorf("the %s was lost and never connected again", o.Lane)
		}
	}
	return nil
}

// code returns the exit code. tolerance is the share of the messages that may be unsent.
func (r *Report) code(failure error, tolerance float64) int {
	switch {
	case failure != nil:
		return exit.CannotRun
	// Without a confirmation, a message of an interrupted drill may be still on its way.
	case r.Duplicated+r.Corrupt+r.ConfirmedLost > 0, r.Lost > 0 && !r.Partial:
		return exit.Integrity
	case r.Partial:
		return exit.Interrupted
	case float64(r.Unsent) > tolerance*float64(r.Sent+r.Unsent):
		return exit.Rate
	}
	return exit.OK
}

// Text returns the report for people.
func (r *Report) Text() string {
	b := r.Begin()
	n := report.Count
	b.Add("messages", "sent %s   confirmed %s   received %s", n(r.Sent), n(r.Confirmed), n(r.Received))
	b.Add("books", "lost %s (%s of them confirmed)   repeated with notice %s   duplicated %s   corrupt %s",
		n(r.Lost), n(r.ConfirmedLost), n(r.Repeated), n(r.Duplicated), n(r.Corrupt))
	b.Some(r.Unknown, "sent without ever an outcome")
	b.Some(r.Rejected, "rejected by the broker")
	b.Some(r.Unsent, "due and not sent")
	b.Some(r.Foreign, "received that were not of this run")
	b.Add("at risk", "%s were sent and not confirmed when the connection was lost", n(r.AtRisk))
	if r.Silence >= stoodStill {
		b.Add("silence", "nothing was confirmed for %s, from %.2f s on", report.Duration(r.Silence), r.SilenceAt.Seconds())
	}
	for _, o := range r.Outages {
		first, onTime := "first confirmation", ""
		if o.Lane == consumer {
			first, onTime = "first message", ", to messages on time "+ever(o.OnTime)
		}
		b.Add(o.Lane, "lost at %.2f s (%s); to the next connection %s, to the %s %s%s", o.At.Seconds(), o.Cause, ever(o.Connected), first, ever(o.First), onTime)
	}
	b.WriteString(report.LatencyTable(
		report.LatencyRow{Name: "from due", Distribution: r.Latency[metric.FromDue]},
		report.LatencyRow{Name: "to receipt", Distribution: r.Latency[metric.Confirm]},
	))
	b.WriteString(r.timeline())
	return b.String()
}

func ever(d time.Duration) string {
	if d == 0 {
		return "never"
	}
	return report.Duration(d)
}

// timeline draws what was sent, confirmed and received over time, in at most 60 columns.
func (r *Report) timeline() string {
	if len(r.Slices) == 0 {
		return ""
	}
	const columns = 60
	per := (len(r.Slices) + columns - 1) / columns
	var sums [3][]uint32
	most := uint32(1)
	for column := range slices.Chunk(r.Slices, per) {
		var sum Slice
		for _, s := range column {
			sum.Sent, sum.Confirmed, sum.Received = sum.Sent+s.Sent, sum.Confirmed+s.Confirmed, sum.Received+s.Received
		}
		for row, n := range [3]uint32{sum.Sent, sum.Confirmed, sum.Received} {
			sums[row] = append(sums[row], n)
			most = max(most, n)
		}
	}
	var b strings.Builder
	length := SliceLength * time.Duration(per)
	fmt.Fprintf(&b, "\n  timeline    a column is %s, # is up to %s/s\n", report.Elapsed(length), report.PerSecond(float64(most)/length.Seconds()))
	for row, name := range [3]string{"sent", "confirmed", "received"} {
		line := ""
		for _, n := range sums[row] {
			// Nothing, and up to a quarter, half, three quarters and all of the maximum.
			line += string(" .:+#"[(4*uint64(n)+uint64(most)-1)/uint64(most)])
		}
		fmt.Fprintf(&b, "  %-10s |%s|\n", name, line)
	}
	return b.String()
}
