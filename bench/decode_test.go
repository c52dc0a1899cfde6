package bench

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/stompwire/stompwire/bench/cases"
	"github.com/stompwire/stompwire/frame"
	"github.com/stompwire/stompwire/parser"
)

// BenchmarkDecode measures one pass over the wire bytes of a case. An op is one
// frame (or, for heartbeats, all of them). The rows memchr and copy are the floor:
// looking for an octet that is not there, and moving the bytes once.
func BenchmarkDecode(b *testing.B) {
	for _, c := range cases.Decode {
		b.Run("frame="+c.Name+"/impl=stompwire", func(b *testing.B) { decode(b, c) })
		b.Run("frame="+c.Name+"/impl=memchr", func(b *testing.B) { memchr(b, c) })
		b.Run("frame="+c.Name+"/impl=copy", func(b *testing.B) { copying(b, c) })
	}
}

func decode(b *testing.B, c cases.DecodeCase) {
	var p parser.Parser
	p.Version = frame.Version12
	b.ReportAllocs()
	b.SetBytes(int64(len(c.Wire)))
	frames := 0
	for b.Loop() {
		for data := c.Wire; len(data) > 0; {
			f, n, err := p.Parse(data)
			if err != nil && err != parser.ErrIncomplete {
				b.Fatal(err)
			}
			if f != nil {
				frames++
			}
			data = data[n:]
		}
	}
	if frames != b.N*c.Frames || p.HeartBeats() != uint64(b.N*c.EOLs) {
		b.Fatalf("%d frames and %d EOLs in %d rounds", frames, p.HeartBeats(), b.N)
	}
}

func memchr(b *testing.B, c cases.DecodeCase) {
	b.ReportAllocs()
	b.SetBytes(int64(len(c.Wire)))
	for b.Loop() {
		if bytes.IndexByte(c.Wire, 0xff) >= 0 {
			b.Fatal("found an octet that is not there")
		}
	}
}

func copying(b *testing.B, c cases.DecodeCase) {
	dst := make([]byte, len(c.Wire))
	b.ReportAllocs()
	b.SetBytes(int64(len(c.Wire)))
	for b.Loop() {
		copy(dst, c.Wire)
	}
	if !bytes.Equal(dst, c.Wire) {
		b.Fatal("copied something else")
	}
}

// BenchmarkDecodeChunks measures a busy connection of which the bytes arrive in
// chunks of one size, and of which some frames therefore straddle chunks. An op is
// the whole stream; compare B/s.
func BenchmarkDecodeChunks(b *testing.B) {
	for _, size := range []int{1, 7, 1460, 64 << 10} {
		for _, name := range []string{"message-10h-128B", "body-64KiB-counted", "body-64KiB-nul"} {
			c := cases.Case(name).Repeat(512 << 10)
			b.Run(fmt.Sprintf("frame=%s/chunk=%d/impl=stompwire", name, size), func(b *testing.B) {
				decodeChunks(b, c, size)
			})
		}
	}
}

func decodeChunks(b *testing.B, c cases.DecodeCase, size int) {
	s := parser.Stream{Buffers: &buffers{}}
	s.Version = frame.Version12
	h := &counter{}
	feed := func() {
		for data := c.Wire; len(data) > 0; {
			n := min(size, len(data))
			if _, err := s.Feed(data[:n], h); err != nil {
				b.Fatal(err)
			}
			data = data[n:]
		}
	}
	feed() // fills the pool
	h.frames = 0
	b.ReportAllocs()
	b.SetBytes(int64(len(c.Wire)))
	for b.Loop() {
		feed()
	}
	if h.frames != b.N*c.Frames {
		b.Fatalf("%d frames in %d rounds of %d", h.frames, b.N, c.Frames)
	}
}

type counter struct{ frames int }

func (c *counter) OnFrame(*frame.Frame) error {
	c.frames++
	return nil
}

// buffers is a source that keeps what it gets back, as a pool does.
type buffers struct{ free [][]byte }

func (s *buffers) Get(size int) []byte {
	for i := len(s.free) - 1; i >= 0; i-- {
		if buf := s.free[i]; cap(buf) >= size {
			s.free = append(s.free[:i], s.free[i+1:]...)
			return buf[:0]
		}
	}
	return make([]byte, 0, size)
}

func (s *buffers) Put(buf []byte) { s.free = append(s.free, buf) }
