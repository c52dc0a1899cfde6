package load

import (
	"github.com/stompwire/stompwire/cmd/stompbench/internal/histo"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/ledger"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/metric"
)

// Values returns the metrics of the run. Those that need consumers are unknown without them, and so
// are those that need receipts.
func (r *Result) Values() metric.Values {
	var v metric.Values
	v.SetCounts(&r.Counts)
	SetBooks(&v, &r.Books)
	v.SetCount(metric.Unsent, r.Unsent)
	v.SetCount(metric.Unknown, r.Unknown)
	v.SetCount(metric.MaxBacklog, r.MaxBacklog)
	for id, x := range map[metric.ID]float64{
		metric.Sending: r.Sending.Seconds(), metric.SendingFrom: r.SendingFrom.Seconds(),
		metric.Receiving: r.Receiving.Seconds(), metric.ReceivingFrom: r.ReceivingFrom.Seconds(),
		metric.SentPerS: r.SentPerSecond(), metric.ConfirmedPerS: r.ConfirmedPerSecond(), metric.ReceivedPerS: r.ReceivedPerSecond(),
	} {
		v.Set(id, x)
	}
	if r.BacklogTrend {
		v.Set(metric.BacklogSlope, r.BacklogSlope)
	}
	r.Cost.addTo(&v, float64(max(r.MeasuredSent, r.MeasuredReceived)))
	v.Derive()
	v.Restrict(r.Consumers > 0)
	return v
}

// SetBooks sets the metrics of closed books.
func SetBooks(v *metric.Values, b *ledger.Balance) {
	for id, n := range map[metric.ID]uint64{
		metric.Sent: b.Sent, metric.Confirmed: b.Confirmed, metric.Rejected: b.Rejected,
		metric.Expected: b.Expected, metric.Received: b.Received, metric.Lost: b.Lost, metric.ConfirmedLost: b.ConfirmedLost,
		metric.Duplicated: b.Duplicated, metric.Redelivered: b.Redelivered, metric.Reordered: b.Reordered,
	} {
		v.SetCount(id, n)
	}
}

// addTo adds what a run of so many messages used.
func (c *Cost) addTo(v *metric.Values, messages float64) {
	v.Set(metric.GCCycles, float64(c.GCs))
	v.Set(metric.GCPause, float64(c.GCPause))
	if c.Wall > 0 {
		v.Set(metric.CPUCores, c.CPU.Seconds()/c.Wall.Seconds())
	}
	if messages > 0 {
		v.Set(metric.CPUPerMessage, float64(c.CPU)/messages)
		v.Set(metric.AllocsPerMessage, float64(c.Allocations)/messages)
	}
}

// Get returns a metric; ok is false if it was not measured.
func (r *Result) Get(id metric.ID) (x float64, ok bool) {
	v := r.Values()
	return v.Get(id)
}

// Histogram returns the distribution of a latency.
func (r *Result) Histogram(l metric.Latency) *histo.Histogram { return r.Latencies[l] }
