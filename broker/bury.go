package broker

// bury moves messages that were refused too often to the dead letter queue of their
// destination, which the session that has refused them answers for: it counts among
// those that it has made, and holds it up when it is full. A message that there is no
// place for goes back to where it came from: nothing is lost, and it is tried again
// after the next NACK.
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

// buryOne posts a copy of m. It returns false if there is no place for it.
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

// headerOriginal tells where a dead letter comes from.
const headerOriginal = "original-destination"
