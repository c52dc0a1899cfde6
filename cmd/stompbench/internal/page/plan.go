package page

import (
	"fmt"
	"time"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/metric"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/pacer"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/report"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/results"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/workload"
)

// schedule is how many messages the plan of a run wants sent by when.
type schedule struct {
	profile pacer.Profile
	scale   float64 // of its rates: the profile of a merged run is that of a part
	end     float64 // seconds from the start; 0 for none
	count   float64 // 0 for no bound
}

// scheduleOf returns the schedule of a run with a rate; ok is false for others.
func scheduleOf(r *results.Result) (s schedule, ok bool) {
	p := &r.Plan
	if p.RatePerSec <= 0 || p.Producers == 0 {
		return s, false
	}
	profile, err := workload.ParseRate(p.RateProfile)
	if err != nil || profile.Mean() <= 0 {
		profile = pacer.Constant(p.RatePerSec) // of an older version
	}
	s = schedule{scale: p.RatePerSec / profile.Mean(), count: float64(p.Count)}
	if p.WarmupSec > 0 {
		s.profile = pacer.Profile{{From: profile[0].From, To: profile[0].From, Length: seconds(p.WarmupSec)}}
	}
	s.profile = append(s.profile, profile...)
	if p.DurationSec > 0 {
		s.end = p.WarmupSec + p.DurationSec
	}
	return s, true
}

// by returns how many messages are due by t, in seconds from the start.
func (s *schedule) by(t float64) (due float64) {
	if s.end > 0 {
		t = min(t, s.end)
	}
	for _, x := range s.profile {
		d := t
		if length := x.Length.Seconds(); length > 0 {
			d = min(t, length)
			due += d * d * (x.To - x.From) / length / 2
		}
		due += d * x.From
		if t -= d; t <= 0 {
			break
		}
	}
	due *= s.scale
	if s.count > 0 {
		due = min(due, s.count)
	}
	return due
}

// behind says when a run fell behind its plan, "" if it did not.
func behind(r *results.Result) string {
	s, ok := scheduleOf(r)
	if !ok || r.Count(metric.Unsent) == 0 {
		return ""
	}
	all := r.Series.Intervals
	missing, sent, most := make([]float64, len(all)), 0.0, 0
	for i := range all {
		sent += all[i].Value(metric.Sent)
		missing[i] = s.by(all[i].T) - sent
		if missing[i] > missing[most] {
			most = i
		}
	}
	if len(all) == 0 || missing[most] < 1 {
		return ""
	}
	first := most
	for first > 0 && missing[first-1] > max(10, missing[most]/100) {
		first--
	}
	return fmt.Sprintf("It fell behind after %s, and was furthest behind after %s: by %s messages.",
		elapsed(all[first].T-all[first].Seconds), elapsed(all[most].T), report.Count(uint64(missing[most])))
}

// stalls returns the times in which nothing moved although messages were due or on their way, from
// and to, in seconds from the start.
func stalls(r *results.Result) (all [][2]float64) {
	s, paced := scheduleOf(r)
	moves := false // something moved after the last stall
	for i := range r.Series.Intervals {
		in := &r.Series.Intervals[i]
		from := in.T - in.Seconds
		wanted := in.Value(metric.Backlog) > 0 || in.Sending && (!paced || s.by(in.T)-s.by(from) >= 5)
		if in.Sum(metric.Sent, metric.Confirmed, metric.Received) > 0 || !wanted || in.Seconds < 0.5 {
			moves = in.Sending || in.Sum(metric.Sent, metric.Confirmed, metric.Received) > 0
			continue
		}
		if n := len(all); n > 0 && all[n-1][1] >= from-0.01 {
			all[n-1][1] = in.T
		} else {
			all = append(all, [2]float64{from, in.T})
		}
		moves = in.Sending
	}
	if n := len(all); n > 0 && !moves {
		all = all[:n-1] // it waited for what is lost
	}
	return all
}

func elapsed(s float64) string { return report.Elapsed(seconds(s).Round(100 * time.Millisecond)) }

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
