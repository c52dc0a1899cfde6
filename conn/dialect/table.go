package dialect

import (
	"time"

	"github.com/stompwire/stompwire/frame"
	"github.com/stompwire/stompwire/parser"
)

// table is everything that is known about brokers. Values without a source were
// observed on RabbitMQ 3.10.8, ActiveMQ 5.17.2 and Artemis 2.44.0.
var table = [numBrokers]Dialect{
	Unknown: {
		Name: "unknown broker",
		// RabbitMQ takes the host for a virtual host, of which it has "/" by default;
		// other brokers ignore it. Before CONNECTED the broker is unknown, so this
		// value has to suit all of them.
		Host: "/",
		// All brokers in the table agree on these.
		PersistentHeader: frame.HeaderPersistent,
		ExpiresHeader:    frame.HeaderExpires,
		PriorityHeader:   frame.HeaderPriority,
		// "it SHOULD set the receipt-id header", "then close the connection" (STOMP
		// 1.2, ERROR). STOMP 1.0 does not close.
		ErrorNamesReceipt: true,
		ErrorCloses:       frame.VersionsOf(frame.Version11, frame.Version12),
	},
	RabbitMQ: {
		Broker: RabbitMQ, Name: "RabbitMQ", ServerPrefix: "RabbitMQ",
		Host:             "/",
		Tolerate:         parser.TolerateEscapes10 | parser.TolerateCarriageReturnEscape11 | parser.TolerateInvalidUTF8,
		PrefetchHeader:   "prefetch-count",
		PrefetchUnit:     Messages,
		PersistentHeader: frame.HeaderPersistent,
		ExpiresHeader:    "expiration",
		ExpiresAfter:     true,
		PriorityHeader:   frame.HeaderPriority,
		DurableName:      "x-queue-name",
		Durable:          frame.Fields{{Name: "durable", Value: "true"}, {Name: "auto-delete", Value: "false"}},
		// It computes the queue's name again from these headers and the id: without
		// x-queue-name it confirms the UNSUBSCRIBE and keeps the queue.
		EndDurable:    frame.Fields{{Name: "durable", Value: "true"}},
		Replies:       RepliesUnsubscribed,
		MinHeartBeat:  time.Second,
		ReceiptStored: true, // it is the publisher confirm
		// Publisher confirms with "multiple" are per queue and arrive in any order.
		ReceiptsCumulative:    false,
		AckSpansSubscriptions: true, // "multiple" of AMQP is for the channel
		Nack:                  Requeues,
		MaxFrame:              4 << 20,
		maxFrameSince:         "3.12.2",
		// 3.10 has no known bound: 2,500 header lines and a line of 110,000 octets
		// pass. 4.x accepts fewer lines, and bodies of up to 100 MiB (by its source).
		Delivers: frame.Limits{Headers: 2500, HeaderLine: 110_000, Body: 100 << 20},
	},
	ActiveMQ: {
		Broker: ActiveMQ, Name: "ActiveMQ", ServerPrefix: "ActiveMQ",
		Host:                 "/",
		Tolerate:             parser.TolerateUndefinedEscapes,
		PrefetchHeader:       "activemq.prefetchSize",
		PrefetchUnit:         Messages,
		TopicsDrop:           true, // constantPendingMessageLimit of the configuration it is shipped with
		PersistentHeader:     frame.HeaderPersistent,
		ExpiresHeader:        frame.HeaderExpires,
		PriorityHeader:       frame.HeaderPriority,
		DurableName:          "activemq.subscriptionName",
		DurableNeedsClientID: true,
		ClientIDExclusive:    true,
		EndDurableSecond:     true, // "Durable consumer is in use"
		Replies:              RepliesSubscribed,
		HoldsBack:            true, // unless its transportConnector has transport.tcpNoDelay=true
		ReceiptStored:        true,
		// Receipts arrive in order. But another thread reports a SEND without receipt
		// that is refused behind the STOMP layer: later, or not at all.
		ReceiptsCumulative:  false,
		ErrorNamesReceipt:   true,
		Nack:                DeadLetters,
		UnsubscribeRequeues: true,
		MaxFrame:            100 << 20, // wireFormat.maxFrameSize of the configuration it is shipped with
		// The header block has no bound of its own: 1,000 lines of 10 KiB.
		Delivers: frame.Limits{Headers: 1000, HeaderLine: 10 << 10, HeaderBlock: 10 << 20, Body: 100 << 20},
	},
	Artemis: {
		Broker: Artemis, Name: "ActiveMQ Artemis", ServerPrefix: "ActiveMQ-Artemis",
		Host: "/",
		// It escapes header names, unlike ActiveMQ, but on 1.1 also CR, which has no
		// escape there.
		Tolerate:             parser.TolerateCarriageReturnEscape11,
		PrefetchHeader:       "consumer-window-size",
		PrefetchUnit:         Octets,
		PrefetchNeedsAck:     true,
		PersistentHeader:     frame.HeaderPersistent,
		ExpiresHeader:        frame.HeaderExpires,
		PriorityHeader:       frame.HeaderPriority,
		SendRouting:          "destination-type",
		SubscribeRouting:     "subscription-type",
		DurableName:          "durable-subscription-name",
		DurableNeedsClientID: true,
		Replies:              RepliesSubscribed,
		SilentFor:            time.Minute,
		ReceiptStored:        true,
		ReceiptsCumulative:   true,  // it waits for everything that the session has to store (by its source; not documented)
		ErrorNamesReceipt:    false, // not for a SUBSCRIBE with a bad selector, for example
		ErrorCloses:          frame.VersionsOf(frame.Version12),
		Nack:                 Discards,
		UnsubscribeRequeues:  true, // without marking them redelivered
		// No bound is known: 2,500 header lines and a line of 110,000 octets pass.
		Delivers: frame.Limits{Headers: 2500, HeaderLine: 110_000},
	},
	Embedded: {
		Broker: Embedded, Name: "stompwire", ServerPrefix: "stompwire",
		Host:                "/",
		PrefetchHeader:      "prefetch-count",
		PrefetchUnit:        Messages,
		PersistentHeader:    frame.HeaderPersistent, // passed on; it stores nothing
		ExpiresHeader:       frame.HeaderExpires,
		PriorityHeader:      frame.HeaderPriority,
		Replies:             RepliesSubscribed,
		ReceiptsCumulative:  true,
		ErrorNamesReceipt:   true,
		ErrorCloses:         frame.AllVersions,
		Nack:                Requeues,
		UnsubscribeRequeues: true,
		Delivers:            frame.Limits{}.WithDefaults(), // Limits of its Config, as they are by default
	},
}
