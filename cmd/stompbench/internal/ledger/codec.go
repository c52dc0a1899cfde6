package ledger

import (
	"bufio"
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/RoaringBitmap/roaring/v2/roaring64"
)

// The form of a Book, version 1: zlib of unsigned varints in the form of Go's encoding/binary and
// of protocol buffers.
//
//	book    = n, n × part, n, n × copy
//	part    = number, n, n × stream
//	stream  = destination, sent, every, [set, set]    the brackets unless every is 0
//	copy    = destination, shared, duplicated, redelivered, reordered, n, n × arrival
//	arrival = part, stream, set, list
//	set     = (missing, in)*, 0, 0                    runs from 1 on, by their lengths
//	list    = n, n × difference                       ascending, to the one before
//
// If every is n, each n-th message of the stream asked for a receipt; 0 is none. The sets of a
// stream are what was confirmed and what was rejected; both count messages that asked for a
// receipt. The set of an arrival is what was received, and its list the part that was marked as
// redelivered every time.

// FormatVersion is the version of that form.
const FormatVersion = 1

// maxSize bounds a book, in bytes before compression: two for a run of missing numbers. Reading as much
// takes about two seconds.
const maxSize = 64 << 20

// maxNumber is the largest number of a message or a count of them.
const maxNumber = 1 << 62

// ErrTooLarge: a book has too many pieces to be written or read.
var ErrTooLarge = errors.New("too many pieces to be kept")

// Pack returns the encoded book. The error wraps ErrTooLarge: Unpack would refuse the book, or it
// has forgotten messages.
func (b *Book) Pack() ([]byte, error) {
	var out bytes.Buffer
	z, _ := zlib.NewWriterLevel(&out, zlib.BestSpeed) // the level is valid
	c := &coder{w: bufio.NewWriter(z), left: maxMemory}
	c.book(b)
	_ = c.w.Flush() // into memory
	_ = z.Close()
	if c.err != nil {
		return nil, c.err
	}
	return out.Bytes(), nil
}

