package conn

import (
	"context"
	"iter"
)

// ConsumeOptions says how to subscribe, and how much may wait for the consumer.
type ConsumeOptions struct {
	SubscribeOptions

	MaxMessages int      // that wait; default 1000
	MaxBytes    int      // of headers and bodies that wait; default 4 MiB; one message may exceed it
	Overflow    Overflow // what to do at either bound
}

const (
	defaultInboxMessages = 1000
	defaultInboxBytes    = 4 << 20
)

// Consumer is a subscription whose messages wait in a bounded queue until they are
// asked for, on any goroutine. Safe for concurrent use: each message goes to one
// caller. In the ack modes of the client, what waits when a connection is lost is
// dropped, for the broker delivers it again. Close it in any case.
type Consumer struct {
	in          inbox
	subscribed  chan struct{} // closed when unsubscribe is what it will be
	unsubscribe func(ctx context.Context) error
	inHandler   func(ctx context.Context) bool
	done        <-chan struct{} // of the connection or client
	err         func() error
}

// Consume subscribes to destination, like Subscribe. It returns ErrNotStreamed if opts
// has StreamOver.
func (c *Conn) Consume(ctx context.Context, destination string, opts ConsumeOptions) (*Consumer, error) {
	if opts.StreamOver > 0 {
		return nil, ErrNotStreamed
	}
	co := newConsumer(opts)
	co.done, co.err, co.inHandler = c.Done(), c.Err, c.inHandler
	sub, err := c.Subscribe(ctx, destination, co.in.put, opts.SubscribeOptions)
	if err != nil {
		return nil, co.failed(err)
	}
	co.unsubscribe = sub.end
	close(co.subscribed)
	return co, nil
}

// Consume subscribes to destination, like Subscribe, on this and all later
// connections. It returns ErrNotStreamed if opts has StreamOver.
func (cl *Client) Consume(ctx context.Context, destination string, opts ConsumeOptions) (*Consumer, error) {
	if opts.StreamOver > 0 {
		return nil, ErrNotStreamed
	}
	co := newConsumer(opts)
	co.done, co.err, co.inHandler = cl.Done(), cl.Err, cl.inHandler
	sub, err := cl.Subscribe(ctx, destination, co.in.put, opts.SubscribeOptions)
	if err != nil {
		return nil, co.failed(err)
	}
	co.unsubscribe = sub.Unsubscribe
	close(co.subscribed)
	return co, nil
}

func newConsumer(opts ConsumeOptions) *Consumer {
	co := &Consumer{
		subscribed:  make(chan struct{}),
		unsubscribe: func(context.Context) error { return nil },
		in: inbox{
			maxMessages: opts.MaxMessages, maxBytes: opts.MaxBytes, overflow: opts.Overflow,
			ready: make(chan struct{}, 1),
		},
	}
	if co.in.maxMessages <= 0 {
		co.in.maxMessages = defaultInboxMessages
	}
	if co.in.maxBytes <= 0 {
		co.in.maxBytes = defaultInboxBytes
	}
	// The broker's answer is read by the goroutine that calls slow.
	co.in.slow = func() { go co.giveUp() }
	return co
}

func (co *Consumer) failed(err error) error {
	co.in.end(err)
	close(co.subscribed)
	return err
}

func (co *Consumer) giveUp() {
	<-co.subscribed
	_ = co.unsubscribe(context.Background())
}

// Next returns the next message, which is retained: Release it. It waits under
// ctx. In a handler of the same connection it returns ErrWouldBlock, after the end
// an error that Is net.ErrClosed, ErrConsumerClosed or ErrSlowConsumer.
func (co *Consumer) Next(ctx context.Context) (*Message, error) {
	for {
		if m, err := co.in.pop(); m != nil || err != nil {
			return m, err
		}
		if co.inHandler(ctx) {
			return nil, ErrWouldBlock
		}
		select {
		case <-co.in.ready:
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-co.done:
			if m, err := co.in.pop(); m != nil || err != nil {
				return m, err // it came before the end
			}
			return nil, co.err()
		}
	}
}

// All yields the messages as they come. Each is valid until the loop goes on;
// Retain keeps it longer. An error is the last that it yields: those of Next,
// ctx.Err() included.
func (co *Consumer) All(ctx context.Context) iter.Seq2[*Message, error] {
	return func(yield func(*Message, error) bool) {
		for {
			m, err := co.Next(ctx)
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
func (co *Consumer) Dropped() uint64 { return co.in.dropped.Load() }

// Close unsubscribes, and drops what waits in the queue. What Next has returned is to be
// acknowledged before: see ErrUnsubscribed. It ends the consumer whatever the error, also
// if ctx has ended; except in a handler of the same connection, where it returns
// ErrWouldBlock and does nothing. Closing again does no harm.
func (co *Consumer) Close(ctx context.Context) error {
	if co.inHandler(ctx) {
		return ErrWouldBlock
	}
	co.in.end(ErrConsumerClosed)
	return co.unsubscribe(ctx)
}
