package conn

import (
	"bytes"
	"slices"
	"strconv"
	"sync"
)

// outstanding are the messages of a subscription that were delivered and not acknowledged, on a
// broker whose UNSUBSCRIBE does not requeue them: RabbitMQ. Its ack ids are a text that stays the
// same on a connection, and a number that grows.
type outstanding struct {
	mu     sync.Mutex // leaf
	w      *wire
	prefix []byte
	tags   []tag // in their order
}

type tag struct {
	n    uint64
	gone bool
}

// cutTag takes the number off the end of an ack id.
func cutTag(ack []byte) (prefix []byte, n uint64, ok bool) {
	i := bytes.LastIndexByte(ack, '@') + 1
	n, err := strconv.ParseUint(string(ack[i:]), 10, 64)
	return ack[:i], n, err == nil
}

func (o *outstanding) add(w *wire, ack []byte) {
	prefix, n, ok := cutTag(ack)
	if !ok {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.w != w {
		o.w, o.tags = w, o.tags[:0]
		o.prefix = append(o.prefix[:0], prefix...)
	}
	o.tags = append(o.tags, tag{n: n})
}

// upTo calls each with the ack id, borrowed, of every message up to the one with this id, until
// that returns false.
func (o *outstanding) upTo(w *wire, ack []byte, each func(id []byte) bool) {
	_, n, ok := cutTag(ack)
	o.mu.Lock()
	defer o.mu.Unlock()
	if !ok || o.w != w {
		each(ack)
		return
	}
	var room [64]byte
	for _, t := range o.tags {
		if t.n > n || !t.gone && !each(strconv.AppendUint(append(room[:0], o.prefix...), t.n, 10)) {
			return
		}
	}
}

// settle takes out one message, or all up to it.
func (o *outstanding) settle(w *wire, ack []byte, all bool) {
	_, n, ok := cutTag(ack)
	o.mu.Lock()
	defer o.mu.Unlock()
	if !ok || o.w != w {
		return
	}
	i, found := slices.BinarySearchFunc(o.tags, n, func(t tag, n uint64) int {
		if t.n < n {
			return -1
		}
		return min(1, int(t.n-n))
	})
	if all {
		if found {
			i++
		}
		o.tags = append(o.tags[:0], o.tags[i:]...)
		return
	}
	if found {
		o.tags[i].gone = true
	}
	gone := 0
	for gone < len(o.tags) && o.tags[gone].gone {
		gone++
	}
	if gone > len(o.tags)/2 { // so that each is moved less than twice
		o.tags = append(o.tags[:0], o.tags[gone:]...)
	}
}

func (o *outstanding) any() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.ContainsFunc(o.tags, func(t tag) bool { return !t.gone })
}

// take returns the ack ids of all, and forgets them.
func (o *outstanding) take(w *wire) (ids []string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.w != w {
		return nil
	}
	for _, t := range o.tags {
		if !t.gone {
			ids = append(ids, string(o.prefix)+strconv.FormatUint(t.n, 10))
		}
	}
	o.tags = o.tags[:0]
	return ids
}
