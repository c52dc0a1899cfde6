package histo

import (
	"encoding"
	"fmt"
	"math/bits"

	"github.com/HdrHistogram/hdrhistogram-go"
)

var (
	_ encoding.TextMarshaler   = Packed{}
	_ encoding.TextUnmarshaler = (*Packed)(nil)
)

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
