package find

import (
	"cmp"
	"slices"
)

// Verdict is the outcome of a step, or of all steps at one rate.
type Verdict string

// The verdicts.
const (
	Passed    Verdict = "pass"
	Failed    Verdict = "fail"
	Generator Verdict = "generator" // it failed because of the generator
	Undecided Verdict = "undecided" // of a rate: it has both passed and failed
)

// Rate is a rate with the number of its tries and their outcomes.
type Rate struct {
	Rate      float64 `json:"rate_per_s"`
	Passed    int     `json:"passed"`
	Failed    int     `json:"failed"`
	Generator int     `json:"generator_limited"` // failed by the generator
	Verdict   Verdict `json:"verdict"`
}

// Tries is how often it was tried.
func (r *Rate) Tries() int { return r.Passed + r.Failed + r.Generator }

// told is the number of tries that say something about the broker.
func (r *Rate) told() int { return r.Passed + r.Failed }

// bad is the number of tries that did not pass. Failures by the generator count only if there are
// no other tries.
func (r *Rate) bad() int {
	if r.Passed > 0 {
		return r.Failed
	}
	return r.Failed + r.Generator
}

func (r *Rate) verdict() Verdict {
	switch {
	case r.Passed > 0 && r.Failed > 0:
		return Undecided
	case r.Passed > 0:
		return Passed
	case r.Generator > r.Failed:
		return Generator
	}
	return Failed
}

// tally adds up the steps by rate, the lowest first.
func tally(steps []Step) []Rate {
	byRate := make(map[float64]*Rate)
	for i := range steps {
		s := &steps[i]
		r := byRate[s.Rate]
		if r == nil {
			r = &Rate{Rate: s.Rate}
			byRate[s.Rate] = r
		}
		switch s.Verdict() {
		case Passed:
			r.Passed++
		case Failed:
			r.Failed++
		default:
			r.Generator++
		}
	}
	rates := make([]Rate, 0, len(byRate))
	for _, r := range byRate {
		r.Verdict = r.verdict()
		rates = append(rates, *r)
	}
	slices.SortFunc(rates, func(a, b Rate) int { return cmp.Compare(a.Rate, b.Rate) })
	return rates
}

// bounds are the rates between which the knee lies, as far as the steps say.
type bounds struct {
	lo, hi *Rate  // the highest that only passed and the lowest that only failed; nil for none
	within []Rate // the rates in between, whose steps contradict each other
}

// boundsOf cuts the rates in two where the fewest steps contradict that lower rates pass and higher
// ones fail. If several cuts are equally good, all of them are within the bounds. A rate that did
// both is not a bound.
func boundsOf(rates []Rate) bounds {
	against := 0
	for i := range rates {
		against += rates[i].Passed
	}
	least, first, last := against, 0, 0
	for i := range rates {
		against += rates[i].bad() - rates[i].Passed
		switch {
		case against < least:
			least, first, last = against, i+1, i+1
		case against == least:
			last = i + 1
		}
	}
	var b bounds
	lo, hi := first-1, last
	for lo >= 0 && rates[lo].bad() > 0 {
		lo--
	}
	for hi < len(rates) && rates[hi].Passed > 0 {
		hi++
	}
	if lo >= 0 {
		b.lo = &rates[lo]
	}
	if hi < len(rates) {
		b.hi = &rates[hi]
	}
	b.within = rates[lo+1 : hi]
	return b
}
