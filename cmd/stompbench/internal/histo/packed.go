package histo

import (
	"encoding/binary"
	"fmt"
	"iter"
	"math"
	"math/bits"
	"slices"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// Packed is the content of a histogram, in a few bytes for each bucket that is not empty: a
// second's latencies take about 2 kB instead of 270. It loses nothing. The zero value is empty; a
// Packed is immutable.
type Packed struct {
	// Counts of buckets from 0 on as varints: 2n for a count of n, 2n-1 for n empty buckets.
	payload []byte
	Apart
}

// Pack returns what h has counted.
func (h *Histogram) Pack() Packed {
	p, next := Packed{Apart: h.Apart}, 0
	if h.Count() == 0 {
		return p
	}
	for index, n := range h.hdr.Export().Counts {
		if n > 0 {
			p.append(index-next, uint64(n))
			next = index + 1
		}
	}
	p.payload = slices.Clone(p.payload) // it is kept, and has grown by doubling
	return p
}

// Size returns how much memory it takes, in bytes.
func (p Packed) Size() int { return len(p.payload) }

// append appends a number of empty buckets and one with a count.
func (p *Packed) append(empty int, count uint64) {
	if empty > 0 {
		p.payload = binary.AppendUvarint(p.payload, 2*uint64(empty)-1)
	}
	p.payload = binary.AppendUvarint(p.payload, 2*count)
}

// Empty reports whether there are no samples.
func (p Packed) Empty() bool { return len(p.payload) == 0 }

// Buckets yields the index and the count of each bucket that is not empty, in ascending order.
func (p Packed) Buckets() iter.Seq2[int, uint64] {
	return func(yield func(int, uint64) bool) {
		for c := cursorOf(p); c.count > 0 && yield(c.index, c.count); {
			c.next()
		}
	}
}

// cursor is at a bucket that is not empty. After the last one, its count is 0 and its index is beyond
// all others.
type cursor struct {
	rest  []byte
	index int
	count uint64
}

func cursorOf(p Packed) cursor {
	c := cursor{rest: p.payload, index: -1}
	c.next()
	return c
}

func (c *cursor) next() {
	c.index++
	for len(c.rest) > 0 {
		v, n := binary.Uvarint(c.rest)
		c.rest = c.rest[n:]
		if v&1 == 0 {
			c.count = v / 2
			return
		}
		c.index += int(v/2 + 1)
	}
	c.index, c.count = math.MaxInt, 0
}

// Count returns the number of samples.
func (p Packed) Count() (n uint64) {
	for _, c := range p.Buckets() {
		n += c
	}
	return n
}

// Plus returns the samples of both.
func (p Packed) Plus(o Packed) Packed {
	sum := Packed{payload: make([]byte, 0, len(p.payload)+len(o.payload)), Apart: p.Apart}
	sum.Apart.add(o.Apart)
	a, b, next := cursorOf(p), cursorOf(o), 0
	for a.count > 0 || b.count > 0 {
		index, count := min(a.index, b.index), uint64(0)
		for _, c := range []*cursor{&a, &b} {
			if c.index == index {
				count += c.count
				c.next()
			}
		}
		sum.append(index-next, count)
		next = index + 1
	}
	return sum
}

// Percentile is that of a Histogram with these samples, but much faster for few.
func (p Packed) Percentile(percent float64) time.Duration {
	rank, last := uint64(max(1, percent/100*float64(p.Count())+0.5)), 0
	for index, n := range p.Buckets() {
		last = index
		if n >= rank {
			break
		}
		rank -= n
	}
	return time.Duration(Highest(last))
}

// Add adds the samples of p to h, bucket by bucket.
func (h *Histogram) Add(p Packed) {
	for index, n := range p.Buckets() {
		_ = h.hdr.RecordValues(Highest(index), int64(n)) // in range, so there is no error
	}
	h.Apart.add(p.Apart)
}

// The layout of buckets that three digits take: 2048 of width 1, then 1024 of width 2, 1024 of width 4
// and so on.
const (
	halfBits = 10
	half     = 1 << halfBits
)

// Buckets is how many buckets a histogram has.
const Buckets = 33 * half

// Highest returns the largest value of bucket index, in nanoseconds. The values of a bucket differ
// from it by at most one in a thousand.
func Highest(index int) int64 {
	if index < 2*half {
		return int64(index)
	}
	shift := index>>halfBits - 1
	return int64(index&(half-1)+half+1)<<shift - 1
}

// maxSamples bounds a histogram from a file, so that the sum of many can be counted.
const maxSamples = 1 << 48

// MarshalText returns the histogram in HdrHistogram's V2 compressed form, in base64, which its tools
// for Java, C, Python, JavaScript and Go read. The number of samples out of range is not in it.
func (p Packed) MarshalText() ([]byte, error) {
	hdr := hdrhistogram.NewPacked(lowest, highest, digits)
	for index, n := range p.Buckets() {
		_ = hdr.RecordValues(Highest(index), int64(n)) // in range, so there is no error
	}
	return hdr.Encode()
}

// UnmarshalText parses what MarshalText writes. It accepts only histograms with this package's
// range and precision, because others cannot be added to them exactly.
func (p *Packed) UnmarshalText(text []byte) error {
	hdr, err := hdrhistogram.DecodePacked(text)
	if err != nil {
		return fmt.Errorf("histogram: %w", err)
	}
	if from, to, of := hdr.LowestTrackableValue(), hdr.HighestTrackableValue(), hdr.SignificantFigures(); from != lowest || to != highest || of != digits {
		return fmt.Errorf("histogram: %d digits from %d to %d ns, want %d from %d to %d", of, from, to, digits, lowest, highest)
	}
	if n := hdr.TotalCount(); n > maxSamples {
		return fmt.Errorf("histogram: %d samples or more, want %d at most", n, int64(maxSamples))
	}
	*p = Packed{}
	next := 0
	for value, n := range hdr.ForEachBucket {
		shift := max(0, bits.Len64(uint64(value))-halfBits-1)
		index := shift<<halfBits + int(value>>shift)
		p.append(index-next, uint64(n))
		next = index + 1
	}
	return nil
}
