package broker

// stall registers sub to be told when the outbox has room again. The mutex of its destination is
// held.
func (s *session) stall(sub *subscription) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !sub.listed {
		sub.listed = true
		s.stalled = append(s.stalled, sub)
	}
}

// OnDrain implements link.Drainer: the outbox has room again. It runs on the
// flusher's goroutine, one call at a time.
func (s *session) OnDrain() {
	s.setChoked(false)
	list, turn := s.takeStalled()
	for i := range list {
		// There may be room for one of them only, so they take turns at being first.
		list[(i+turn)%len(list)].unstall()
	}
	clear(list)
	s.mu.Lock()
	s.spare = list[:0]
	s.mu.Unlock()
}

func (s *session) takeStalled() (list []*subscription, turn int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	list, s.stalled, s.spare = s.stalled, s.spare, nil
	for _, sub := range list {
		sub.listed = false
	}
	s.drains++
	return list, s.drains
}

// unstall delivers what waits for sub.
func (sub *subscription) unstall() {
	d := sub.d
	d.mu.Lock()
	defer d.mu.Unlock()
	if sub.gone {
		return
	}
	sub.stalled = false
	d.update(sub)
	d.dispatch(sub)
}
