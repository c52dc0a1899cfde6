package histo

import (
	"iter"
	"time"
)

// Bars yields the values that were recorded, in ascending order and to three
// digits, with how many samples each stands for.
func (h *Histogram) Bars() iter.Seq2[time.Duration, uint64] {
	return func(yield func(time.Duration, uint64) bool) {
		for _, bar := range h.hdr.Distribution() {
			if bar.Count > 0 && !yield(time.Duration(bar.To), uint64(bar.Count)) {
				return
			}
		}
	}
}

// Over returns how many samples lie above d, to three digits.
func (h *Histogram) Over(d time.Duration) (n uint64) {
	if h.Max() <= d {
		return 0
	}
	for value, count := range h.Bars() {
		if value > d {
			n += count
		}
	}
	return n
}
