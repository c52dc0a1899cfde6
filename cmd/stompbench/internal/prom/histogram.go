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

// bounds are the upper bounds in seconds of the classic buckets; one more is above.
var bounds = []float64{
	1e-5, 2.5e-5, 1e-4, 2.5e-4, 1e-3, 2.5e-3, 5e-3, 1e-2, 2.5e-2, 5e-2, 0.1, 0.25, 0.5, 1, 2.5, 10, 60,
}

// histogram is a latency distribution as a metric: the native one, with classic buckets.
type histogram struct {
	prometheus.Metric
	classic []*dto.Bucket
}

// newHistogram makes the metric of h as it stands.
func newHistogram(desc *prometheus.Desc, h *histo.Histogram, since time.Time) (prometheus.Metric, error) {
	var (
		zero    uint64
		sum     float64
		native  = map[int]int64{} // by index: bucket i ends at 2^(i/2^schema), inclusive
		classic []*dto.Bucket
	)
	for i := range bounds {
		classic = append(classic, &dto.Bucket{UpperBound: &bounds[i], CumulativeCount: new(uint64)})
	}
	for value, n := range h.Bars() {
		seconds := value.Seconds()
		sum += seconds * float64(n)
		if value == 0 {
			zero += n
		} else {
			native[int(math.Ceil(math.Log2(seconds)*(1<<schema)))] += int64(n)
		}
		for _, b := range classic {
			if seconds <= *b.UpperBound {
				*b.CumulativeCount += n
			}
		}
	}
	m, err := prometheus.NewConstNativeHistogram(desc, h.Count(), sum, native, nil, zero, schema, 1e-9, since)
	return histogram{m, classic}, err
}

// Write adds the classic buckets to the native histogram; a scraper uses those that it supports.
func (h histogram) Write(out *dto.Metric) error {
	err := h.Metric.Write(out)
	if err == nil {
		out.Histogram.Bucket = h.classic
	}
	return err
}
