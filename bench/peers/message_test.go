package peers

import (
	"bytes"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/stompwire/stompwire/bench/cases"
	"github.com/stompwire/stompwire/bench/peers/internal/flow"
)

// A body is eight octets of sequence number, seven bits in each so that none is a
// NUL, and text.
var bodyText = []byte(cases.Body(bodySize))[stampSize:]

const stampSize = 8

func stamp(body []byte, seq uint64) {
	_ = body[stampSize-1]
	for i := range stampSize {
		body[i] = byte(seq>>(7*i)) | 0x80
	}
}

func stampOf(body []byte) (seq uint64) {
	for i := range stampSize {
		seq |= uint64(body[i]&0x7f) << (7 * i)
	}
	return seq
}

// bodies is how many bodies a publisher uses in turn. go-stomp keeps a body after
// Send has returned, in a channel of 20.
const bodies = 64

// stamper publishes numbered messages. It belongs to one goroutine.
type stamper struct {
	publish func(body []byte) error
	w       *flow.Window
	copies  int64 // how many will arrive of each

	seq  uint64
	ring [bodies][]byte
}

func (s *stamper) send() error {
	if err := s.w.Take(s.copies); err != nil {
		return err
	}
	body := s.ring[s.seq%bodies]
	if body == nil {
		body = append(make([]byte, stampSize, bodySize), bodyText...)
		s.ring[s.seq%bodies] = body
	}
	stamp(body, s.seq)
	s.seq++
	return s.publish(body)
}

// receiver expects numbered messages, in order. Its handle is called by one
// goroutine at a time.
type receiver struct {
	gate  *flow.Gate
	next  uint64
	wrong atomic.Pointer[unexpected]
}

func (r *receiver) handle(body []byte) {
	if len(body) != bodySize || stampOf(body) != r.next || !bytes.Equal(body[stampSize:], bodyText) {
		u := &unexpected{after: int64(r.next), size: len(body)}
		if len(body) >= stampSize {
			u.seq = stampOf(body)
		}
		r.wrong.CompareAndSwap(nil, u)
	}
	r.next++
	r.gate.Add(1)
}

// check is called when the gate has counted everything.
func (r *receiver) check(want int64) error {
	if u := r.wrong.Load(); u != nil {
		return u
	}
	if got := int64(r.next); got != want {
		return fmt.Errorf("%d messages received of %d", got, want)
	}
	return nil
}

func TestStamp(t *testing.T) {
	body := make([]byte, stampSize)
	for _, seq := range []uint64{0, 1, 127, 128, 1 << 20, 1<<56 - 1} {
		stamp(body, seq)
		if got := stampOf(body); got != seq || bytes.IndexByte(body, 0) >= 0 {
			t.Errorf("%d is stamped % x, read as %d", seq, body, got)
		}
	}
}
