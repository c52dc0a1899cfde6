package coding

import (
	"math"

	"github.com/stompwire/stompwire/pool"
)

// DefaultMaxOutput bounds decoded bodies if no bound is given. It is the default limit
// of frame.Limits for bodies.
const DefaultMaxOutput = 16 << 20

// ceiling is the largest possible bound: 2 GiB, or the largest int.
const ceiling = min(1<<31-1, math.MaxInt/8)

// Decode decodes body by encoding, the value of a content-encoding header, and appends the result
// to dst. known is false if encoding names no coding, or an unknown one: then out is dst, and the
// body is to be used as it is. An empty body is empty in every coding. maxOutput bounds the result,
// and the output of each coding of a chain, in bytes; DefaultMaxOutput if it is 0 or less.
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

// unwind decodes a chain from its end: the coding that was applied last is decoded first.
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