// Unpack reads what Pack wrote, of a stranger too: in at most maxMemory, and in a time that is
// bounded. The error says what is wrong and
// where, in bytes before compression.
func Unpack(packed []byte) (*Book, error) {
	b, c := &Book{}, &coder{left: maxMemory}
	z, err := zlib.NewReader(bytes.NewReader(packed))
	if err != nil {
		c.fail("no compressed ledger", err)
		return nil, c.err
	}
	c.r = bufio.NewReader(z)
	c.book(b)
	if _, err := c.r.ReadByte(); err != io.EOF { // trailing data, or a wrong checksum
		c.fail("no end of the ledger", err)
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
	w      *bufio.Writer // nil when reading
	r      *bufio.Reader
	offset int64
	err    error // the first

	left    int64  // bytes of memory
	block   uint64 // the container of the bitmap that numbers are added to
	inBlock uint64 // bytes taken for it
}

// maxMemory is what a book may take, in bytes: 2^15 containers that are full of scattered numbers.
const maxMemory = 256 << 20

// What the pieces of a book take, in bytes. A pair is an account that a copy is closed against.
const (
	partSize      = 640
	streamSize    = 640
	copySize      = 512
	arrivalSize   = 512
	pairSize      = 24
	containerSize = 80      // besides its numbers
	blockSize     = 8 << 10 // the largest container
)

func (c *coder) fail(what string, cause error) {
	switch {
	case c.err != nil:
	case cause == nil:
		c.err = fmt.Errorf("ledger: %s at offset %d", what, c.offset)
	default:
		c.err = fmt.Errorf("ledger: %s at offset %d: %w", what, c.offset, cause)
	}
}

// take takes bytes of memory, and reports whether nothing has failed.
func (c *coder) take(bytes uint64) bool {
	if c.left -= int64(min(bytes, maxMemory+1)); c.left < 0 {
		c.left = 0
		c.fail("the ledger takes too much memory", ErrTooLarge)
	}
	return c.err == nil
}

// number writes n or reads it, at most most. what it is goes into the error. After a failure, all
// numbers are read as 0.
func number[N uint32 | uint64](c *coder, what string, n *N, most uint64) {
	size := 0
	switch {
	case c.err != nil:
	case c.w != nil:
		size, _ = c.w.Write(binary.AppendUvarint(c.w.AvailableBuffer(), uint64(*n))) // into memory
	default:
		next, err := c.r.Peek(binary.MaxVarintLen64)
		v, k := binary.Uvarint(next)
		if k <= 0 || v > most {
			c.fail(what+" cannot be read", err)
		}
		*n = N(v)
		size, _ = c.r.Discard(max(k, 0))
	}
	if c.offset += int64(size); c.offset > maxSize {
		c.fail("the ledger is too long", ErrTooLarge)
	}
	if c.err != nil && c.w == nil {
		*n = 0
	}
}

// several writes or reads how many there are, and then each of them, which takes size bytes.
func several[T any](c *coder, what string, size uint64, all *[]T, each func(*T)) {
	n := uint64(len(*all))
	number(c, "the number of "+what, &n, maxNumber)
	for i := uint64(0); i < n && c.take(size); i++ {
		if c.w == nil {
			*all = append(*all, *new(T))
		}
		each(&(*all)[i])
	}
}

func (c *coder) book(b *Book) {
	several(c, "parts", partSize, &b.Sent, func(p *Part) {
		number(c, "a part", &p.Number, math.MaxUint32)
		several(c, "streams", streamSize, &p.Streams, c.stream)
	})
	shared := make(map[uint32]bool)
	several(c, "copies", copySize, &b.Received, func(of *Copy) {
		if c.copy(of); of.Shared && shared[of.Destination] {
			c.fail("a second shared copy of a destination", nil)
		}
		shared[of.Destination] = shared[of.Destination] || of.Shared
	})
	c.pairs(b)
}

func (c *coder) stream(s *Stream) {
	every := uint64(0)
	if s.Confirmed != nil {
		every = max(1, s.Every)
	}
	number(c, "a destination", &s.Destination, math.MaxUint32)
	number(c, "a count", &s.Sent, maxNumber)
	number(c, "receipts", &every, maxNumber)
	if every == 0 {
		return
	}
	sets := [2]*Set{s.Confirmed, s.Rejected}
	for i := range sets {
		if sets[i] == nil {
			sets[i] = &Set{}
		}
		c.set(sets[i])
	}
	if c.w == nil {
		s.Every, s.Confirmed, s.Rejected = every, sets[0], sets[1]
	}
}

func (c *coder) copy(of *Copy) {
	shared := uint64(0)
	if of.Shared {
		shared = 1
	}
	number(c, "a destination", &of.Destination, math.MaxUint32)
	number(c, "shared", &shared, 1)
	of.Shared = shared == 1
	for _, n := range []*uint64{&of.Duplicated, &of.Redelivered, &of.Reordered} {
		number(c, "a count", n, maxNumber)
	}
	several(c, "arrivals", arrivalSize, &of.Arrivals, func(at **Arrival) {
		if *at == nil {
			*at = &Arrival{}
		}
		a := *at
		number(c, "a part", &a.Part, math.MaxUint32)
		number(c, "a stream", &a.Stream, math.MaxUint32)
		c.set(&a.Received)
		c.list(&a.Marked)
		if a.Received.forgotten > 0 {
			c.fail("messages were forgotten", ErrTooLarge)
		}
		if !a.Marked.IsEmpty() && (a.Marked.Maximum() > a.Received.high || a.Marked.Intersects(&a.Received.missing)) {
			c.fail("a marked message was not received", nil)
		}
	})
}

// set writes or reads a set: its runs, and an empty one.
func (c *coder) set(s *Set) {
	c.block, c.inBlock = 0, 0
	high, gap, in := uint64(0), uint64(0), uint64(0)
	if c.w != nil {
		for run := range s.runs() {
			gap, in = run.First-1-high, run.Len()
			if !c.run(high, &gap, &in) {
				return
			}
			high = run.Last
		}
		gap, in = 0, 0
		c.run(high, &gap, &in)
		return
	}
	var missing builder
	for c.run(high, &gap, &in) {
		missing.add(high+1, gap)
		high += gap + in
	}
	s.fill(high, missing.bitmap())
}

// run writes or reads how many numbers behind high are missing, and how many follow that are in. It
// returns false at the end of the set.
func (c *coder) run(high uint64, gap, in *uint64) bool {
	number(c, "a run", gap, maxNumber)
	number(c, "a run", in, maxNumber)
	if *in == 0 && *gap == 0 {
		return false
	}
	if *in == 0 || *gap == 0 && high > 0 || *gap > maxNumber-high || *in > maxNumber-high-*gap {
		c.fail("a run is impossible", nil)
	}
	return c.takeRun(high+1, *gap)
}

// takeRun takes the memory for n numbers from first on in a bitmap, the runs of which ascend: 2 bytes
// a number, or one full container. A long run takes little memory, but closing visits each number.
func (c *coder) takeRun(first, n uint64) bool {
	if n == 0 {
		return c.err == nil
	}
	if block := (first + n - 1) >> 16; block > c.block {
		c.take((block - c.block) * containerSize)
		c.block, c.inBlock = block, 0
	}
	bytes := min(2*n, blockSize-c.inBlock)
	c.inBlock += bytes
	return c.take(bytes + n/2)
}

// list writes or reads ascending numbers, each as its difference to the one before.
func (c *coder) list(numbers *roaring64.Bitmap) {
	c.block, c.inBlock = 0, 0
	n, last, it := numbers.GetCardinality(), uint64(0), numbers.Iterator()
	var all builder
	number(c, "the number of marked messages", &n, maxNumber)
	for ; n > 0 && c.err == nil; n-- {
		var step uint64
		if c.w != nil {
			step = it.Next() - last
		}
		if number(c, "a marked message", &step, maxNumber-last); step == 0 {
			c.fail("a marked message comes twice", nil)
		}
		if last += step; c.takeRun(last, 1) && c.w == nil {
			all.add(last, 1)
		}
	}
	if c.w == nil {
		*numbers = *all.bitmap()
	}
}

// pairs takes what closing the book visits: for each copy the accounts of its destination, with the
// containers of their sets.
func (c *coder) pairs(b *Book) {
	all, sentTo := uint64(0), make(map[uint32]uint64)
	for _, s := range b.streams() {
		weight := uint64(pairSize)
		if s.Confirmed != nil {
			weight += s.Confirmed.missing.Stats().Containers
		}
		if s.Rejected != nil {
			weight += s.Rejected.missing.Stats().Containers
		}
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
