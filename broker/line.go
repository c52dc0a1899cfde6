package broker

// line holds waiting messages in the order of seq. The zero value is empty.
//
// Messages that were given back have been delivered before, so each of them is earlier than every
// message that has never left the line, and they go first. A peer may give back any number of them,
// one by one and in any order. So they are in a heap, which takes logarithmic time for each, and
// not in a sorted list.
type line struct {
	back  []*message // a binary heap by seq
	fresh ring[*message]
}

func (l *line) len() int { return len(l.back) + l.fresh.len() }

// first returns the next message. There must be one.
func (l *line) first() *message {
	if len(l.back) > 0 {
		return l.back[0]
	}
	return *l.fresh.at(0)
}

// add puts m behind all others.
func (l *line) add(m *message) { l.fresh.pushBack(m) }

// giveBack puts m, which was taken, back into its place.
func (l *line) giveBack(m *message) {
	l.back = append(l.back, m)
	i := len(l.back) - 1
	for i > 0 {
		parent := (i - 1) / 2
		if l.back[parent].seq < m.seq {
			break
		}
		l.back[i], i = l.back[parent], parent
	}
	l.back[i] = m
}

// take removes the first message.
func (l *line) take() *message {
	n := len(l.back) - 1
	if n < 0 {
		return l.fresh.popFront()
	}
	top, last := l.back[0], l.back[n]
	l.back[n] = nil
	l.back = l.back[:n]
	if n > 0 {
		l.sink(last)
	} else if cap(l.back) > keptRing {
		l.back = nil
	}
	return top
}

// sink puts m into the free place at the top of the heap, or below it.
func (l *line) sink(m *message) {
	i, n := 0, len(l.back)
	for {
		child := 2*i + 1
		if child >= n {
			break
		}
		if right := child + 1; right < n && l.back[right].seq < l.back[child].seq {
			child = right
		}
		if m.seq < l.back[child].seq {
			break
		}
		l.back[i], i = l.back[child], child
	}
	l.back[i] = m
}
