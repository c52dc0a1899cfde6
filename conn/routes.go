package conn

// routes finds the subscription of a message. Readers use an immutable snapshot, so delivery takes
// no lock. Ids that the client chose are small integers and index bySeq; the user's ids are looked
// up by name.
type routes struct {
	bySeq  []*Subscription
	byName map[string]*Subscription
}

// maxBySeq is the largest id that indexes the table. Ids are never reused, so without a bound the
// table would grow with every subscription ever made.
const maxBySeq = 1024

// with returns a copy with s added.
func (t *routes) with(s *Subscription) *routes {
	next := t.clone()
	if i, ok := smallInt([]byte(s.id)); ok && i <= maxBySeq {
		for len(next.bySeq) <= i {
			next.bySeq = append(next.bySeq, nil)
		}
		next.bySeq[i] = s
	} else {
		next.byName[s.id] = s
	}
	return next
}

// without returns a copy with s removed.
func (t *routes) without(s *Subscription) *routes {
	next := t.clone()
	if next.byName[s.id] == s {
		delete(next.byName, s.id)
	}
	if i, ok := smallInt([]byte(s.id)); ok && i < len(next.bySeq) && next.bySeq[i] == s {
		next.bySeq[i] = nil
	}
	return next
}

func (t *routes) clone() *routes {
	next := &routes{bySeq: append([]*Subscription(nil), t.bySeq...), byName: make(map[string]*Subscription, len(t.byName))}
	for id, s := range t.byName {
		next.byName[id] = s
	}
	return next
}

func (t *routes) find(id []byte) *Subscription {
	if i, ok := smallInt(id); ok && i < len(t.bySeq) && t.bySeq[i] != nil {
		return t.bySeq[i]
	}
	return t.byName[string(id)]
}

func (t *routes) byDestination(destination []byte) *Subscription {
	for _, s := range t.bySeq {
		if s != nil && s.destination == string(destination) {
			return s
		}
	}
	for _, s := range t.byName {
		if s.destination == string(destination) {
			return s
		}
	}
	return nil
}

// smallInt parses ids as we write them: decimal, no leading zero.
func smallInt(id []byte) (int, bool) {
	if len(id) == 0 || len(id) > 9 || id[0] == '0' {
		return 0, false
	}
	n := 0
	for _, d := range id {
		if d < '0' || d > '9' {
			return 0, false
		}
		n = 10*n + int(d-'0')
	}
	return n, true
}
