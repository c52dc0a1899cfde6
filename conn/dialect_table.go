package conn

import (
	"strconv"
	"strings"
	"time"

	"github.com/stompwire/stompwire/frame"
	"github.com/stompwire/stompwire/parser"
)

// dialects is all that we know of brokers. What is tested against running ones is
// in dialect_live_test.go.
var dialects = [numBrokers]Dialect{
	UnknownBroker: {
		Name: "unknown broker",
		// RabbitMQ takes the host for a vhost and has "/"; others ignore it. So
		// what we do not know yet gets "/" as well.
		Host: "/",
		// Headers that all three agree on.
		PersistentHeader: frame.HeaderPersistent,
		ExpiresHeader:    frame.HeaderExpires,
		PriorityHeader:   frame.HeaderPriority,
		// "it SHOULD set the receipt-id header", "then close the connection" (STOMP
		// 1.2, ERROR). 1.0 does not close.
		ErrorNamesReceipt: true,
		ErrorCloses:       frame.VersionsOf(frame.Version11, frame.Version12),
	},
	RabbitMQ: {
		Broker: RabbitMQ, Name: "RabbitMQ", ServerPrefix: "RabbitMQ",
		Host:             "/",
		Tolerate:         parser.TolerateEscapes10 | parser.TolerateCarriageReturnEscape11 | parser.TolerateInvalidUTF8,
		PrefetchHeader:   "prefetch-count",
		PrefetchUnit:     PrefetchMessages,
		PersistentHeader: frame.HeaderPersistent,
		ExpiresHeader:    "expiration",
		ExpiresAfter:     true,
		PriorityHeader:   frame.HeaderPriority,
		DurableName:      "x-queue-name",
		Durable:          frame.Fields{{Name: "durable", Value: "true"}, {Name: "auto-delete", Value: "false"}},
		MinHeartBeat:     time.Second,
		ReceiptStored:    true, // it is the publisher confirm
		// "multiple" confirms are per queue, and come as they come.
		ReceiptsCumulative: false,
		Nack:               NackRequeues,
		MaxFrame:           4 << 20,
		maxFrameSince:      "3.12.2",
	},
	ActiveMQ: {
		Broker: ActiveMQ, Name: "ActiveMQ", ServerPrefix: "ActiveMQ",
		Host:                 "/",
		Tolerate:             parser.TolerateUndefinedEscapes,
		PrefetchHeader:       "activemq.prefetchSize",
		PrefetchUnit:         PrefetchMessages,
		PersistentHeader:     frame.HeaderPersistent,
		ExpiresHeader:        frame.HeaderExpires,
		PriorityHeader:       frame.HeaderPriority,
		DurableName:          "activemq.subscriptionName",
		DurableNeedsClientID: true,
		HoldsBack:            true, // unless its transportConnector has transport.tcpNoDelay=true
		ReceiptStored:        true,
		// Receipts come in order, but a SEND without one that is refused beyond the
		// STOMP layer is told by another thread: later, or not at all.
		ReceiptsCumulative: false,
		ErrorNamesReceipt:  true,
		Nack:               NackDeadLetters,
		MaxFrame:           100 << 20, // wireFormat.maxFrameSize of the configuration it is shipped with
	},
	Artemis: {
		Broker: Artemis, Name: "ActiveMQ Artemis", ServerPrefix: "ActiveMQ-Artemis",
		Host: "/",
		// It escapes names, unlike Classic, but on 1.1 also CR, which has no escape there.
		Tolerate:             parser.TolerateCarriageReturnEscape11,
		PrefetchHeader:       "consumer-window-size",
		PrefetchUnit:         PrefetchOctets,
		PrefetchNeedsAck:     true, // seen with 2.44
		PersistentHeader:     frame.HeaderPersistent,
		ExpiresHeader:        frame.HeaderExpires,
		PriorityHeader:       frame.HeaderPriority,
		SendRouting:          "destination-type",
		SubscribeRouting:     "subscription-type",
		DurableName:          "durable-subscription-name",
		DurableNeedsClientID: true,
		SilentFor:            time.Minute,
		ReceiptStored:        true,
		ReceiptsCumulative:   true,  // it waits for all that the session has to store; as in its source, not documented
		ErrorNamesReceipt:    false, // of some frames; not of a SUBSCRIBE with a bad selector
		ErrorCloses:          frame.VersionsOf(frame.Version12),
		Nack:                 NackDiscards,
	},
	Embedded: {
		Broker: Embedded, Name: "stompwire", ServerPrefix: "stompwire",
		Host:               "/",
		PrefetchHeader:     "prefetch-count",
		PrefetchUnit:       PrefetchMessages,
		PersistentHeader:   frame.HeaderPersistent, // passed on: it keeps nothing
		ExpiresHeader:      frame.HeaderExpires,
		PriorityHeader:     frame.HeaderPriority,
		ReceiptsCumulative: true,
		ErrorNamesReceipt:  true,
		ErrorCloses:        frame.AllVersions,
		Nack:               NackRequeues,
	},
}

// DialectOf returns the dialect of the broker that says server of itself in
// CONNECTED, such as "RabbitMQ/3.10.8".
func DialectOf(server string) Dialect {
	best := dialects[UnknownBroker]
	for _, d := range dialects[UnknownBroker+1:] {
		// "ActiveMQ-Artemis" begins like "ActiveMQ": the longest prefix wins.
		if strings.HasPrefix(server, d.ServerPrefix) && len(d.ServerPrefix) > len(best.ServerPrefix) {
			best = d
		}
	}
	release := strings.TrimPrefix(strings.TrimPrefix(server, best.ServerPrefix), "/")
	if olderThan(release, best.maxFrameSince) {
		best.MaxFrame = 0
	}
	return best
}

// olderThan compares dotted numbers. A release that cannot be read is not older.
func olderThan(release, than string) bool {
	for than != "" {
		var a, b string
		a, release, _ = strings.Cut(release, ".")
		b, than, _ = strings.Cut(than, ".")
		x, err1 := strconv.Atoi(a)
		y, err2 := strconv.Atoi(b)
		if err1 != nil || err2 != nil || x != y {
			return err1 == nil && err2 == nil && x < y
		}
	}
	return false
}
