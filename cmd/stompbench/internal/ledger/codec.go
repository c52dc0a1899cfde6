package ledger

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/RoaringBitmap/roaring/v2/roaring64"
)

// FormatVersion is the version of the form of a Book: zlib of unsigned varints, in the order in which
// coder walks it. docs/results.md describes it under "The ledger".
const FormatVersion = 2

// maxSize bounds a book, in bytes before compression: two for a run of missing numbers. Reading as
// much takes one to two seconds.
const maxSize = 64 << 20

// maxNumber is the largest number of a message or a count of them.
const maxNumber = 1 << 62

// ErrTooLarge: a book has too many pieces to be written or read.
var ErrTooLarge = errors.New("too many pieces to be kept")

// Pack returns the encoded book. The error wraps ErrTooLarge: Unpack would refuse the book, or it
// has forgotten messages.
func (b *Book) Pack() ([]byte, error) {
	c := &coder{writing: true, left: maxMemory}
	if c.book(b); c.err != nil {
		return nil, c.err
	}
	var out bytes.Buffer
	z, _ := zlib.NewWriterLevel(&out, zlib.BestSpeed) // the level is valid
	_, _ = z.Write(c.data)                            // into memory
	_ = z.Close()
	return out.Bytes(), nil
}

// Unpack reads what Pack wrote. The input may be hostile: memory and time are bounded. The error says
// what is wrong and where, in bytes before compression.
func Unpack(packed []byte) (*Book, error) {
	b, c := &Book{}, &coder{left: maxMemory}
	z, err := zlib.NewReader(bytes.NewReader(packed))
	if err == nil {
		c.data, err = io.ReadAll(io.LimitReader(z, maxSize+1))
	}
	switch {
	case err != nil:
		c.at = len(c.data)
		c.fail("no compressed ledger", err)
	case len(c.data) > maxSize:
		c.fail("the ledger is too long", ErrTooLarge)
	}
	if c.book(b); c.at < len(c.data) {
		c.fail("no end of the ledger", nil)
	}
	if c.err != nil {
		return nil, c.err
	}
	return b, nil
}

// coder walks a book in the order of its form, and writes the numbers that it meets or reads them. It
// bounds the memory that a book takes when it is read, and the work of closing it, however well it is
// compressed; so what was written can be read.
type coder struct {
	writing bool
	data    []byte
	at      int   // how much of data was read
	err     error // the first

	left uint64 // bytes of memory
}

// maxMemory is what a book may take, in bytes: 2^15 containers that are full of scattered numbers.
const maxMemory = 256 << 20

// What the pieces of a book take at most, in bytes. A pair is an account that a copy is closed against.
const (
	pieceSize     = 512 // of a part, stream, copy or arrival
	pairSize      = 24
	containerSize = 80      // besides its numbers
	blockSize     = 8 << 10 // the numbers of the largest container
)

func (c *coder) fail(what string, cause error) {
	if c.err != nil {
		return
	}
	c.err = fmt.Errorf("ledger: %s at offset %d", what, c.at)
	if cause != nil {
		c.err = fmt.Errorf("%w: %w", c.err, cause)
	}
}

// take takes bytes of memory, and reports whether nothing has failed.
func (c *coder) take(bytes uint64) bool {
	if bytes > c.left {
		c.fail("the ledger takes too much memory", ErrTooLarge)
	}
	c.left -= min(bytes, c.left)
	return c.err == nil
}

// number writes n or reads it, and reports whether nothing has failed. what it is goes into the error.
func number[N uint32 | uint64](c *coder, what string, n *N) bool {
	switch {
	case c.err != nil:
	case c.writing:
		c.data = binary.AppendUvarint(c.data, uint64(*n))
		if len(c.data) > maxSize {
			c.fail("the ledger is too long", ErrTooLarge)
		}
	default:
		v, size := binary.Uvarint(c.data[c.at:])
		if size == 0 {
			c.fail(what+" cannot be read", io.EOF)
		} else if size < 0 || v > maxNumber || uint64(N(v)) != v {
			c.fail(what+" cannot be read", nil)
		}
		*n = N(v)
		c.at += max(size, 0)
	}
	return c.err == nil
}

// several writes or reads how many there are, and then each of them.
func several[T any](c *coder, what string, all *[]T, each func(*T)) {
	n := uint64(len(*all))
	number(c, "the number of "+what, &n)
	for i := uint64(0); i < n && c.take(pieceSize); i++ {
		if !c.writing {
			*all = append(*all, *new(T))
		}
		each(&(*all)[i])
	}
}

