package compare

import (
	"math"
	"sort"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/histo"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/metric"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/results"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/series"
)

// distribution is all latencies of one kind of a side.
type distribution struct {
	upTo        []uint64                       // how many samples are in the buckets up to each
	censored    float64                        // the share of the samples that are lower bounds
	percentiles [numPercentiles + 1]percentile // and the maximum
}

// percentile is the value that a share of the samples does not exceed, as the report has it; NaN if
// fewer than ten samples are above it, because the next run would have another value.
type percentile struct {
	value  float64
	bucket int
}

func newDistribution(measured []*series.Interval, all []*results.Result, kind series.Kind) *distribution {
	d := &distribution{upTo: make([]uint64, 1)}
	for _, in := range measured {
		l := in.Latency[kind]
		if l == nil {
			continue
		}
		if len(d.upTo) == 1 {
			d.upTo = make([]uint64, histo.Buckets)
		}
		for index, n := range l.HDR.Buckets() {
			d.upTo[index] += n
		}
	}
	for i := 1; i < len(d.upTo); i++ {
		d.upTo[i] += d.upTo[i-1]
	}
	for at := range d.percentiles {
		share, tells := 1.0, d.total() > 0
		if at != maximum {
			share = metric.Percentiles[at].P / 100
			tells = metric.Tells(uint64(d.total()), 100*share)
		}
		d.percentiles[at].value = math.NaN()
		if tells {
			bucket := d.bucket(share)
			d.percentiles[at] = percentile{float64(histo.Highest(bucket)), bucket}
		}
	}
	for _, r := range all {
		d.censored += float64(r.Latency[kind].Censored) / max(1, d.total())
	}
	return d
}

func (d *distribution) total() float64 { return float64(d.upTo[len(d.upTo)-1]) }

// bucket returns the bucket of a percentile. It counts as HdrHistogram does, and so the report.
func (d *distribution) bucket(p float64) int {
	wanted := max(1, uint64(d.total()*p+0.5))
	return sort.Search(len(d.upTo)-1, func(i int) bool { return d.upTo[i] >= wanted })
}

// within returns the bounds of the bucket of a percentile, as logarithms. They are infinite if p is
// not between 0 and 1.
func (d *distribution) within(p float64) (low, high float64) {
	switch {
	case p < 0:
		return math.Inf(-1), math.Inf(-1)
	case p > 1:
		return math.Inf(1), math.Inf(1)
	}
	bucket := d.bucket(p)
	return math.Log(lowest(bucket)), math.Log(float64(histo.Highest(bucket)))
}

// samples summarises the latencies of a part of the side.
func (d *distribution) samples(part histo.Packed) (s samples) {
	for index, n := range part.Buckets() {
		s.count += float64(n)
		s.sum += float64(n) * (lowest(index) + float64(histo.Highest(index))) / 2
		for at := range s.below {
			if index <= d.percentiles[at].bucket {
				s.below[at] += float64(n)
			}
		}
	}
	return s
}

// lowest is the lowest value of a bucket.
func lowest(bucket int) float64 {
	if bucket == 0 {
		return 0
	}
	return float64(histo.Highest(bucket-1) + 1)
}
