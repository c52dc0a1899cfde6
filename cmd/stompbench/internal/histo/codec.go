package histo

import (
	"bytes"
	"compress/zlib"
	"encoding"
	"encoding/base64"
	"encoding/binary"
	"io"
	"math"
)

// The compressed form of HdrHistogram, V2, which its tools for Java, C, Python,
// JavaScript and Go read. All numbers are big-endian:
//
//	cookie of the compressed form    int32
//	length of what follows           int32
//	zlib of
//	    cookie                       int32
//	    length of the payload        int32
//	    offset of the indices, 0     int32
//	    digits                       int32
//	    lowest and highest value     2 × int64
//	    ratio of integer to value    float64
//	    payload
const (
	cookie           = 0x1c849303 | 0x10
	compressedCookie = 0x1c849304 | 0x10
	headerLen        = 40
	maxVarint        = 9 // of a count
)

var (
	_ encoding.TextMarshaler   = Packed{}
	_ encoding.TextUnmarshaler = (*Packed)(nil)
)

// MarshalText returns the histogram in HdrHistogram's V2 compressed form, in base64, without the
// number of samples out of range.
func (p Packed) MarshalText() ([]byte, error) {
	head := binary.BigEndian.AppendUint32(nil, cookie)
	head = binary.BigEndian.AppendUint32(head, uint32(len(p.payload)))
	head = binary.BigEndian.AppendUint32(head, 0)
	head = binary.BigEndian.AppendUint32(head, digits)
	head = binary.BigEndian.AppendUint64(head, lowest)
	head = binary.BigEndian.AppendUint64(head, uint64(highest))
	head = binary.BigEndian.AppendUint64(head, math.Float64bits(1))

	out := bytes.NewBuffer(make([]byte, 8))
	z := zlib.NewWriter(out)
	_, _ = z.Write(head) // into memory
	_, _ = z.Write(p.payload)
	_ = z.Close()
	binary.BigEndian.PutUint32(out.Bytes(), compressedCookie)
	binary.BigEndian.PutUint32(out.Bytes()[4:], uint32(out.Len()-8))
	return base64.StdEncoding.AppendEncode(nil, out.Bytes()), nil
}

// UnmarshalText parses what MarshalText writes. It accepts only histograms with this package's
// range and precision, because others cannot be added to them exactly.
func (p *Packed) UnmarshalText(text []byte) error {
	raw, err := base64.StdEncoding.AppendDecode(nil, text)
	if err != nil || len(raw) < 8 || binary.BigEndian.Uint32(raw) != compressedCookie {
		return errorf("not in HdrHistogram's V2 compressed form")
	}
	z, err := zlib.NewReader(bytes.NewReader(raw[8:]))
	if err != nil {
		return errorf("it cannot be decompressed: %w", err)
	}
	most := headerLen + maxVarint*Buckets
	plain, err := io.ReadAll(io.LimitReader(z, int64(most)+1))
	switch {
	case err != nil:
		return errorf("it cannot be decompressed: %w", err)
	case len(plain) < headerLen || len(plain) > most:
		return errorf("%d bytes are too few or too many", len(plain))
	}
	return p.unmarshal(plain[:headerLen], plain[headerLen:])
}

func (p *Packed) unmarshal(head, payload []byte) error {
	int32At := func(i int) uint32 { return binary.BigEndian.Uint32(head[i:]) }
	int64At := func(i int) uint64 { return binary.BigEndian.Uint64(head[i:]) }
	switch {
	case int32At(0) != cookie || int(int32At(4)) != len(payload):
		return errorf("its header is damaged")
	case int32At(12) != digits || int64At(16) != lowest || int64At(24) != uint64(highest):
		return errorf("%d digits from %d to %d ns, want %d from %d to %d",
			int32At(12), int64At(16), int64At(24), digits, lowest, highest)
	}
	total, err := sum(payload)
	if err != nil {
		return err
	}
	*p = Packed{}
	if total > 0 {
		p.payload = payload
	}
	return nil
}

// sum adds up the counts. It checks that none is cut off or beyond the last bucket and that the sum
// fits.
func sum(payload []byte) (total uint64, err error) {
	index := uint64(0)
	for len(payload) > 0 {
		v, n := binary.Uvarint(payload)
		if n <= 0 {
			return 0, errorf("its counts are damaged")
		}
		payload = payload[n:]
		if v&1 == 1 {
			index += v/2 + 1
		} else {
			index++
			total += v / 2
		}
		if index > uint64(Buckets) || v/2 > math.MaxInt64/2 || total > math.MaxInt64/2 {
			return 0, errorf("its counts are out of range")
		}
	}
	return total, nil
}
