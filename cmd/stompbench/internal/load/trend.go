package load

import "slices"

// trend records a value over time in bounded memory: when it is full it drops every other value,
// and records half as often from then on. Its owner guards it.
type trend struct {
	values []valueAt
	apart  int64 // the minimum time between two values, in nanoseconds
}

type valueAt struct {
	at    int64 // nanoseconds
	value float64
}

const (
	// trendRoom is how many values a trend holds: enough for the shape of a run, and few enough to look
	// at every pair of them at the end.
	trendRoom = 256
	tooFew    = 10 // values for a meaningful slope
)

func (t *trend) add(at int64, value float64) {
	if len(t.values) == trendRoom {
		kept := t.values[:0]
		for i := 0; i < trendRoom; i += 2 {
			kept = append(kept, t.values[i])
		}
		t.values = kept
		t.apart = (kept[len(kept)-1].at - kept[0].at) / int64(len(kept)-1)
	}
	if n := len(t.values); n == 0 || at-t.values[n-1].at >= t.apart {
		t.values = append(t.values, valueAt{at, value})
	}
}

// before returns the latest value up to at, or the first; 0 if there is none.
func (t *trend) before(at int64) (value float64) {
	for i, v := range t.values {
		if i == 0 || v.at <= at {
			value = v.value
		}
	}
	return value
}

// slope returns by how much the value grows per second; known is false if there are too few values.
//
// It is the median of the slopes between all pairs of values (Theil-Sen). A stall of the machine, a
// garbage collection or a burst at one end hardly moves the median as long as it takes less than
// about a quarter of the time. Least squares would weigh it by its square, and most at the ends.
func (t *trend) slope() (perSecond float64, known bool) {
	if len(t.values) < tooFew {
		return 0, false
	}
	slopes := make([]float64, 0, len(t.values)*(len(t.values)-1)/2)
	for i, a := range t.values {
		for _, b := range t.values[i+1:] {
			if b.at > a.at {
				slopes = append(slopes, (b.value-a.value)/float64(b.at-a.at)*1e9)
			}
		}
	}
	n := len(slopes)
	if n == 0 {
		return 0, false
	}
	slices.Sort(slopes)
	return (slopes[(n-1)/2] + slopes[n/2]) / 2, true
}
