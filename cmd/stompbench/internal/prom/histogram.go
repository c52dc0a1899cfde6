package prom

import (
	"math"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/histo"
)

// schema of the native histograms: 2^3 buckets for each doubling, so each is at most 9 % wide.
// HdrHistogram's buckets are much narrower.
const schema = 3

// classic are the upper bounds in seconds of the classic buckets: two for each
// power of ten, and one more above.
var classic = []float64{
	1e-5, 2.5e-5, 1e-4, 2.5e-4, 1e-3, 2.5e-3, 5e-3, 1e-2, 2.5e-2, 5e-2, 0.1, 0.25, 0.5, 1, 2.5, 10, 60,
}

// histogram is a latency distribution as a metric, native and classic.
type histogram struct {
	prometheus.Metric // the native one
	classic           []uint64
}

// newHistogram makes the metric of h as it stands.
func newHistogram(desc *prometheus.Desc, h *histo.Histogram, since time.Time) (prometheus.Metric, error) {
	var (
		zero, count uint64
		sum         float64
		buckets     = map[int]int64{}
		cumulative  = make([]uint64, len(classic))
	)
	for value, n := range h.Bars() {
		seconds := value.Seconds()
		count += n
		sum += seconds * float64(n)
		if value == 0 {
			zero += n
		} else {
			buckets[bucketOf(seconds)] += int64(n)
		}
		for i := range classic {
			if seconds <= classic[i] {
				cumulative[i] += n
			}
		}
	}
	native, err := prometheus.NewConstNativeHistogram(desc, count, sum, buckets, nil, zero, schema, 1e-9, since)
	return histogram{native, cumulative}, err
}

// bucketOf returns the index of the native bucket that contains v: bucket i ends at 2^(i/2^schema),
// inclusive.
func bucketOf(v float64) int {
	return int(math.Ceil(math.Log2(v) * (1 << schema)))
}

// Write adds the classic buckets to the native histogram; a scraper uses those that it supports.
func (h histogram) Write(out *dto.Metric) error {
	if err := h.Metric.Write(out); err != nil {
		return err
	}
	for i := range classic {
		out.Histogram.Bucket = append(out.Histogram.Bucket, &dto.Bucket{UpperBound: &classic[i], CumulativeCount: &h.classic[i]})
	}
	return nil
}