func (c *coder) book(b *Book) {
	several(c, "parts", &b.Sent, func(p *Part) {
		number(c, "a part", &p.Number)
		several(c, "streams", &p.Streams, c.stream)
	})
	shared := make(map[uint32]bool)
	several(c, "copies", &b.Received, func(of *Copy) {
		if c.copy(of); of.Shared && shared[of.Destination] {
			c.fail("a second shared copy of a destination", nil)
		}
		shared[of.Destination] = shared[of.Destination] || of.Shared
	})
	c.pairs(b)
}

func (c *coder) stream(s *Stream) {
	number(c, "a destination", &s.Destination)
	number(c, "a count", &s.Sent)
	number(c, "receipts", &s.Every)
	for _, receipts := range []**Set{&s.Confirmed, &s.Rejected} {
		if *receipts == nil {
			*receipts = &Set{}
		}
		c.set(*receipts)
	}
}

func (c *coder) copy(of *Copy) {
	shared := uint32(0)
	if of.Shared {
		shared = 1
	}
	number(c, "a destination", &of.Destination)
	if number(c, "shared", &shared); shared > 1 {
		c.fail("shared is neither 0 nor 1", nil)
	}
	of.Shared = shared == 1
	for _, n := range []*uint64{&of.Duplicated, &of.Redelivered, &of.Reordered} {
		number(c, "a count", n)
	}
	several(c, "arrivals", &of.Arrivals, func(at **Arrival) {
		if *at == nil {
			*at = &Arrival{}
		}
		c.arrival(*at)
	})
}

func (c *coder) arrival(a *Arrival) {
	number(c, "a part", &a.Part)
	number(c, "a stream", &a.Stream)
	c.set(&a.Received)
	c.runs("a marked message", &a.Marked)
	if a.Received.forgotten > 0 {
		c.fail("messages were forgotten", ErrTooLarge)
	}
	if !a.Marked.IsEmpty() && (a.Marked.Maximum() > a.Received.high || a.Marked.Intersects(&a.Received.missing)) {
		c.fail("a marked message was not received", nil)
	}
}

func (c *coder) set(s *Set) {
	s.settle(s.high)
	number(c, "a set", &s.high)
	c.runs("a run", &s.missing)
	if !s.missing.IsEmpty() && s.missing.Maximum() >= s.high {
		c.fail("the largest number of a set is missing", nil)
	}
	if !c.writing && c.err == nil {
		s.fill(s.high)
	}
}

// runs writes or reads the numbers of a bitmap.
func (c *coder) runs(what string, b *roaring64.Bitmap) {
	var length, gap, last uint64
	if !c.writing {
		addRuns(b, func(yield func(Interval) bool) {
			for number(c, what, &length) && length > 0 && number(c, what, &gap) {
				if gap == 0 && last > 0 || gap > maxNumber-last || length > maxNumber-last-gap {
					c.fail("a run is impossible", nil)
				}
				run := Interval{last + gap + 1, last + gap + length}
				if last = run.Last; !c.takeRun(run, gap) || !yield(run) {
					return
				}
			}
		})
		return
	}
	for run := range runs(b) {
		length, gap = run.Len(), run.First-last-1
		if last = run.Last; !number(c, what, &length) || !number(c, what, &gap) || !c.takeRun(run, gap) {
			return
		}
	}
	length = 0
	number(c, what, &length)
}

// takeRun takes the memory for a run in a bitmap: 2 bytes a number, or a full container, and the
// containers since the run before. A long run takes little memory, but closing visits each number.
func (c *coder) takeRun(run Interval, gap uint64) bool {
	containers := run.Last>>16 - (run.First-gap-1)>>16
	return c.take(containers*containerSize + min(2*run.Len(), blockSize) + run.Len()/2)
}

// pairs takes what closing the book visits: for each copy the accounts of its destination, with the
// containers of their sets.
func (c *coder) pairs(b *Book) {
	all, sentTo := uint64(0), make(map[uint32]uint64)
	for _, s := range b.streams() {
		weight := pairSize + s.Confirmed.containers() + s.Rejected.containers()
		all += weight
		sentTo[s.Destination] += weight
	}
	for i := range b.Received {
		weight := all
		if to := b.Received[i].Destination; to != 0 {
			weight = sentTo[0] + sentTo[to]
		}
		if !c.take(weight) {
			return
		}
	}
}
