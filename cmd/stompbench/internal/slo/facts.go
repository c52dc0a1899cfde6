package slo

import (
	"github.com/stompwire/stompwire/cmd/stompbench/internal/histo"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/load"
)

// FactsOf returns the facts of a run. Facts that need consumers are unknown without them, and so
// are those that need receipts.
func FactsOf(r *load.Result) *Facts {
	b := &r.Books
	f := &Facts{
		Latencies: map[string]*histo.Histogram{
			"from_due": r.FromDue, "from_send": r.FromSend, "confirm": r.Confirm, "send_delay": r.Delay,
		},
		Numbers: map[string]float64{
			"sent": float64(b.Sent), "sent_per_s": r.SentPerSecond(),
			"rejected": float64(b.Rejected), "unsent": float64(r.Unsent),
			"unsent_share": share(r.Unsent, b.Sent+r.Unsent),
		},
	}
	if r.Confirm.Count() > 0 || b.Confirmed+r.Unknown+b.Rejected > 0 {
		f.Numbers["confirmed"] = float64(b.Confirmed)
		f.Numbers["confirmed_per_s"] = r.ConfirmedPerSecond()
		f.Numbers["unknown"] = float64(r.Unknown)
	}
	if r.Consumers > 0 {
		for name, n := range map[string]uint64{
			"expected": b.Expected, "received": b.Received, "lost": b.Lost, "confirmed_lost": b.ConfirmedLost,
			"unconfirmed_lost": b.UnconfirmedLost(), "duplicated": b.Duplicated, "redelivered": b.Redelivered,
			"nacked": r.Nacked, "reordered": b.Reordered, "corrupt": r.Corrupt, "foreign": r.Foreign, "max_backlog": r.MaxBacklog,
		} {
			f.Numbers[name] = float64(n)
		}
		f.Numbers["received_per_s"] = r.ReceivedPerSecond()
		f.Numbers["lost_share"] = share(b.Lost, b.Expected)
	}
	if r.BacklogTrend {
		f.Numbers["backlog.slope"] = r.BacklogSlope
		if sent := r.SentPerSecond(); sent > 0 {
			f.Numbers["backlog.slope_share"] = r.BacklogSlope / sent
		}
	}
	return f
}

func share(n, of uint64) float64 {
	if of == 0 {
		return 0
	}
	return float64(n) / float64(of)
}
