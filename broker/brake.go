package broker

// brakes are the reasons why a session is not read at the moment. It is read again when the last of
// them is gone. Guarded by the session's mutex, so that setting one and clearing another do not
// race.
type brakes struct {
	heldBy *destination // the destination that holds it up: full, or with a backlog
	over   bool         // the session is over, and no destination may hold it any more
	choked bool         // the peer does not read our answers
	rated  bool         // it has sent more than its rate allows
	frozen int          // injected faults
}

func (br *brakes) any() bool { return br.heldBy != nil || br.choked || br.rated || br.frozen > 0 }

// brake changes the reasons why the session is not read.
func (s *session) brake(change func(br *brakes)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	before := s.brakes.any()
	change(&s.brakes)
	switch after := s.brakes.any(); {
	case after:
		s.l.Pause()
	case before:
		s.l.Resume()
	}
}

// holdUp stops reading the session until d calls letGo. It returns false if another destination
// holds it already: a transaction may fill several, and one is enough. It also returns false if the
// session is over, because delayed messages of it may still come.
func (s *session) holdUp(d *destination) (held bool) {
	s.brake(func(br *brakes) {
		if held = br.heldBy == nil && !br.over; held {
			br.heldBy = d
		}
	})
	return held
}

// letGo undoes holdUp.
func (s *session) letGo(d *destination) {
	s.brake(func(br *brakes) {
		if br.heldBy == d {
			br.heldBy = nil
		}
	})
}

func (s *session) setChoked(is bool) { s.brake(func(br *brakes) { br.choked = is }) }

func (s *session) setRated(is bool) { s.brake(func(br *brakes) { br.rated = is }) }

func (s *session) freeze() { s.brake(func(br *brakes) { br.frozen++ }) }

func (s *session) thaw() { s.brake(func(br *brakes) { br.frozen-- }) }

// noLongerHeld makes sure that no destination holds the session from now on. It returns the one
// that does, nil if none does.
func (s *session) noLongerHeld() *destination {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.brakes.over = true
	return s.brakes.heldBy
}
