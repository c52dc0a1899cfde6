package broker

// bury moves messages that were refused too often to the dead letter queue of their destination.
// That queue counts among the destinations that the refusing session has made, and holds the
// session up when it is full. If the queue cannot take a message, the message goes back to its
// destination: nothing is lost, and bury tries again after the next NACK.
func (s *session) bury(sub *subscription, dead []*message) {
	d := sub.d
	name := []byte(deadLetterName(d.name))
	for i, m := range dead {
		if !s.buryOne(name, d.name, m) {
			d.mu.Lock()
			d.putBack(sub, dead[i:])
			d.dispatch(sub)
			d.mu.Unlock()
			return
		}
		d.mu.Lock()
		d.deadLettered++
		d.drop(m)
		d.flow.progress(d)
		d.mu.Unlock()
	}
}

// buryOne posts a copy of m to the queue grave. It returns false if that cannot take it.
func (s *session) buryOne(grave []byte, origin string, m *message) bool {
	for {
		if s.b.isFull() {
			return false
		}
		d, err := s.b.registry.get(s.b, grave, s.maker)
		if err != nil {
			return false
		}
		c := m.copy(appendCanonical(nil, []byte(headerOriginal), []byte(origin)))
		if d.post(s, c) {
			return true
		}
		c.free()
	}
}

// headerOriginal names the destination that a dead letter comes from.
const headerOriginal = "original-destination"
