package coding

import (
	"io"
	"slices"

	"github.com/stompwire/stompwire/pool"
)

// output receives decoded bytes: it is the caller's slice, or a pooled buffer.
type output struct {
	b      []byte
	pooled *pool.Buffer // nil if b is the caller's
}

// grow makes room for n more bytes.
func (o *output) grow(n int) {
	if o.pooled == nil {
		o.b = slices.Grow(o.b, n)
		return
	}
	o.pooled.B = o.b
	o.pooled.Grow(n)
	o.b = o.pooled.B
}

// minRoom is the smallest step by which the output grows, in bytes.
const minRoom = 512

// inflate appends what r yields, at most max bytes. Memory follows the bytes that were read, never
// an announced size.
func (o *output) inflate(r io.Reader, max int) error {
	start := len(o.b)
	for {
		done := len(o.b) - start
		if done > max {
			return errTooLarge
		}
		if len(o.b) == cap(o.b) {
			o.grow(min(minRoom+done, max-done+1)) // doubles; one byte more shows that max is exceeded
		}
		n, err := r.Read(o.b[len(o.b):min(cap(o.b), start+max+1)])
		o.b = o.b[:len(o.b)+n]
		switch {
		case err == io.EOF && len(o.b)-start <= max:
			return nil
		case err != nil && err != io.EOF:
			return err
		}
	}
}
