package page

import (
	"fmt"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/metric"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/pacer"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/report"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/results"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/workload"
)

// plan returns how many messages the plan of a run wants sent by a time in seconds from the start,
// nil if it has no rate.
func plan(r *results.Result) (due func(t float64) float64) {
	p := &r.Plan
	if p.RatePerSec <= 0 || p.Producers == 0 {
		return nil
	}
	profile, err := workload.ParseRate(p.RateProfile)
	if err != nil || profile.Mean() <= 0 {
		profile = pacer.Constant(p.RatePerSec) // of an older version
	}
	scale := p.RatePerSec / profile.Mean() // the profile of a merged run is that of a part
	one := workload.Plan{Producers: 1, Profile: profile, Warmup: seconds(p.WarmupSec)}
	schedule := one.Schedule(0, 0)
	return func(t float64) float64 {
		if p.DurationSec > 0 {
			t = min(t, p.WarmupSec+p.DurationSec)
		}
		n := scale * float64(schedule.Before(int64(t*1e9)))
		if p.Count > 0 {
			n = min(n, float64(p.Count))
		}
		return n
	}
}

// behind says when a run fell behind its plan, "" if it did not.
func behind(r *results.Result) string {
	due, all := plan(r), r.Series.Intervals
	if due == nil || len(all) == 0 {
		return ""
	}
	missing, sent, most := make([]float64, len(all)), 0.0, 0
	for i := range all {
		sent += all[i].Value(metric.Sent)
		if missing[i] = due(all[i].T) - sent; missing[i] > missing[most] {
			most = i
		}
	}
	if missing[most] < 1 {
		return ""
	}
	first := most
	for first > 0 && missing[first-1] > max(10, missing[most]/100) {
		first--
	}
	return fmt.Sprintf("It fell behind after %s, and was furthest behind after %s: by %s messages.",
		elapsed(all[first].T-all[first].Seconds), elapsed(all[most].T), report.Count(uint64(missing[most])))
}

// stalled says when nothing moved, after a blank for each time.
func stalled(r *results.Result) (text string) {
	for _, s := range stalls(r) {
		text += fmt.Sprintf(" Nothing moved from %s to %s.", elapsed(s[0]), elapsed(s[1]))
	}
	return text
}

// stalls returns the times in which nothing moved although messages were due or on their way, from
// and to, in seconds from the start.
func stalls(r *results.Result) (all [][2]float64) {
	due := plan(r)
	moves := false // something moved after the last stall
	for i := range r.Series.Intervals {
		in := &r.Series.Intervals[i]
		from := in.T - in.Seconds
		moved := in.Sum(metric.Sent, metric.Confirmed, metric.Received) > 0
		wanted := in.Value(metric.Backlog) > 0 || in.Sending && (due == nil || due(in.T)-due(from) >= 5)
		still := !moved && wanted && in.Seconds >= 0.5
		switch n := len(all); {
		case still && n > 0 && all[n-1][1] >= from-0.01:
			all[n-1][1] = in.T
		case still:
			all = append(all, [2]float64{from, in.T})
		}
		moves = in.Sending || moved
	}
	if n := len(all); n > 0 && !moves {
		all = all[:n-1] // it waited for what is lost
	}
	return all
}
