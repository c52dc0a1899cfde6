package conn

import (
	"context"
	"slices"
	"time"

	"github.com/stompwire/stompwire/conn/dialect"
	"github.com/stompwire/stompwire/frame"
)

// MessageHandler handles one message, on the goroutine that reads the connection. m is borrowed:
// valid until the handler returns. A slow handler slows the broker down by TCP back-pressure; it
// stops neither heart-beats nor acknowledgements nor other connections. But until it returns nothing
// is read from its connection: neither messages of other subscriptions, nor the answers to
// Subscribe, Unsubscribe and Commit of a transaction of Message.Begin; with Config.OneConnection to
// no call. So a handler must not wait for goroutines that make such calls: use Consume for a pool of
// workers, and subscribe on another client for handlers that take seconds. ctx is cancelled when the
// connection ends, with the reason as its cause. Pass ctx to calls on the client, so that they
// return ErrWouldBlock instead of waiting for something that only this goroutine can read. A panic
// is reported, see PanicError, and the client goes on.
type MessageHandler func(ctx context.Context, m *Message)

// SubscribeOptions configures a subscription. The zero value is ready to use.
type SubscribeOptions struct {
	// ID identifies the subscription on the wire. "" uses a small number, which is also the fastest
	// to look up.
	ID string

	// Ack is the acknowledgement mode; auto by default: the broker forgets each message as it sends
	// it. client-individual needs 1.1.
	Ack frame.AckMode

	// Headers are added to SUBSCRIBE. Those that the client sets are refused.
	Headers []frame.Field

	// HeadersFunc, if set, makes further headers for each SUBSCRIBE, such as the offset at which a
	// stream is to be continued. It must not block.
	HeadersFunc func() []frame.Field

	// Hints become headers for the broker of each connection, such as dialect.Prefetch(10) or
	// dialect.Durable("name"), which Subscription.EndDurable ends. On Artemis, which counts bytes,
	// dialect.Prefetch without dialect.PrefetchBytes is refused: with both, any broker will do.
	Hints []dialect.Hint

	// NoReceipt returns as soon as SUBSCRIBE is encoded. Messages sent to a topic right after may
	// then be missed.
	NoReceipt bool

	// StreamOver, if above 0, streams bodies that are longer than this many bytes or of unknown
	// length. The handler is called when the body begins to arrive: Message.Body is nil, and
	// Message.Reader reads the body, so that it takes no memory whatever its length. Until the
	// handler returns, the connection is read only as fast as the handler reads.
	StreamOver int

	// AckEvery, in mode client, makes Message.Ack acknowledge that many messages together, or those
	// of the last 100 ms if there are fewer.
	AckEvery int

	// MaxMessages and MaxBytes bound the queue of Consume; default 1000 messages, and 4 MiB of
	// headers and bodies, which one message may exceed. When it is full, the connection is not read
	// until half of it is free, which slows the broker down by TCP back-pressure. Sends,
	// acknowledgements and heart-beats go on, but other subscriptions of the connection wait. With
	// DropOverflow, messages that do not fit are dropped instead, and counted; in the ack modes
	// client and client-individual the broker keeps them until the subscription ends.
	//
	// In the ack modes client and client-individual, Consume also asks the broker for at most
	// MaxMessages unacknowledged messages, unless Headers or Hints have a prefetch. So raise it, or
	// have a prefetch, to acknowledge more than that at once. Consume does not ask with DropOverflow,
	// on Artemis, which counts bytes, for topics on ActiveMQ, which may drop what waits for a slow
	// consumer, and on an unknown broker. In these modes a full queue does not delay answers: while
	// the broker owes one on the connection, such as that to Commit in a worker, the connection is
	// read, and the queue may exceed MaxBytes, and MaxMessages where the broker was not asked.
	//
	// In mode auto nothing bounds what the broker sends, so the call waits until half of the queue
	// is free. If all goroutines that call Next wait for an answer on that connection, none empties
	// the queue, and they wait until their time is up. Such calls are Subscribe, Unsubscribe, and
	// Commit of a transaction of Message.Begin; with Config.OneConnection all that wait for an answer.
	// Use client-individual there.
	MaxMessages  int
	MaxBytes     int
	DropOverflow bool

	// OnEnd is called once, on a goroutine of its own, when the subscription has ended for another
	// reason than Unsubscribe or the end of the client: the broker has cancelled it, or has refused
	// to renew it for a minute.
	OnEnd func(s *Subscription, err error)
}

const (
	defaultQueueMessages = 1000
	defaultQueueBytes    = 4 << 20
	ackInterval          = 100 * time.Millisecond
)

func (o SubscribeOptions) withDefaults() SubscribeOptions {
	o.Headers, o.Hints = slices.Clone(o.Headers), slices.Clone(o.Hints)
	if o.MaxMessages <= 0 {
		o.MaxMessages = defaultQueueMessages
	}
	if o.MaxBytes <= 0 {
		o.MaxBytes = defaultQueueBytes
	}
	o.StreamOver = max(o.StreamOver, 0)
	return o
}

func (o *SubscribeOptions) validate(queued bool) error {
	switch {
	case o.Ack > frame.AckClientIndividual:
		return option("stomp: SubscribeOptions.Ack: there is no mode number %d", o.Ack)
	case o.AckEvery > 1 && o.Ack != frame.AckClient:
		return option("stomp: SubscribeOptions.AckEvery needs ack mode client")
	case o.StreamOver > 0 && queued:
		return option("stomp: Consume keeps messages, and a body that is streamed is not kept anywhere")
	}
	return checkSubscribe(o.Headers)
}

// checkSubscribe refuses headers that the client sets.
func checkSubscribe(h []frame.Field) error {
	return checkNames(frame.CmdSubscribe, h,
		frame.HeaderReceipt, frame.HeaderID, frame.HeaderDestination, frame.HeaderAck)
}
