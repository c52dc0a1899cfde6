package conn

import (
	"context"
	"iter"
)

// Next returns the next message of Consume, which is retained: Release it. It waits under ctx. In
// a handler of the same client it returns ErrWouldBlock; at the end, what Err returns, in mode auto
// after the messages that had come.
func (s *Subscription) Next(ctx context.Context) (*Message, error) {
	if s.queue == nil {
		return nil, option("stomp: Next is for Consume, this subscription has a handler")
	}
	for {
		if m, err := s.queue.pop(); m != nil || err != nil {
			return m, err
		}
		if s.c.inHandler(ctx) {
			return nil, ErrWouldBlock
		}
		select {
		case <-s.queue.ready:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// All yields the messages of Consume as they come. Each is valid until the loop goes on; Retain
// keeps it longer. An error is the last that it yields: those of Next, ctx.Err() included.
func (s *Subscription) All(ctx context.Context) iter.Seq2[*Message, error] {
	return func(yield func(*Message, error) bool) {
		for {
			m, err := s.Next(ctx)
			if err != nil {
				yield(nil, err)
				return
			}
			if !yieldAndRelease(m, yield) {
				return
			}
		}
	}
}

// yieldAndRelease gives m back also if the body of the loop panics.
func yieldAndRelease(m *Message, yield func(*Message, error) bool) bool {
	defer m.Release()
	return yield(m, nil)
}

// Dropped returns how many messages were dropped because the queue was full.
func (s *Subscription) Dropped() uint64 {
	if s.queue == nil {
		return 0
	}
	return s.queue.dropped.Load()
}
