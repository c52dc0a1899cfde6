package results

import (
	"github.com/stompwire/stompwire/cmd/stompbench/internal/histo"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/series"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/slo"
)

// Facts returns the facts of the result that an SLO is judged by. slo.FactsOf does so for a run.
func (r *Result) Facts() *slo.Facts {
	t := &r.Totals
	f := &slo.Facts{
		Latencies: map[string]*histo.Histogram{},
		Numbers: map[string]float64{
			"sent": float64(t.Sent), "sent_per_s": r.Rates.Sent, "rejected": float64(t.Rejected),
			"unsent": float64(t.Unsent), "unsent_share": share(t.Unsent, t.Sent+t.Unsent),
		},
	}
	for _, kind := range series.Kinds() {
		f.Latencies[string(kind)] = r.Histogram(kind)
	}
	if _, ok := r.Histograms[series.FromDue]; !ok {
		f.Latencies[string(series.FromDue)] = f.Latencies[string(series.FromSend)] // when sending flat out they are the same
	}
	if confirms := r.Latency.Confirm.Count; confirms+t.Confirmed+t.Unknown+t.Rejected > 0 {
		f.Numbers["confirmed"], f.Numbers["unknown"] = float64(t.Confirmed), float64(t.Unknown)
		f.Numbers["confirmed_per_s"] = 0
		if s := r.Seconds.Sending; confirms > 1 && s > 0 {
			f.Numbers["confirmed_per_s"] = float64(confirms-1) / s
		}
	}
	if r.Plan.Consumers > 0 {
		for name, n := range map[string]uint64{
			"expected": t.Expected, "received": t.Received, "lost": t.Lost, "confirmed_lost": t.ConfirmedLost,
			"unconfirmed_lost": t.UnconfirmedLost, "duplicated": t.Duplicated, "redelivered": t.Redelivered,
			"nacked": t.Nacked, "reordered": t.Reordered, "corrupt": t.Corrupt, "foreign": t.Foreign,
		} {
			f.Numbers[name] = float64(n)
		}
		if !r.United { // no machine knows what others had sent and received
			f.Numbers["max_backlog"] = float64(t.MaxBacklog)
		}
		f.Numbers["received_per_s"] = r.Rates.Received
		f.Numbers["lost_share"] = share(t.Lost, t.Expected)
	}
	return f
}

func share(n, of uint64) float64 {
	if of == 0 {
		return 0
	}
	return float64(n) / float64(of)
}
