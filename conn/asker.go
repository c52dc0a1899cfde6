package conn

import (
	"slices"
	"strconv"

	"github.com/stompwire/stompwire/pool"
)

// asker says which frames of a producer ask for a receipt. Usually all do. Where a
// receipt holds for all frames before it, too, only every Nth does, and the last one
// of each batch that is written, so that nothing waits for a receipt that nobody has
// asked for, and no timer is needed. Which frame that is, is known when the batch is
// taken from the outbox: then the line is put where it belongs.
//
// All that changes is guarded by the outbox lock.
type asker struct {
	every uint64
	line  []byte // the header line, up to the number
	asked uint64 // the latest number that has asked

	// The latest frame has not, and the line would be at this place of the outbox;
	// 0 if it has, or has been written.
	at  int
	seq uint64
}

// wants reports whether frame seq is to ask.
func (a *asker) wants(seq uint64) bool { return seq-a.asked >= a.every }

// size is how long the line may become.
func (a *asker) size() int { return len(a.line) + len("18446744073709551615\n") }

func (a *asker) append(dst []byte, seq uint64) []byte {
	dst = strconv.AppendUint(append(dst, a.line...), seq, 10)
	return append(dst, '\n')
}

// note takes note that frame seq is in the outbox: with a line if at is 0, and else
// without one that would be at that place.
func (a *asker) note(seq uint64, at int) {
	a.seq, a.at = seq, at
	if at == 0 {
		a.asked = seq
	}
}

// ask enters a, before its producer sends anything. It takes no place in the outbox,
// which may be full.
func (c *Conn) ask(a *asker) {
	if a.every > 1 { // else all frames ask by themselves
		c.changeAskers(func(all []*asker) []*asker { return append(all, a) })
	}
}

// forget removes a, whose producer will not send any more.
func (c *Conn) forget(a *asker) {
	if a.every > 1 {
		c.changeAskers(func(all []*asker) []*asker {
			return slices.DeleteFunc(all, func(other *asker) bool { return other == a })
		})
	}
}

func (c *Conn) changeAskers(change func(all []*asker) []*asker) {
	c.mu.Lock()
	defer c.mu.Unlock()
	next := change(slices.Clone(c.allAskers()))
	c.askers.Store(&next)
}

func (c *Conn) allAskers() []*asker {
	if all := c.askers.Load(); all != nil {
		return *all
	}
	return nil
}

// OnBatch is called by the link, with the outbox locked.
func (s *sessionHandler) OnBatch(out *pool.Buffer) {
	all := (*Conn)(s).allAskers()
	for _, a := range all {
		if a.at == 0 {
			continue
		}
		var room [64]byte
		line, at := a.append(room[:0], a.seq), a.at
		out.Grow(len(line))
		out.B = slices.Insert(out.B, at, line...)
		a.note(a.seq, 0)
		for _, other := range all {
			if other.at > at {
				other.at += len(line)
			}
		}
	}
}

// every returns on which frames to ask on a broker of this dialect.
func every(n int, assumed bool, d *Dialect) uint64 {
	if n > 1 && (assumed || d.ReceiptsCumulative) {
		return uint64(n)
	}
	return 1
}
