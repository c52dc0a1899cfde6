package find

import "math"

// next decides on the next step, or says why there is none.
func (s *search) next() (phase Phase, rate float64, ended string) {
	if len(s.Steps) == 0 {
		return Climb, min(s.From, s.To), ""
	}
	b := boundsOf(s.Rates)
	if r := s.again(b); r > 0 {
		return Repeat, r, ""
	}
	bottom, top := s.Rates[0].Rate, s.Rates[len(s.Rates)-1].Rate
	switch {
	case b.hi == nil && top < s.To:
		return Climb, min(2*top, s.To), ""
	case b.lo == nil && bottom/2 >= s.From*lowest:
		return Climb, bottom / 2, ""
	case b.lo == nil:
		return "", 0, TooSlow
	}
	if r := s.gap(b); r > 0 {
		return Narrow, r, ""
	}
	if r := s.unconfirmed(b); r > 0 {
		return Repeat, r, ""
	}
	switch {
	case b.hi == nil:
		return "", 0, AtTop
	case b.hi.Verdict == Generator:
		return "", 0, ByLimit
	}
	return "", 0, Found
}

// again returns a rate to try again at once, 0 for none: a rate whose first try the generator
// failed, because the machine may have been busy just then; or a rate that contradicts other rates
// as often as they contradict it.
func (s *search) again(b bounds) float64 {
	last := s.Steps[len(s.Steps)-1]
	if last.GeneratorLimited && s.At(last.Rate).Tries() == 1 {
		return last.Rate
	}
	rate := Rate{Passed: math.MaxInt32}
	for i := range b.within {
		if r := &b.within[i]; r.Verdict != Undecided && !s.confirmed(r) && r.Tries() < rate.Tries() {
			rate = *r
		}
	}
	return rate.Rate
}

// gap returns the middle of a gap that is too wide, 0 if there is none: between the bounds, or
// between a bound and an undecided rate.
func (s *search) gap(b bounds) float64 {
	if len(b.within) == 0 {
		return s.middle(b.lo, b.hi)
	}
	if r := s.middle(b.lo, &b.within[0]); r > 0 {
		return r
	}
	return s.middle(&b.within[len(b.within)-1], b.hi)
}

func (s *search) middle(lo, hi *Rate) float64 {
	if lo == nil || hi == nil || hi.Rate/lo.Rate <= 1+s.Within {
		return 0
	}
	return math.Sqrt(lo.Rate * hi.Rate)
}

// unconfirmed returns the bound that was not tried often enough, the one with fewer tries first; 0
// if both were.
func (s *search) unconfirmed(b bounds) float64 {
	lo, hi := b.lo, b.hi
	switch {
	case hi != nil && !s.confirmed(hi) && (s.confirmed(lo) || hi.Tries() < lo.Tries()):
		return hi.Rate
	case !s.confirmed(lo):
		return lo.Rate
	}
	return 0
}

// confirmed reports whether a rate was tried as often as required. Tries that the generator failed
// are repeated, up to a limit, unless there are no others.
func (s *search) confirmed(r *Rate) bool {
	enough := 1 + s.Repeats
	return r.told() >= enough || r.Generator >= enough && (r.told() == 0 || r.Tries() >= 2*enough)
}
