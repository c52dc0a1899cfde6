package series

import "slices"

// Thin returns the series with neighbouring intervals joined until it has at most that many.
// Percentiles are those of the joined samples. s is left as it is.
func (s *Series) Thin(most int) *Series {
	thin := &Series{Step: s.Step, Intervals: slices.Clone(s.Intervals)}
	for len(thin.Intervals) > max(1, most) {
		thin.widen()
	}
	return thin
}

// widen joins pairs of neighbouring intervals.
func (s *Series) widen() {
	all := s.Intervals
	half := all[:0]
	for i := 0; i < len(all); i += 2 {
		joined := all[i]
		if i+1 < len(all) {
			joined.append(&all[i+1])
		}
		half = append(half, joined)
	}
	clear(all[len(half):])
	s.Intervals = half
	s.Step *= 2
}
