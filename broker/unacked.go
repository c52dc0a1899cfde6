package broker

// unacked holds the deliveries of a subscription that are not acknowledged, in the order of
// delivery. Each delivery has a tag, counted from 1.
type unacked struct {
	ring  ring[delivery]
	live  int    // how many are not settled
	last  uint64 // the latest tag
	holes int    // settled deliveries that are still in the ring

	// The tag of each live delivery by the number of its message, for versions whose ACK names the
	// message. Searching the ring instead would let a peer that acknowledges the latest message
	// first waste our time.
	named bool
	tags  map[uint64]uint64
	most  int // the largest size that tags has had
}

// keptTags is the largest size that a table of tags may have had to be kept when it is empty.
const keptTags = 512

// delivery is one message under way; m is nil when it is settled.
type delivery struct {
	tag uint64
	m   *message
}

func (u *unacked) add(m *message) (tag uint64) {
	u.last++
	u.live++
	u.ring.pushBack(delivery{u.last, m})
	if u.named {
		if u.tags == nil {
			u.tags = make(map[uint64]uint64)
		}
		u.tags[m.seq] = u.last
		u.most = max(u.most, u.live)
	}
	return u.last
}

// find returns the index of the delivery with this tag, -1 if it is not in the ring. Tags ascend,
// so without removed holes the index is computed directly.
func (u *unacked) find(tag uint64) int {
	n := u.ring.len()
	if n == 0 || tag < u.ring.at(0).tag || tag > u.last {
		return -1
	}
	low, high := 0, int(min(uint64(n-1), tag-u.ring.at(0).tag))
	for i := high; ; i = (low + high) / 2 {
		switch e := u.ring.at(i); {
		case e.tag == tag && e.m == nil:
			return -1
		case e.tag == tag:
			return i
		case e.tag < tag:
			low = i + 1
		default:
			high = i - 1
		}
		if low > high {
			return -1
		}
	}
}

// tagOf returns the tag of the delivery of message seq that is under way, 0 if there is none. A
// message is under way to a subscription at most once.
func (u *unacked) tagOf(seq uint64) uint64 { return u.tags[seq] }

// take settles the delivery at index i and returns its message, nil if it was settled before.
// Indexes stay valid until tidy.
func (u *unacked) take(i int) *message {
	e := u.ring.at(i)
	m := e.m
	if m != nil {
		e.m = nil
		u.live--
		u.holes++
		delete(u.tags, m.seq)
	}
	return m
}

// tidy removes settled deliveries: those at the front, and all once they are the larger part. So
// one message that is never acknowledged cannot make the ring grow while others are.
func (u *unacked) tidy() {
	for u.ring.len() > 0 && u.ring.at(0).m == nil {
		u.ring.popFront()
		u.holes--
	}
	if u.live == 0 && u.most > keptTags {
		u.tags, u.most = nil, 0
	}
	if u.holes <= u.live+64 {
		return
	}
	kept := 0
	for i := range u.ring.len() {
		if e := *u.ring.at(i); e.m != nil {
			*u.ring.at(kept) = e
			kept++
		}
	}
	u.ring.truncate(kept)
	u.holes = 0
}
