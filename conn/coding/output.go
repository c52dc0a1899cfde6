package coding

import (
	"io"
	"slices"

	"github.com/stompwire/stompwire/pool"
)

// output is where decoded bytes go: the caller's slice, or a pooled buffer.
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

// minRoom is how much room is made at least.
const minRoom = 512

// inflate appends what r yields, at most max bytes. It takes memory for what has
// come, never for what was promised.
func (o *output) inflate(r io.Reader, max int) error {
	start := len(o.b)
	for {
		done := len(o.b) - start
		if done > max {
			return errTooLarge
		}
		if len(o.b) == cap(o.b) {
			o.grow(min(minRoom+done, max-done+1)) // doubles; one more byte tells that it is too much
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
