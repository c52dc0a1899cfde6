package conn

import (
	"bytes"
	"cmp"
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
	head   int   // those before it are gone
	gone   int   // how many of them are
	taken  *wire // where all were given back, and what comes now is to be given back at once
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

// add notes a message that was delivered. It returns false if that is to be given back at once.
func (o *outstanding) add(w *wire, ack []byte) bool {
	prefix, n, ok := cutTag(ack)
	o.mu.Lock()
	defer o.mu.Unlock()
	switch {
	case o.taken == w:
		return false
	case !ok:
		return true
	}
	if o.w != w {
		o.w = w
		o.forget()
		o.prefix = append(o.prefix[:0], prefix...)
	}
	o.tags = append(o.tags, tag{n: n})
	return true
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

// forget removes all.
func (o *outstanding) forget() { o.tags, o.head, o.gone = o.tags[:0], 0, 0 }

// settle takes out one message, or all up to it. With undo it notes there what it takes out.
func (o *outstanding) settle(w *wire, ack []byte, all bool, undo *[]uint64) {
	_, n, ok := cutTag(ack)
	o.mu.Lock()
	defer o.mu.Unlock()
	if !ok || o.w != w {
		return
	}
	end, found := o.search(n)
	first := end
	if all {
		first = o.head
	}
	if found {
		end++
	}
	for i := first; i < end; i++ {
		if o.tags[i].gone {
			continue
		}
		if undo != nil {
			*undo = append(*undo, o.tags[i].n)
		}
		o.tags[i].gone = true
		o.gone++
	}
	o.compact()
}

// compact keeps the memory within twice what is outstanding, even if an old message is never
// acknowledged. It moves less than two tags for each that was settled.
func (o *outstanding) compact() {
	for o.head < len(o.tags) && o.tags[o.head].gone {
		o.head++
	}
	if o.gone > len(o.tags)/2 {
		o.tags = slices.DeleteFunc(o.tags, func(t tag) bool { return t.gone })
		o.head, o.gone = 0, 0
	}
}

func (o *outstanding) search(n uint64) (i int, found bool) {
	return slices.BinarySearchFunc(o.tags, n, func(t tag, n uint64) int { return cmp.Compare(t.n, n) })
}

// restore undoes settle: the transaction in which that was done is aborted.
func (o *outstanding) restore(w *wire, settled []uint64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.w != w || o.taken == w {
		return
	}
	for _, n := range settled {
		i, found := o.search(n)
		switch {
		case !found:
			o.tags = slices.Insert(o.tags, i, tag{n: n})
		case o.tags[i].gone:
			o.tags[i].gone = false
			o.gone--
		}
		o.head = min(o.head, i)
	}
}

// takenOn reports whether take was called for w.
func (o *outstanding) takenOn(w *wire) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.taken == w
}

// take returns the ack ids of all, and forgets them.
func (o *outstanding) take(w *wire) (ids []string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.taken = w
	if o.w != w {
		return nil
	}
	for _, t := range o.tags {
		if !t.gone {
			ids = append(ids, string(o.prefix)+strconv.FormatUint(t.n, 10))
		}
	}
	o.forget()
	return ids
}
