package link

import "github.com/stompwire/stompwire/pool"

// carry lends pooled memory to the parser for a frame that straddles reads. An idle link holds
// none. While the parser grows its buffer it holds two for a moment.
type carry struct {
	bufs [2]*pool.Buffer
}

// Get implements parser.BufferSource.
func (c *carry) Get(size int) []byte {
	b := pool.Get(size)
	for i := range c.bufs {
		if c.bufs[i] == nil {
			c.bufs[i] = b
			return b.B
		}
	}
	panic("link: parser holds more than two buffers")
}

// Put implements parser.BufferSource.
func (c *carry) Put(mem []byte) {
	for i, b := range c.bufs {
		if b != nil && cap(mem) > 0 && &b.B[:1][0] == &mem[:1][0] {
			b.Release()
			c.bufs[i] = nil
			return
		}
	}
}
