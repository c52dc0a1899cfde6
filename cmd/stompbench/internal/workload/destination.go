package workload

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"regexp"
	"strings"
)

// Range is the numbers First to Last, both included.
type Range struct{ First, Last int }

// ParseRange reads 10, which is 1..10, or 5..14.
func ParseRange(s string) (Range, error) {
	first, last, err := ends(s, Within("N", 0, math.MaxInt32))
	if !strings.Contains(s, "..") {
		first = 1
	}
	switch {
	case err != nil || first > last:
		return Range{}, errors.New("write how many, such as 10, or which, such as 5..14")
	case last-first >= MaxDestinations:
		return Range{}, fmt.Errorf("it is out of range: choose up to %d of them", MaxDestinations)
	}
	return Range{first, last}, nil
}

// Len returns how many numbers there are.
func (r Range) Len() int {
	if r == (Range{}) {
		return 0
	}
	return r.Last - r.First + 1
}

// String writes the range as ParseRange reads it.
func (r Range) String() string { return fmt.Sprintf("%d..%d", r.First, r.Last) }

var (
	// placeholder matches what stands for the number of a destination, misspelt what looks like it.
	placeholder = regexp.MustCompile(`%(0[1-9])?d`)
	misspelt    = regexp.MustCompile(`%[-+ #0-9.*]+d`)
	// topics matches destinations of which each subscriber gets every message: brokers agree on
	// /topic/, and RabbitMQ's exchanges give each subscriber a queue of its own.
	topics = regexp.MustCompile(`^(/topic/|topic://|/exchange/|jms\.topic\.)`)
)

// completeDestinations checks the destinations and sets how many a pattern stands for, if that was not
// given: one for each producer or, without producers, for each consumer.
func (p *Plan) completeDestinations() error {
	p.ConsumeFrom = cmp.Or(p.ConsumeFrom, p.PublishTo)
	for _, d := range []string{p.PublishTo, p.ConsumeFrom} {
		verb := misspelt.FindString(placeholder.ReplaceAllString(d, ""))
		if err := cmp.Or(
			refuse(d == "", "--publish-to is empty: name a destination such as /queue/stompbench"),
			refuse(strings.ContainsAny(d, "\x00\r\n"), "destination %q contains a line end or NUL: leave them out", d),
			refuse(verb != "", "destination %.64q has %.20s in it: write %%d for a number, or %%03d for one of three digits, up to %%09d", d, verb),
		); err != nil {
			return err
		}
	}
	given := p.Destinations.Len()
	patterns := p.Producers > 0 && p.PublishTargets().pattern() || p.Consumers > 0 && p.ConsumeTargets().pattern()
	if !patterns {
		p.Destinations = Range{1, 1}
	} else if given == 0 {
		p.Destinations = Range{1, cmp.Or(p.Producers, p.Consumers)}
	}
	n := p.Destinations.Len()
	err := cmp.Or(
		refuse(!patterns && given > 1, "--destinations is %d and there is no %%d in %s to put the number in: write it like /queue/load-%%d", given, p.PublishTo),
		refuse(p.Count > 0 && p.Producers == 0 && p.Delivery == Each && n > 1, "--count cannot be divided among %d topics without producers: set --duration instead", n),
	)
	switch guess := p.Delivery == "" || p.Delivery == Guess; {
	case guess && topics.MatchString(p.ConsumeFrom):
		p.Delivery = Each
	case guess:
		p.Delivery = Shared
	}
	return err
}

// Targets are the destinations that a name stands for: itself or, if it has a placeholder, one for
// each number.
type Targets struct {
	name    string
	numbers Range
}

// PublishTargets and ConsumeTargets are the destinations that are sent to and subscribed to.
func (p *Plan) PublishTargets() Targets { return Targets{p.PublishTo, p.Destinations} }

// ConsumeTargets: see PublishTargets.
func (p *Plan) ConsumeTargets() Targets { return Targets{p.ConsumeFrom, p.Destinations} }

func (t Targets) pattern() bool { return placeholder.MatchString(t.name) }

// Len returns how many there are.
func (t Targets) Len() int {
	if !t.pattern() {
		return 1
	}
	return t.numbers.Len()
}

// Name returns the name of destination i, from 0.
func (t Targets) Name(i int) string {
	return placeholder.ReplaceAllStringFunc(t.name, func(verb string) string { return fmt.Sprintf(verb, t.numbers.First+i) })
}

// Number returns a number that tells destination i from others of the same pattern, in any process; 0
// if there is but one.
func (t Targets) Number(i int) uint32 {
	if !t.pattern() {
		return 0
	}
	return uint32(t.numbers.First+i) + 1 // the range may start at 0
}

// Paired reports whether messages to destination i are received from destination i alone. Otherwise
// they are received from all: an exchange, or a wildcard.
func (p *Plan) Paired() bool { return p.PublishTargets().pattern() == p.ConsumeTargets().pattern() }

// Share returns which of n destinations worker i of several has: those assigned to it, or one that
// it shares with others if there are more workers.
func Share(worker, workers, n int) (out []int) {
	if workers >= n {
		return []int{worker % n}
	}
	for d := worker; d < n; d += workers {
		out = append(out, d)
	}
	return out
}
