package ledger

import "slices"

// Order detects, for one consumer, messages that arrive after a later one of the same producer and
// priority. There is no order between priorities, and none between the consumers of a queue.
type Order struct {
	last      [priorities][]uint64 // grows with the highest producer seen
	producers int
}

// priorities is how many there are, from 0 on.
const priorities = 10

// NewOrder returns an Order for the given number of producers.
func NewOrder(producers int) Order { return Order{producers: producers} }

// Late reports whether sequence comes after a later one. If all messages have the same priority,
// any value such as 0 can be passed.
func (o *Order) Late(producer uint32, priority uint8, sequence uint64) bool {
	if int(producer) >= o.producers || priority >= priorities {
		return false
	}
	last := grownTo(&o.last[priority], producer)
	if sequence <= *last {
		return true
	}
	*last = sequence
	return false
}

// grownTo returns the element at, and makes the slice long enough for it.
func grownTo[T any](all *[]T, at uint32) *T {
	if int(at) >= len(*all) {
		*all = slices.Grow(*all, int(at)+1-len(*all))[:at+1]
	}
	return &(*all)[at]
}
