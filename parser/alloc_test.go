//go:build !race

package parser_test

import (
	"bytes"
	"io"
	"testing"

	"github.com/stompwire/stompwire/bench/cases"
	"github.com/stompwire/stompwire/frame"
	"github.com/stompwire/stompwire/internal/alloctest"
	"github.com/stompwire/stompwire/parser"
)

// operations is how many operations one measured run has: AllocsPerRun rounds
// down, so a single one could hide less than an allocation each.
const operations = 2000

// wantNoAllocs fails unless operations calls of f allocate exactly nothing.
func wantNoAllocs(t *testing.T, f func()) {
	t.Helper()
	got := alloctest.Least(5, func() {
		for range operations {
			f()
		}
	})
	if got != 0 {
		t.Errorf("%v allocations in %d operations", got, operations)
	}
}

func TestAllocParse(t *testing.T) {
	for _, c := range cases.Decode {
		t.Run(c.Name, func(t *testing.T) {
			p := parser.Parser{Version: frame.Version12}
			wantNoAllocs(t, func() {
				for data := c.Wire; len(data) > 0; {
					_, n, err := p.Parse(data)
					if err != nil && err != parser.ErrIncomplete {
						t.Fatal(err)
					}
					data = data[n:]
				}
			})
		})
	}
}

// nothing is a handler that does nothing.
type nothing struct{}

func (nothing) OnFrame(*frame.Frame) error            { return nil }
func (nothing) OnBodyStart(*frame.Frame, int64) error { return nil }
func (nothing) OnBodyChunk([]byte) error              { return nil }
func (nothing) OnBodyEnd() error                      { return nil }

// shelf is a BufferSource of one buffer.
type shelf struct{ buf []byte }

func (s *shelf) Get(size int) []byte {
	buf := s.buf
	if s.buf = nil; cap(buf) < size {
		buf = make([]byte, 0, 1<<17)
	}
	return buf[:0]
}

func (s *shelf) Put(buf []byte) {
	if cap(buf) > cap(s.buf) {
		s.buf = buf
	}
}

// TestAllocFeed cuts each case in three, so that a carry is taken and given back
// for every frame.
func TestAllocFeed(t *testing.T) {
	for _, threshold := range []int{0, 1000} {
		for _, c := range cases.Decode {
			t.Run(c.Name, func(t *testing.T) {
				s := parser.Stream{Buffers: &shelf{}, BodyThreshold: threshold}
				s.Version = frame.Version12
				third := len(c.Wire) / 3
				feed := func(chunk []byte) {
					if _, err := s.Feed(chunk, nothing{}); err != nil {
						t.Fatal(err)
					}
				}
				wantNoAllocs(t, func() {
					feed(c.Wire[:third])
					feed(c.Wire[third : 2*third])
					feed(c.Wire[2*third:])
				})
			})
		}
	}
}

// TestAllocCounters: looking at a stream costs nothing either.
func TestAllocCounters(t *testing.T) {
	s := parser.Stream{}
	sink := int64(0)
	wantNoAllocs(t, func() {
		sink += s.Offset() + int64(s.HeartBeats()) + int64(s.Need()) + int64(s.Buffered())
		if s.End() != nil {
			t.Fatal("not between frames")
		}
	})
}

func TestAllocReader(t *testing.T) {
	wire := bytes.Repeat(cases.Case("message-10h-128B").Wire, operations/10)
	src := bytes.NewReader(wire)
	r := parser.NewReader(src)
	if _, err := r.Next(); err != nil { // takes the buffer
		t.Fatal(err)
	}
	wantNoAllocs(t, func() {
		if src.Len() == 0 {
			_, _ = src.Seek(0, io.SeekStart)
		}
		if _, err := r.Next(); err != nil {
			t.Fatal(err)
		}
	})
}
