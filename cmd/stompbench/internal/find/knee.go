package find

import (
	"math"
	"slices"
)

// Knee is the interval of the rate at which half of the steps would fail: see the package comment.
// A bound is 0 if no step says anything about it: beyond the highest rate that was tried, or below
// the lowest.
type Knee struct {
	Low    float64 `json:"low_per_s"`
	High   float64 `json:"high_per_s"`
	Likely float64 `json:"likely_per_s"` // the median; 0 unless there are both bounds
	Sure   float64 `json:"sure"`         // the probability that the knee lies within the bounds
}

const (
	sure      = 0.9
	wayward   = 0.05 // the share of steps with the opposite result, whatever the rate
	widest    = 1.0 / 3
	widths    = 12
	perWithin = 8     // places in the gap to stop at
	mostPlace = 4_000 // at most, however small the gap is
	farthest  = 4.0   // how far beyond the bounds the knee may lie, as a factor
	open      = 1.5   // the factor from which an end counts as open
)

// kneeOf computes the interval. Rates are in order.
func kneeOf(rates []Rate, within float64) Knee {
	told := slices.DeleteFunc(slices.Clone(rates), func(r Rate) bool { return r.told() == 0 })
	if len(told) == 0 || !(within > 0) || !(told[0].Rate > 0) {
		return Knee{}
	}
	lowest, highest := told[0].Rate, told[len(told)-1].Rate
	bottom, top := lowest, highest
	if b := boundsOf(told); b.lo != nil && b.hi != nil {
		bottom, top = b.lo.Rate, b.hi.Rate
	}
	low, likely, high := posterior(told, math.Log(bottom/farthest), math.Log(top*farthest), within)
	// A bound far from all steps only follows from the assumptions of the model.
	k := Knee{Low: min(low, highest), High: max(high, lowest), Sure: sure}
	if !slices.ContainsFunc(told, func(r Rate) bool { return r.Passed > 0 }) || k.Low < lowest/open {
		k.Low = 0
	}
	if !slices.ContainsFunc(told, func(r Rate) bool { return r.Failed > 0 }) || k.High > highest*open {
		k.High = 0
	}
	if k.Low > 0 && k.High > 0 {
		k.Likely = likely
	}
	return k
}

// posterior returns the quantiles of the knee, whose logarithm lies between from and to: the ends of
// the interval and the median.
func posterior(told []Rate, from, to, within float64) (low, median, high float64) {
	n := int(min(mostPlace, math.Ceil((to-from)/within*perWithin)))
	at := func(i int) float64 { return from + (to-from)*float64(i)/float64(n) }
	chance := make([]float64, n+1) // of each place, all widths together
	sum, narrowest := 0.0, min(within/10, widest)
	for w := range widths {
		width := narrowest * math.Pow(widest/narrowest, float64(w)/(widths-1))
		for i := range chance {
			p := likelihood(told, at(i), width)
			chance[i] += p
			sum += p
		}
	}
	quantile := func(q float64) float64 {
		left := q * sum
		for i, p := range chance {
			if left -= p; left <= 0 {
				return math.Exp(at(i))
			}
		}
		return math.Exp(to)
	}
	return quantile((1 - sure) / 2), quantile(0.5), quantile((1 + sure) / 2)
}

// likelihood is the probability of the observed steps if the knee has this logarithm and width.
func likelihood(rates []Rate, knee, width float64) float64 {
	all := 1.0
	for i := range rates {
		r := &rates[i]
		fails := wayward + (1-2*wayward)/(1+math.Exp((knee-math.Log(r.Rate))/width))
		all *= math.Pow(fails, float64(r.Failed)) * math.Pow(1-fails, float64(r.Passed))
	}
	return all
}
