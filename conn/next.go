package conn

import (
	"context"
	"iter"
)

// Next returns the next message of Consume. The message is retained: Release it. Next waits under
// ctx; if ctx has ended it returns ctx.Err(), even if messages wait. In a handler of the same client
// it returns ErrWouldBlock. After the end of the subscription it returns what Err returns; in mode
// auto it first returns the messages that had come.
func (s *Subscription) Next(ctx context.Context) (*Message, error) {
	if s.queue == nil {
		return nil, option("stomp: Next is for Consume, this subscription has a handler")
	}
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
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

// All yields the messages of Consume as they arrive. Each is valid until the next iteration; Retain
// keeps it longer. An error ends the iteration: one of Next, including ctx.Err().
//
// Several goroutines may range over All at a time. To stop such a pool of workers in order, first
// cancel the context of All. Then wait until each worker has acknowledged the message that it has in
// hand and has returned. Then call Unsubscribe or Disconnect. These do not wait for messages that
// Next, All, Retain or Token have handed out: the broker delivers those again that are not
// acknowledged by then. Work, such as Commit, needs another context than All, because a cancelled
// one would cut it off.
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

// yieldAndRelease releases m even if the body of the loop panics.
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
