package failover

import (
	"errors"
	"fmt"
	"strings"
	"time"

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
	// Silence is the longest time without any outcome while messages were outstanding.
	Silence   time.Duration `json:"longest_silence_ns"`
	SilenceAt time.Duration `json:"longest_silence_at_ns"`

	Outages []Outage                       `json:"outages"`
	Events  []Event                        `json:"events"`
	SliceNs int64                          `json:"slice_ns"`
	Slices  []Slice                        `json:"slices"`
	Latency map[string]metric.Distribution `json:"latency_ns"`

	failure        error // why it could not go on; nil if it could
	restartFailure error // the error of Config.Restart
}

// Slice is the counts of one time slice.
type Slice struct {
	Sent      uint32 `json:"sent"`
	Confirmed uint32 `json:"confirmed"`
	Received  uint32 `json:"received"`
}

// SliceLength is how long a slice is.
const SliceLength = 100 * time.Millisecond

// stoodStill is the shortest silence that is told when no connection was lost.
const stoodStill = time.Second

// Why returns why the drill shows nothing, or shows that the broker did not come back; nil otherwise.
func (r *Report) Why() error {
	switch {
	case r.failure != nil:
		return r.failure
	case r.Partial:
		return nil
	case r.restartFailure != nil:
		return fmt.Errorf("the restart failed: %w", r.restartFailure)
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
		report.LatencyRow{Name: "from due", Distribution: r.Latency["from_due"]},
		report.LatencyRow{Name: "to receipt", Distribution: r.Latency["confirm"]},
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

// timelineCells is the number of cells in a row of the timeline.
const timelineCells = 60

// marks stand for nothing, and for up to a quarter, half, three quarters and all of the maximum.
var marks = strings.Split(" .:+#", "")

// timeline draws what was sent, confirmed and received over time.
func (r *Report) timeline() string {
	if len(r.Slices) == 0 {
		return ""
	}
	per := (len(r.Slices) + timelineCells - 1) / timelineCells
	rows := [3][timelineCells]uint32{}
	most := uint32(1)
	for i, s := range r.Slices {
		for row, n := range [3]uint32{s.Sent, s.Confirmed, s.Received} {
			rows[row][i/per] += n
			most = max(most, rows[row][i/per])
		}
	}
	var b strings.Builder
	length := SliceLength * time.Duration(per)
	fmt.Fprintf(&b, "\n  timeline    a column is %s, # is up to %s/s\n", report.Elapsed(length), report.PerSecond(float64(most)/length.Seconds()))
	for row, name := range [3]string{"sent", "confirmed", "received"} {
		line := ""
		for _, n := range rows[row][:(len(r.Slices)+per-1)/per] {
			line += marks[(4*uint64(n)+uint64(most)-1)/uint64(most)]
		}
		fmt.Fprintf(&b, "  %-10s |%s|\n", name, line)
	}
	return b.String()
}
