package find

import "math"

// lowest is how far below From the search goes, as a share of it.
const lowest = 1.0 / 1024

// bounds are the rates between which the knee lies, as far as the steps say.
type bounds struct {
	lo, hi *Rate  // the highest that only passed and the lowest that only failed; nil for none
	within []Rate // the rates in between, whose steps contradict each other
}

// boundsOf cuts the rates in two where the fewest steps contradict that lower rates pass and higher
// ones fail. If several cuts are equally good, all of them are within the bounds. A rate that did
// both is not a bound.
func boundsOf(rates []Rate) (b bounds) {
	against, least, lo, hi := 0, 0, -1, 0 // relative to a cut below all rates
	for i := range rates {
		if against += rates[i].bad() - rates[i].Passed; against < least {
			least, lo = against, i
		}
		if against == least {
			hi = i + 1
		}
	}
	for lo >= 0 && rates[lo].bad() > 0 {
		lo--
	}
	for hi < len(rates) && rates[hi].Passed > 0 {
		hi++
	}
	b.within = rates[lo+1 : hi]
	if lo >= 0 {
		b.lo = &rates[lo]
	}
	if hi < len(rates) {
		b.hi = &rates[hi]
	}
	return b
}

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
	switch hi := b.hi; {
	case hi != nil && !s.confirmed(hi) && (s.confirmed(b.lo) || hi.Tries() < b.lo.Tries()):
		return Repeat, hi.Rate, ""
	case !s.confirmed(b.lo):
		return Repeat, b.lo.Rate, ""
	case hi == nil:
		return "", 0, AtTop
	case hi.Verdict == Generator:
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
	rate, fewest := 0.0, math.MaxInt
	for i := range b.within {
		if r := &b.within[i]; r.Verdict != Undecided && !s.confirmed(r) && r.Tries() < fewest {
			rate, fewest = r.Rate, r.Tries()
		}
	}
	return rate
}

// gap returns the middle of a gap that is too wide, 0 if there is none: between the bounds, or
// between a bound and an undecided rate.
func (s *search) gap(b bounds) float64 {
	next, before := b.hi, b.lo
	if n := len(b.within); n > 0 {
		next, before = &b.within[0], &b.within[n-1]
	}
	for _, x := range [][2]*Rate{{b.lo, next}, {before, b.hi}} {
		if x[1] != nil && x[1].Rate/x[0].Rate > 1+s.Within {
			return math.Sqrt(x[0].Rate * x[1].Rate)
		}
	}
	return 0
}

// confirmed reports whether a rate was tried as often as required. Tries that the generator failed
// are repeated, up to a limit, unless there are no others.
func (s *search) confirmed(r *Rate) bool {
	enough := 1 + s.Repeats
	return r.told() >= enough || r.Generator >= enough && (r.told() == 0 || r.Tries() >= 2*enough)
}
