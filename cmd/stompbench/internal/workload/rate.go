package workload

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/pacer"
)

// ParseRate parses a rate over time:
//
//	profile = segment *("," segment)
//	segment = rate [".." rate] [":" time]
//
// 10k is that rate all the time, 10k:30s,50k:30s are steps, 1k..50k:60s is a ramp. All segments
// have a time except the last, which may go on to the end of the run.
func ParseRate(s string) (pacer.Profile, error) {
	var out pacer.Profile
	parts := strings.Split(s, ",")
	for i, part := range parts {
		x, err := parseSegment(strings.TrimSpace(part))
		if err != nil {
			return nil, err
		}
		if x.Length == 0 && i < len(parts)-1 {
			return nil, fmt.Errorf("segment %q has no time and others follow it: write it like 10k:30s", part)
		}
		out = append(out, x)
	}
	return out, nil
}

func parseSegment(s string) (x pacer.Segment, err error) {
	rates, length, timed := strings.Cut(s, ":")
	if timed {
		if x.Length, err = ParseDuration(length); err != nil || x.Length <= 0 {
			return x, fmt.Errorf("the time of %q must be above 0, such as 30s", s)
		}
	}
	from, to, ramp := strings.Cut(rates, "..")
	if x.From, err = ParsePerSecond(from); err != nil {
		return x, err
	}
	x.To = x.From
	if ramp {
		if x.To, err = ParsePerSecond(to); err != nil {
			return x, err
		}
	}
	if x.From < 0 || x.To < 0 {
		return x, errors.New("a rate cannot be negative")
	}
	return x, nil
}

// FormatRate writes a profile as ParseRate reads it.
func FormatRate(p pacer.Profile) string {
	parts := make([]string, len(p))
	for i, s := range p {
		parts[i] = perSecond(s.From)
		if s.To != s.From {
			parts[i] += ".." + perSecond(s.To)
		}
		if s.Length > 0 {
			parts[i] += ":" + s.Length.String()
		}
	}
	return strings.Join(parts, ",")
}

func perSecond(rate float64) string { return strconv.FormatFloat(rate, 'f', -1, 64) }

// completeRate makes rate, ramp, duration and warm-up consistent.
func (p *Plan) completeRate() error {
	if p.Profile == nil && p.Rate != 0 {
		p.Profile = pacer.Constant(p.Rate)
	}
	if p.Profile == nil {
		return nil
	}
	last := &p.Profile[len(p.Profile)-1]
	length := p.Profile.Length()
	switch {
	case p.Profile.Max() == 0:
		return invalid("--rate 0 sends nothing: leave it out to send flat out, or raise it")
	case p.Profile.Max() > MaxRate || p.Profile.Max() != p.Profile.Max():
		return invalid("--rate goes up to %v: choose up to %v messages a second", p.Profile.Max(), MaxRate)
	case last.Length > 0 && p.DurationSet && p.Duration != length:
		return invalid("--rate lasts %v and --duration says %v: leave --duration out, or the time of the last part of --rate", length, p.Duration)
	case last.Length > 0:
		p.Duration = length
	case last.From == last.To && (len(p.Profile) == 1 || p.Duration == 0 && p.Count > 0):
		// the last rate goes on to the end of the run
	case p.Duration == 0, len(p.Profile) > 1 && !p.DurationSet:
		return invalid("the last part of --rate %s does not say how long it lasts: add a time, such as :60s, or set --duration", FormatRate(p.Profile))
	default:
		before := p.Profile[:len(p.Profile)-1].Length()
		if p.Duration <= before {
			return invalid("--duration %v is over before the last part of --rate begins: raise it above %v", p.Duration, before)
		}
		last.Length = p.Duration - before
	}
	p.Rate = p.Profile.Mean()
	return nil
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
