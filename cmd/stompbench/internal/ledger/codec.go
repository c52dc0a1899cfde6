package ledger

import (
	"bufio"
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"io"
	"math"
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

// The bounds of a book. A single message between others takes about a byte before compression.
const (
	maxSize      = 256 << 20 // bytes before compression
	maxStreams   = 1 << 21   // of all parts
	maxCopies    = 1 << 21
	maxArrivals  = 1 << 22
	maxListed    = 1 << 24       // in all lists
	maxAllBlocks = 4 * maxBlocks // of all sets
)

// ErrTooLarge: a book has too many pieces to be written or read.
var ErrTooLarge = errors.New("ledger: too many pieces to be kept")

var errDamaged = errors.New("ledger: damaged")

// Pack returns the encoded book. The error is ErrTooLarge: the book exceeds the bounds of Unpack,
// or has forgotten messages.
func (b *Book) Pack() ([]byte, error) {
	if b.Forgotten() > 0 {
		return nil, ErrTooLarge
	}
	var out bytes.Buffer
	z, _ := zlib.NewWriterLevel(&out, zlib.BestSpeed) // the level is valid
	e := &encoder{w: bufio.NewWriter(z), left: maxSize}
	e.book(b)
	_ = e.w.Flush() // into memory
	_ = z.Close()
	if e.left < 0 {
		return nil, ErrTooLarge
	}
	return out.Bytes(), nil
}

type encoder struct {
	w    *bufio.Writer
	left int
	text [binary.MaxVarintLen64]byte
}

// put writes numbers. Beyond the bound it writes nothing.
func (e *encoder) put(all ...uint64) {
	for _, n := range all {
		text := e.text[:binary.PutUvarint(e.text[:], n)]
		if e.left -= len(text); e.left >= 0 {
			_, _ = e.w.Write(text)
		}
	}
}

func (e *encoder) book(b *Book) {
	e.put(uint64(len(b.Sent)))
	for i := range b.Sent {
		p := &b.Sent[i]
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
	e.put(uint64(s.Destination), s.Sent, every)
	if every > 0 {
		e.set(s.Confirmed)
		rejected := s.Rejected
		if rejected == nil {
			rejected = &Set{}
		}
		e.set(rejected)
	}
}

func (e *encoder) copy(c *Copy) {
	shared := uint64(0)
	if c.Shared {
		shared = 1
	}
	e.put(uint64(c.Destination), shared, c.Duplicated, c.Redelivered, c.Reordered, uint64(len(c.Arrivals)))
	for _, a := range c.Arrivals {
		e.put(uint64(a.Part), uint64(a.Stream))
		e.set(a.Received)
		e.list(a.Marked)
	}
}

func (e *encoder) set(s *Set) {
	last := uint64(0)
	for run := range s.Runs() {
		e.put(run.First-1-last, run.Len())
		last = run.Last
		if e.left < 0 {
			return
		}
	}
	e.put(0, 0)
}

func (e *encoder) list(all []uint64) {
	e.put(uint64(len(all)))
	last := uint64(0)
	for _, n := range all {
		e.put(n - last)
		last = n
	}
}

// Unpack reads what Pack wrote.
func Unpack(packed []byte) (*Book, error) {
	z, err := zlib.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, errDamaged
	}
	limited := &io.LimitedReader{R: z, N: maxSize + 1}
	d := &decoder{r: bufio.NewReader(limited)}
	b := d.book()
	switch {
	case d.tooLarge || limited.N == 0:
		return nil, ErrTooLarge
	case d.failed:
		return nil, errDamaged
	}
	if _, err := d.r.ReadByte(); err != io.EOF {
		return nil, errDamaged // trailing data, or a wrong checksum
	}
	return b, nil
}

// decoder reads numbers. After a failure they are all 0.
type decoder struct {
	r                *bufio.Reader
	failed, tooLarge bool
	blocks, listed   int // of all sets and lists so far
}

func (d *decoder) fail() { d.failed = true }

// get reads a number, at most most.
func (d *decoder) get(most uint64) uint64 {
	if d.failed {
		return 0
	}
	n, err := binary.ReadUvarint(d.r)
	if err != nil || n > most {
		d.fail()
		return 0
	}
	return n
}

// several reads how many there are, and then each of them.
func (d *decoder) several(most int, read func()) {
	for n := d.get(uint64(most)); n > 0 && !d.failed; n-- {
		read()
	}
}

func (d *decoder) book() *Book {
	b := &Book{}
	streams, arrivals := 0, 0
	d.several(maxStreams, func() {
		p := Part{Number: uint32(d.get(math.MaxUint32))}
		d.several(maxStreams-streams, func() { p.Streams = append(p.Streams, d.stream()) })
		streams += len(p.Streams)
		b.Sent = append(b.Sent, p)
	})
	d.several(maxCopies, func() {
		c := d.copy(maxArrivals - arrivals)
		arrivals += len(c.Arrivals)
		b.Received = append(b.Received, c)
	})
	return b
}

func (d *decoder) stream() Stream {
	s := Stream{Destination: uint32(d.get(math.MaxUint32))}
	s.Sent, s.Every = d.get(math.MaxInt64), d.get(math.MaxInt64)
	if s.Every > 0 {
		s.Confirmed = d.set()
		if rejected := d.set(); rejected.Len() > 0 {
			s.Rejected = rejected
		}
	}
	return s
}

func (d *decoder) copy(arrivals int) Copy {
	c := Copy{Destination: uint32(d.get(math.MaxUint32)), Shared: d.get(1) == 1}
	c.Duplicated, c.Redelivered, c.Reordered = d.get(math.MaxInt64), d.get(math.MaxInt64), d.get(math.MaxInt64)
	d.several(arrivals, func() {
		c.Arrivals = append(c.Arrivals, Arrival{
			Part: uint32(d.get(math.MaxUint32)), Stream: uint32(d.get(math.MaxUint32)),
			Received: d.set(), Marked: d.list(),
		})
	})
	return c
}

func (d *decoder) set() *Set {
	s := setOf(func(yield func(Interval) bool) {
		for last := uint64(0); ; {
			missing, in := d.get(math.MaxInt64), d.get(math.MaxInt64)
			switch {
			case in == 0:
				if missing != 0 {
					d.fail()
				}
				return
			case missing > math.MaxInt64-last || in > math.MaxInt64-last-missing:
				d.fail()
				return
			}
			first := last + missing + 1
			last = first + in - 1
			if !yield(Interval{first, last}) {
				return
			}
		}
	})
	if d.blocks += len(s.old.blocks); d.blocks > maxAllBlocks || s.Forgotten() > 0 {
		d.failed, d.tooLarge = true, true
	}
	return s
}

func (d *decoder) list() (all []uint64) {
	last := uint64(0)
	d.several(maxListed-d.listed, func() {
		d.listed++
		n := d.get(math.MaxInt64)
		if n == 0 || n > math.MaxInt64-last {
			d.fail()
			return
		}
		last += n
		all = append(all, last)
	})
	return all
}
