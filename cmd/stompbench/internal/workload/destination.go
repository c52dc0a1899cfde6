package workload

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// Range is the numbers First to Last, both included.
type Range struct{ First, Last int }

// ParseRange parses 10, which is 1..10, or 5..14.
func ParseRange(s string) (Range, error) {
	bad := errors.New("write how many, such as 10, or which, such as 5..14")
	from, to, ranged := strings.Cut(s, "..")
	if !ranged {
		from, to = "1", s
	}
	first, err1 := ParseCount(from)
	last, err2 := ParseCount(to)
	if err1 != nil || err2 != nil || first > last || last > 1<<31 {
		return Range{}, bad
	}
	return Range{int(first), int(last)}, nil
}

// Len returns how many numbers there are.
func (r Range) Len() int {
	if r == (Range{}) {
		return 0
	}
	return r.Last - r.First + 1
}

// String writes the range as ParseRange reads it.
func (r Range) String() string { return strconv.Itoa(r.First) + ".." + strconv.Itoa(r.Last) }

// number matches the placeholder of a destination's number: %d, or %03d.
var number = regexp.MustCompile(`%(0[1-9])?d`)

// isPattern reports whether a destination has a placeholder.
func isPattern(destination string) bool { return number.MatchString(destination) }

// expand puts the number n into a destination.
func expand(destination string, n int) string {
	return number.ReplaceAllStringFunc(destination, func(verb string) string { return fmt.Sprintf(verb, n) })
}

// completeDestinations sets how many destinations a pattern stands for, if that was not given: one
// for each producer or, without producers, for each consumer.
func (p *Plan) completeDestinations() error {
	if p.ConsumeFrom == "" {
		p.ConsumeFrom = p.PublishTo
	}
	patterns := p.Producers > 0 && isPattern(p.PublishTo) || p.Consumers > 0 && isPattern(p.ConsumeFrom)
	switch {
	case !patterns && p.Destinations.Len() > 1:
		return invalid("--destinations is %v and there is no %%d in %s to put the number in: write it like /queue/load-%%d", p.Destinations, p.PublishTo)
	case !patterns:
		p.Destinations = Range{1, 1}
	case p.Destinations.Len() == 0:
		n := p.Producers
		if n == 0 {
			n = p.Consumers
		}
		p.Destinations = Range{1, n}
	}
	switch n := p.Destinations.Len(); {
	case n > MaxDestinations:
		return invalid("--destinations is %v: choose up to %d", p.Destinations, MaxDestinations)
	case p.Count > 0 && p.Producers == 0 && p.Delivery == Each && n > 1:
		return invalid("--count cannot be divided among %d topics without producers: set --duration instead", n)
	}
	return nil
}

// PublishTargets returns how many destinations are sent to.
func (p *Plan) PublishTargets() int {
	if !isPattern(p.PublishTo) {
		return 1
	}
	return p.Destinations.Len()
}

// ConsumeTargets returns how many destinations are subscribed to.
func (p *Plan) ConsumeTargets() int {
	if !isPattern(p.ConsumeFrom) {
		return 1
	}
	return p.Destinations.Len()
}

// PublishName and ConsumeName return the name of destination i, from 0.
func (p *Plan) PublishName(i int) string { return expand(p.PublishTo, p.Destinations.First+i) }

// ConsumeName: see PublishName.
func (p *Plan) ConsumeName(i int) string { return expand(p.ConsumeFrom, p.Destinations.First+i) }

// PublishNumber and ConsumeNumber return a number that tells destination i from others
// of the same pattern, in any process; 0 if there is but one.
func (p *Plan) PublishNumber(i int) uint32 { return p.number(p.PublishTo, i) }

// ConsumeNumber: see PublishNumber.
func (p *Plan) ConsumeNumber(i int) uint32 { return p.number(p.ConsumeFrom, i) }

func (p *Plan) number(destination string, i int) uint32 {
	if !isPattern(destination) {
		return 0
	}
	return uint32(p.Destinations.First+i) + 1 // the range may start at 0
}

// Paired reports whether messages to destination i are received from destination i alone. Otherwise
// they are received from all: an exchange, or a wildcard.
func (p *Plan) Paired() bool { return isPattern(p.PublishTo) == isPattern(p.ConsumeFrom) }

// Share returns which of n destinations worker i of several has: those assigned to it, or one that
// it shares with others if there are more workers.
func Share(worker, workers, n int) []int {
	if workers >= n {
		return []int{worker % n}
	}
	var out []int
	for d := worker; d < n; d += workers {
		out = append(out, d)
	}
	return out
}
