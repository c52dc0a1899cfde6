package ledger

import (
	"bufio"
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"io"
	"math"

	"github.com/RoaringBitmap/roaring/v2/roaring64"
)

// Unpack reads what Pack wrote, of a stranger too: in at most maxMemory, and in a time that is
// bounded. The error is a [*FormatError].
func Unpack(packed []byte) (*Book, error) {
	d := &decoder{budget: newBudget()}
	z, err := zlib.NewReader(bytes.NewReader(packed))
	if err != nil {
		d.fail("no compressed ledger", err)
		return nil, d.err
	}
	d.r = bufio.NewReader(z)
	b := d.book()
	if d.err == nil {
		if _, err := d.r.ReadByte(); err != io.EOF { // trailing data, or a wrong checksum
			d.fail("no end of the ledger", err)
		}
	}
	if d.err == nil && !d.pairs(b) {
		d.fail("too many subscribers times producers", ErrTooLarge)
	}
	if d.err != nil {
		return nil, d.err
	}
	return b, nil
}

// decoder reads numbers. After a failure they are all 0.
type decoder struct {
	r      *bufio.Reader
	offset int64
	err    error
	budget
	batch []uint64
}

// fail keeps the first failure.
func (d *decoder) fail(what string, cause error) {
	if d.err == nil {
		d.err = &FormatError{What: what, Offset: d.offset, Err: cause}
	}
}

// need fails if the budget is used up.
func (d *decoder) need(ok bool) bool {
	if !ok {
		d.fail("the ledger takes too much memory", ErrTooLarge)
	}
	return ok
}

// ReadByte is for ReadUvarint.
func (d *decoder) ReadByte() (byte, error) {
	if d.offset == maxSize {
		return 0, ErrTooLarge
	}
	b, err := d.r.ReadByte()
	if err == nil {
		d.offset++
	}
	return b, err
}

// get reads a number, at most most. what it is goes into the error.
func (d *decoder) get(what string, most uint64) uint64 {
	if d.err != nil {
		return 0
	}
	n, err := binary.ReadUvarint(d)
	if err != nil || n > most {
		d.fail(what+" cannot be read", err)
		return 0
	}
	return n
}

func (d *decoder) get32(what string) uint32 { return uint32(d.get(what, math.MaxUint32)) }

// several reads how many there are, and then each of them, which takes size bytes.
func (d *decoder) several(what string, size uint64, read func()) {
	for n := d.get("the number of "+what, maxNumber); n > 0 && d.err == nil; n-- {
		if d.need(d.take(size)) {
			read()
		}
	}
}

func (d *decoder) book() *Book {
	b := &Book{}
	d.several("parts", partSize, func() {
		p := Part{Number: d.get32("a part")}
		d.several("streams", streamSize, func() { p.Streams = append(p.Streams, d.stream()) })
		b.Sent = append(b.Sent, p)
	})
	shared := make(map[uint32]bool)
	d.several("copies", copySize, func() {
		c := d.copy()
		if c.Shared && shared[c.Destination] {
			d.fail("a second shared copy of a destination", nil)
		}
		shared[c.Destination] = shared[c.Destination] || c.Shared
		b.Received = append(b.Received, c)
	})
	return b
}

func (d *decoder) stream() Stream {
	s := Stream{Destination: d.get32("a destination")}
	s.Sent, s.Every = d.get("a count", maxNumber), d.get("receipts", maxNumber)
	if s.Every > 0 {
		s.Confirmed, s.Rejected = &Set{}, &Set{}
		d.set(s.Confirmed)
		d.set(s.Rejected)
	}
	return s
}

func (d *decoder) copy() Copy {
	c := Copy{Destination: d.get32("a destination"), Shared: d.get("shared", 1) == 1}
	for _, n := range []*uint64{&c.Duplicated, &c.Redelivered, &c.Reordered} {
		*n = d.get("a count", maxNumber)
	}
	d.several("arrivals", arrivalSize, func() {
		a := &Arrival{Part: d.get32("a part"), Stream: d.get32("a stream")}
		d.set(&a.Received)
		d.list(&a.Marked)
		if !a.Marked.IsEmpty() && (a.Marked.Maximum() > a.Received.high || a.Marked.Intersects(&a.Received.missing)) {
			d.fail("a marked message was not received", nil)
		}
		c.Arrivals = append(c.Arrivals, a)
	})
	return c
}

// set reads runs, by how many numbers are missing and how many follow that are in.
func (d *decoder) set(s *Set) {
	missing, high := roaring64.New(), uint64(0)
	d.begin()
	for {
		gap, in := d.get("a run", maxNumber), d.get("a run", maxNumber)
		if in == 0 && gap == 0 {
			break
		}
		if in == 0 || gap == 0 && high > 0 || gap > maxNumber-high || in > maxNumber-high-gap {
			d.fail("a run is impossible", nil)
			return
		}
		if gap > 0 {
			if !d.need(d.run(high+1, gap)) {
				return
			}
			d.add(missing, high+1, gap)
		}
		high += gap + in
	}
	d.flush(missing)
	s.fill(high, missing)
}

// maxBatch is how many numbers are added to a bitmap at once. A longer run is added as one.
const maxBatch = 4096

// add adds a run to a bitmap, later than all before.
func (d *decoder) add(to *roaring64.Bitmap, first, n uint64) {
	if uint64(len(d.batch))+n > maxBatch {
		d.flush(to)
	}
	if n > maxBatch {
		to.AddRange(first, first+n)
		return
	}
	for i := range n {
		d.batch = append(d.batch, first+i)
	}
}

func (d *decoder) flush(to *roaring64.Bitmap) {
	to.AddMany(d.batch)
	d.batch = d.batch[:0]
}

// list reads ascending numbers, each as its difference to the one before.
func (d *decoder) list(numbers *roaring64.Bitmap) {
	last := uint64(0)
	d.begin()
	d.several("marked messages", 0, func() {
		n := d.get("a marked message", maxNumber-last)
		if n == 0 {
			d.fail("a marked message comes twice", nil)
			return
		}
		last += n
		if d.need(d.run(last, 1)) {
			numbers.Add(last)
		}
	})
}
