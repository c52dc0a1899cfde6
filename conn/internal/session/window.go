package session

import "github.com/stompwire/stompwire/pool"

// A window keeps what is known of the sends of one producer that have no outcome yet.
// Number seq has its record at seq mod the size of the ring; all numbers up to low are
// done. A record goes through
//
//	free → open → settled → told, which is free again
//
// settled: it has its outcome, which waits for its turn to be reported. told: TakeReports
// has handed it out. low passes a record only after Told, so a flush returns after the last
// callback. Every record keeps its own number, so a late second receipt never hits the
// next tenant of its place.
type window struct {
	size    uint64   // how many numbers may be between low and last
	records []record // a ring; it grows to size
	last    uint64   // the highest number that was opened
	low     uint64   // all numbers up to here are done
	open    int      // records without an outcome
	copied  int      // bytes of the copies

	ready     ring             // numbers that are settled and wait to be reported
	errs      map[uint64]error // of settled records that were not confirmed
	reporting bool             // outcomes are being reported, in order

	tally Tally
	bad   OutcomeError // since the last flush
}

// record is one send. It is kept small: a window may have a million.
type record struct {
	seq    uint64
	at     uint64       // offset of the frame in the stream of conn
	copied *pool.Buffer // what to send again; nil unless the producer redelivers
	conn   uint32       // Conn.Number that it was last sent on; 0 if it has to be sent again
	state  recordState
	status OutcomeStatus
	left   bool // bytes of it may have left on an earlier connection
}

type recordState uint8

const (
	recordFree recordState = iota
	recordOpen
	recordSettled
	recordTold
)

const firstRing = 16

func (w *window) init(size int) {
	w.size = uint64(size)
	w.records = make([]record, min(firstRing, powerOfTwo(size)))
}

func powerOfTwo(n int) int {
	p := 1
	for p < n {
		p *= 2
	}
	return p
}

func (w *window) slot(seq uint64) *record { return &w.records[seq&uint64(len(w.records)-1)] }

// find returns the record of seq if it is open.
func (w *window) find(seq uint64) *record {
	if seq <= w.low || seq > w.last {
		return nil
	}
	if r := w.slot(seq); r.seq == seq && r.state == recordOpen {
		return r
	}
	return nil
}

// hasRoom reports whether one more message may be opened, with a copy of so many bytes.
// One message may exceed the bound for copies.
func (w *window) hasRoom(copyBytes, maxCopied int) bool {
	if w.last-w.low >= w.size {
		return false
	}
	return copyBytes == 0 || w.copied == 0 || w.copied+copyBytes <= maxCopied
}

// add opens the next number. There has to be room.
func (w *window) add(conn uint32, at uint64, copied *pool.Buffer) (seq uint64) {
	if w.last-w.low == uint64(len(w.records)) {
		w.grow()
	}
	w.last++
	*w.slot(w.last) = record{seq: w.last, at: at, copied: copied, conn: conn, state: recordOpen}
	w.open++
	if copied != nil {
		w.copied += len(copied.B)
	}
	return w.last
}

func (w *window) grow() {
	old := w.records
	w.records = make([]record, 2*len(old))
	for seq := w.low + 1; seq <= w.last; seq++ {
		*w.slot(seq) = old[seq&uint64(len(old)-1)]
	}
}

// settle gives an open record its outcome.
func (w *window) settle(r *record, status OutcomeStatus, err error, silent bool) {
	if r.copied != nil {
		w.copied -= len(r.copied.B)
		r.copied.Release()
		r.copied = nil
	}
	w.open--
	w.tally.add(status)
	if status != Confirmed {
		w.bad.note(status, err)
	}
	if silent {
		r.state = recordFree
		w.advance()
		return
	}
	r.state, r.status = recordSettled, status
	if status != Confirmed {
		if w.errs == nil {
			w.errs = make(map[uint64]error)
		}
		w.errs[r.seq] = err
	}
	w.ready.push(r.seq)
}

// take hands out the outcome of a settled record.
func (w *window) take(r *record) Outcome {
	r.state = recordTold
	o := Outcome{Seq: r.seq, Status: r.status}
	if r.status != Confirmed {
		o.Err = w.errs[r.seq]
		delete(w.errs, r.seq)
	}
	return o
}

// advance raises low past the numbers that are done.
func (w *window) advance() {
	for w.low < w.last && w.slot(w.low+1).state == recordFree {
		w.low++
	}
}

// ring is a queue of numbers that grows as needed and is used again.
type ring struct {
	items []uint64
	head  int
	count int
}

func (q *ring) push(n uint64) {
	if q.count == len(q.items) {
		grown := make([]uint64, max(firstRing, 2*q.count))
		for i := range q.count {
			grown[i] = q.items[(q.head+i)%len(q.items)]
		}
		q.items, q.head = grown, 0
	}
	q.items[(q.head+q.count)&(len(q.items)-1)] = n
	q.count++
}

func (q *ring) pop() uint64 {
	n := q.items[q.head]
	q.head = (q.head + 1) & (len(q.items) - 1)
	q.count--
	return n
}
