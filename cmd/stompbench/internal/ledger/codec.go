package ledger

import (
	"bufio"
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/RoaringBitmap/roaring/v2/roaring64"
)

// The form of a Book, version 1: zlib of unsigned varints in the form of Go's encoding/binary and
// of protocol buffers.
//
//	book    = n, n × part, n, n × copy
//	part    = number, n, n × stream
//	stream  = destination, sent, every, [set, list]   the brackets unless every is 0
//	copy    = destination, shared, duplicated, redelivered, reordered, n, n × arrival
//	arrival = part, stream, set, list
//	set     = (missing, in)*, 0, 0                    runs from 1 on, by their lengths
//	list    = n, n × difference                       ascending, to the one before
//
// If every is n, each n-th message of the stream asked for a receipt; 0 is none. The set of a
// stream is what was confirmed and its list what was rejected; both count messages that asked for a
// receipt. The set of an arrival is what was received, and its list the part that was marked as
// redelivered every time.

// FormatVersion is the version of that form.
const FormatVersion = 1

// maxSize bounds a book, in bytes before compression.
const maxSize = 256 << 20

// maxNumber is the largest number of a message or a count of them.
const maxNumber = 1 << 62

// ErrTooLarge: a book has too many pieces to be written or read.
var ErrTooLarge = errors.New("too many pieces to be kept")

// FormatError says why a book cannot be read. It wraps ErrTooLarge, the error of the compression,
// or nothing.
type FormatError struct {
	What   string
	Offset int64 // in bytes before compression
	Err    error
}

func (e *FormatError) Error() string {
	text := fmt.Sprintf("ledger: %s at offset %d", e.What, e.Offset)
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

func (e *FormatError) Unwrap() error { return e.Err }

// Pack returns the encoded book. The error is ErrTooLarge: Unpack would refuse the book, or it has
// forgotten messages.
func (b *Book) Pack() ([]byte, error) {
	if b.Forgotten() > 0 {
		return nil, ErrTooLarge
	}
	var out bytes.Buffer
	z, _ := zlib.NewWriterLevel(&out, zlib.BestSpeed) // the level is valid
	e := &encoder{w: bufio.NewWriter(z), size: maxSize, budget: newBudget()}
	e.book(b)
	_ = e.w.Flush() // into memory
	_ = z.Close()
	if e.size < 0 || !e.pairs(b) {
		return nil, ErrTooLarge
	}
	return out.Bytes(), nil
}

type encoder struct {
	w    *bufio.Writer
	size int // bytes that may still be written
	budget
	text [binary.MaxVarintLen64]byte
}

// put writes numbers. Beyond the bounds it writes nothing.
func (e *encoder) put(all ...uint64) {
	for _, n := range all {
		text := e.text[:binary.PutUvarint(e.text[:], n)]
		if e.size -= len(text); e.size >= 0 && e.left >= 0 {
			_, _ = e.w.Write(text)
		}
	}
}

func (e *encoder) book(b *Book) {
	e.put(uint64(len(b.Sent)))
	for i := range b.Sent {
		p := &b.Sent[i]
		e.take(partSize)
		e.put(uint64(p.Number), uint64(len(p.Streams)))
		for k := range p.Streams {
			e.stream(&p.Streams[k])
		}
	}
	e.put(uint64(len(b.Received)))
	for i := range b.Received {
		e.copy(&b.Received[i])
	}
}

func (e *encoder) stream(s *Stream) {
	every := uint64(0)
	if s.Confirmed != nil {
		every = max(1, s.Every)
	}
	e.take(streamSize)
	e.put(uint64(s.Destination), s.Sent, every)
	if every > 0 {
		rejected := s.Rejected
		if rejected == nil {
			rejected = &Set{}
		}
		e.set(s.Confirmed)
		e.set(rejected)
	}
}

func (e *encoder) copy(c *Copy) {
	shared := uint64(0)
	if c.Shared {
		shared = 1
	}
	e.take(copySize)
	e.put(uint64(c.Destination), shared, c.Duplicated, c.Redelivered, c.Reordered, uint64(len(c.Arrivals)))
	for _, a := range c.Arrivals {
		e.take(arrivalSize)
		e.put(uint64(a.Part), uint64(a.Stream))
		e.set(&a.Received)
		e.list(&a.Marked)
	}
}

func (e *encoder) set(s *Set) {
	e.begin()
	last := uint64(0)
	for in := range s.runs() {
		missing := in.First - 1 - last
		if missing > 0 && !e.run(last+1, missing) {
			return
		}
		e.put(missing, in.Len())
		last = in.Last
	}
	e.put(0, 0)
}

func (e *encoder) list(numbers *roaring64.Bitmap) {
	e.begin()
	e.put(numbers.GetCardinality())
	last := uint64(0)
	for it := numbers.Iterator(); it.HasNext(); {
		n := it.Next()
		if !e.run(n, 1) {
			return
		}
		e.put(n - last)
		last = n
	}
}
