package workload

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/pacer"
)

// ParseRate reads a rate over time:
//
//	profile = segment *("," segment)
//	segment = rate [".." rate] [":" time]
//
// 10k is that rate all the time, 10k:30s,50k:30s are steps, 1k..50k:60s is a ramp. All segments
// have a time except the last, which may go on to the end of the run.
func ParseRate(s string) (out pacer.Profile, err error) {
	var total time.Duration
	open := false
	err = items(s, func(rates, length string, timed bool) (err error) {
		if open {
			return errors.New("only its last part may be without a time: write the others like 10k:30s")
		}
		open = !timed
		var x pacer.Segment
		if x.From, x.To, err = ends(rates, Within("RATE", 0.0, MaxRate)); err != nil {
			return err
		}
		if timed {
			if x.Length, err = Within("TIME", 1, MaxTime)(length); err != nil {
				return fmt.Errorf("the time of %.64q must be above 0, such as 30s", rates)
			}
		}
		if total += x.Length; total > MaxTime {
			return fmt.Errorf("its parts last too long: choose up to %.0fh in all", MaxTime.Hours())
		}
		out = append(out, x)
		return nil
	})
	return out, err
}

// FormatRate writes a profile as ParseRate reads it.
func FormatRate(p pacer.Profile) string {
	parts := make([]string, len(p))
	for i, s := range p {
		parts[i] = span(s.From, s.To)
		if s.Length > 0 {
			parts[i] += ":" + s.Length.String()
		}
	}
	return strings.Join(parts, ",")
}

// completeRate makes rate, duration and warm-up consistent.
func (p *Plan) completeRate() error {
	if p.Profile == nil && p.Rate != 0 {
		p.Profile = pacer.Constant(p.Rate)
	}
	if p.Profile == nil {
		return nil
	}
	last := &p.Profile[len(p.Profile)-1]
	length, before := p.Profile.Length(), p.Profile[:len(p.Profile)-1].Length()
	toTheEnd := last.Length == 0 && last.From == last.To && (len(p.Profile) == 1 || p.Duration == 0 && p.Count > 0)
	open := last.Length == 0 && !toTheEnd
	err := cmp.Or(
		refuse(p.Profile.Max() == 0, "--rate 0 sends nothing: leave it out to send flat out, or raise it"),
		refuse(last.Length > 0 && p.DurationSet && p.Duration != length,
			"--rate lasts %v and --duration says %v: leave --duration out, or the time of the last part of --rate", length, p.Duration),
		refuse(open && (p.Duration == 0 || len(p.Profile) > 1 && !p.DurationSet),
			"the last part of --rate %s does not say how long it lasts: add a time, such as :60s, or set --duration", FormatRate(p.Profile)),
		refuse(open && p.Duration <= before, "--duration %v is over before the last part of --rate begins: raise it above %v", p.Duration, before),
	)
	if last.Length > 0 {
		p.Duration = length
	} else if open {
		last.Length = p.Duration - before
	}
	p.Rate = p.Profile.Mean()
	return err
}

// Schedule returns the share of one producer in the stream of messages that begins, with the
// warm-up, at start. The warm-up has the first rate of the profile.
func (p *Plan) Schedule(start int64, producer int) *pacer.Schedule {
	profile := p.Profile
	if p.Warmup > 0 {
		rate := profile[0].From
		profile = append(pacer.Profile{{From: rate, To: rate, Length: p.Warmup}}, profile...)
	}
	return pacer.NewSchedule(start, profile, producer, p.Producers)
}
