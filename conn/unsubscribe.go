package conn

import (
	"context"
	"errors"
	"slices"

	"github.com/stompwire/stompwire/frame"
	"github.com/stompwire/stompwire/writer"
)

// ending is an attempt to unsubscribe.
type ending struct {
	done chan struct{}
	err  error // set before done is closed
}

// wait returns nil when there is an outcome, and ctx.Err() if ctx ends first.
func (e *ending) wait(ctx context.Context) error {
	select {
	case <-e.done:
		return nil
	default: // whatever ctx says
	}
	select {
	case <-e.done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Unsubscribe ends the subscription and returns when the broker has confirmed it. What
// an [Acker] has gathered of it is acknowledged before, and waits under ctx for room in
// the outbox. Messages that were on their way are still handled until then, but can no
// longer be acknowledged: see ErrUnsubscribed. Unsubscribing again sends nothing, and
// returns what became of the first time. In a handler it returns ErrWouldBlock. If
// nothing was sent because ctx ended first, it can be tried again.
func (s *Subscription) Unsubscribe(ctx context.Context) error {
	if s.c.inHandler(ctx) {
		return ErrWouldBlock
	}
	for {
		e, ours := s.beginEnding()
		if ours {
			e.err = s.unsubscribe(ctx)
			s.stopEnding(e)
			return e.err
		}
		if err := e.wait(ctx); err != nil {
			return err
		}
		if wasSent(e.err) {
			return e.err
		}
	}
}

// beginEnding returns the attempt that counts, and whether it is the caller's.
func (s *Subscription) beginEnding() (e *ending, ours bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ending != nil {
		return s.ending, false
	}
	s.ending = &ending{done: make(chan struct{})}
	return s.ending, true
}

// stopEnding tells of what came of e. If nothing was sent, the next one may try.
func (s *Subscription) stopEnding(e *ending) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !wasSent(e.err) {
		s.ending = nil
		s.leaving.Store(false)
	}
	close(e.done)
}

func (s *Subscription) unsubscribe(ctx context.Context) error {
	if err := s.flushAckers(ctx); err != nil {
		return err
	}
	fields := s.unsubscribeFields()
	err := s.c.request(ctx, fieldsSize(fields)+frameOverhead, func(dst []byte, receipt frame.Field) ([]byte, error) {
		return s.appendUnsubscribe(dst, with(fields, receipt))
	})
	if errors.Is(err, ErrUnsubscribed) {
		err = nil // somebody could not wait for us
	}
	if wasSent(err) {
		s.c.subs.remove(s)
	}
	return err
}

// appendUnsubscribe appends the frame, once. What is appended to nil is for listeners.
func (s *Subscription) appendUnsubscribe(dst []byte, fields []frame.Field) ([]byte, error) {
	if s.ended.Load() {
		return dst, ErrUnsubscribed
	}
	out, err := writer.AppendFrame(dst, s.c.version, frame.CmdUnsubscribe, fields, nil)
	if err == nil {
		err = s.c.checkSize(len(out) - len(dst))
	}
	if err == nil && dst != nil {
		s.ended.Store(true)
	}
	return out, err
}

func (s *Subscription) unsubscribeFields() []frame.Field {
	fields := []frame.Field{{Name: frame.HeaderID, Value: s.id}}
	if s.c.version == frame.Version10 {
		fields = append(fields, frame.Field{Name: frame.HeaderDestination, Value: s.destination})
	}
	return fields
}

// end is Unsubscribe by someone who is done with the subscription in any case: what
// could not wait for its turn goes out at once.
func (s *Subscription) end(ctx context.Context) error {
	err := s.Unsubscribe(ctx)
	if !wasSent(err) && s.c.Err() == nil {
		s.c.abandon(s)
	}
	return err
}

// abandon ends a subscription that the broker may have and nobody here wants: what it
// delivered in mode auto would be lost.
func (c *Conn) abandon(s *Subscription) {
	c.subs.remove(s)
	s.hurryAckers()
	fields := s.unsubscribeFields()
	if buf, err := c.reserveNow(fieldsSize(fields) + frameOverhead); err == nil {
		out, err := s.appendUnsubscribe(buf, fields)
		_ = c.commit(buf, out, err)
	}
}

// Ackers gather acknowledgements. One that has some enters itself first and looks at
// leaving then; who is about to leave sets that first and looks for ackers then.

func (s *Subscription) addAcker(a *Acker) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ackers = append(s.ackers, a)
}

func (s *Subscription) removeAcker(a *Acker) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ackers = slices.DeleteFunc(s.ackers, func(other *Acker) bool { return other == a })
}

// leave has nothing gathered from now on, and returns who has gathered until now.
func (s *Subscription) leave() []*Acker {
	s.leaving.Store(true)
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.ackers)
}

// flushAckers has acknowledged what was gathered. It waits for room in the outbox.
func (s *Subscription) flushAckers(ctx context.Context) error {
	for _, a := range s.leave() {
		for a.flushOf(s) {
			buf, err := s.c.reserve(ctx, 0)
			if err != nil {
				return err
			}
			s.c.l.Commit(buf)
		}
	}
	return nil
}

// hurryAckers is flushAckers as far as there is room.
func (s *Subscription) hurryAckers() {
	for _, a := range s.leave() {
		a.flushOf(s)
	}
}
