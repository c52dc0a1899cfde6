package coding

import (
	"math"

	"github.com/stompwire/stompwire/pool"
)

// DefaultMaxOutput is the bound on decoded bodies where none is given: as large as
// frame.Limits lets a body be that is not coded.
const DefaultMaxOutput = 16 << 20

// ceiling is the largest bound that can be reckoned with: 2 GiB, or what int holds.
const ceiling = min(1<<31-1, math.MaxInt/8)

// Decode appends to dst what body is without the codings that encoding, the value
// of a content-encoding header, names. known is false if it names none, or one that
// we do not know: then out is dst, and the body is to be taken as it is. An empty
// body is empty in every coding. maxOutput bounds what is appended, and what one
// coding of a chain hands to the next; DefaultMaxOutput if it is 0 or less.
//
// The error is a [*TooLargeError] or [*CorruptError]; then out is dst.
func Decode(dst, body []byte, encoding string, maxOutput int) (out []byte, known bool, err error) {
	o := output{b: dst}
	if known, err = o.decode(body, encoding, maxOutput); !known || err != nil {
		return dst, known, err
	}
	return o.b, true, nil
}

func (o *output) decode(body []byte, encoding string, max int) (known bool, err error) {
	var c chain
	if !c.parse(encoding) {
		return false, nil
	}
	if max <= 0 {
		max = DefaultMaxOutput
	}
	max = min(max, ceiling)
	if len(body) == 0 {
		return true, nil
	}
	return true, o.unwind(&c, body, max)
}

// unwind decodes a chain from its end: what was applied last comes off first.
func (o *output) unwind(c *chain, body []byte, max int) error {
	last := c.links[c.n-1]
	c.n--
	if c.n == 0 {
		return decodeError(last, max, last.decode(o, body, max))
	}
	between := output{pooled: pool.Get(2 * len(body))}
	defer between.pooled.Release()
	between.b = between.pooled.B
	if err := decodeError(last, max, last.decode(&between, body, max)); err != nil {
		return err
	}
	return o.unwind(c, between.b, max)
}
