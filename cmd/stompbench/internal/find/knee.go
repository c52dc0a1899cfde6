package find

import "math"

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
	// farthest is how far beyond the bounds the knee may lie, as a factor; open is the factor from
	// which an end counts as open.
	farthest, open = 4.0, 1.5
)

// kneeOf computes the interval. Rates are in order.
func kneeOf(rates []Rate, within float64) Knee {
	var told []Rate    // rates with steps that say something
	var logs []float64 // of their rates
	for _, r := range rates {
		if r.told() > 0 {
			told, logs = append(told, r), append(logs, math.Log(r.Rate))
		}
	}
	if len(told) == 0 || !(within > 0) || !(told[0].Rate > 0) {
		return Knee{}
	}
	bottom, top := told[0].Rate, told[len(told)-1].Rate
	if b := boundsOf(told); b.lo != nil && b.hi != nil {
		bottom, top = b.lo.Rate, b.hi.Rate
	}
	from, to := math.Log(bottom/farthest), math.Log(top*farthest)
	n := int(min(mostPlace, math.Ceil((to-from)/within*perWithin)))
	at := func(i int) float64 { return from + (to-from)*float64(i)/float64(n) }
	chance := make([]float64, n+1) // of each place, all widths together
	sum, narrowest := 0.0, min(within/10, widest)
	for w := range widths {
		width := narrowest * math.Pow(widest/narrowest, float64(w)/(widths-1))
		for i := range chance {
			p := likelihood(told, logs, at(i), width)
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
	k := Knee{Low: quantile((1 - sure) / 2), High: quantile((1 + sure) / 2), Sure: sure}
	return k.bounded(told, quantile(0.5))
}

// bounded removes bounds that only follow from the assumptions about rates that were not tried.
func (k Knee) bounded(told []Rate, likely float64) Knee {
	passed, failed := 0, 0
	for _, r := range told {
		passed += r.Passed
		failed += r.Failed
	}
	bottom, top := told[0].Rate, told[len(told)-1].Rate
	if k.Low = min(k.Low, top); passed == 0 || k.Low < bottom/open {
		k.Low = 0
	}
	if k.High = max(k.High, bottom); failed == 0 || k.High > top*open {
		k.High = 0
	}
	if k.Low > 0 && k.High > 0 {
		k.Likely = likely
	}
	return k
}

// likelihood is the probability of the observed steps if the knee has this place and width. logs
// are the logarithms of the rates; knee is a logarithm, too.
func likelihood(rates []Rate, logs []float64, knee, width float64) float64 {
	all := 1.0
	for i := range rates {
		fails := wayward + (1-2*wayward)/(1+math.Exp((knee-logs[i])/width))
		for range rates[i].Failed {
			all *= fails
		}
		for range rates[i].Passed {
			all *= 1 - fails
		}
	}
	return all
}
