package dialect_test

import (
	"testing"

	"github.com/stompwire/stompwire/conn/dialect"
	"github.com/stompwire/stompwire/parser"
)

var all = []dialect.Broker{dialect.Unknown, dialect.RabbitMQ, dialect.ActiveMQ, dialect.Artemis, dialect.Embedded}

func TestDialectOf(t *testing.T) {
	for _, c := range []struct {
		server string
		broker dialect.Broker
		max    int
	}{
		{"", dialect.Unknown, 0},
		{"Fake/1", dialect.Unknown, 0},
		{"RabbitMQ", dialect.RabbitMQ, 4 << 20},
		{"RabbitMQ/3.10.8", dialect.RabbitMQ, 0},
		{"RabbitMQ/3.12.1", dialect.RabbitMQ, 0},
		{"RabbitMQ/3.12.2", dialect.RabbitMQ, 4 << 20},
		{"RabbitMQ/3.12.10", dialect.RabbitMQ, 4 << 20},
		{"RabbitMQ/4.1.0-rc.1", dialect.RabbitMQ, 4 << 20},
		{"RabbitMQ/next", dialect.RabbitMQ, 4 << 20},
		{"ActiveMQ/5.17.2", dialect.ActiveMQ, 100 << 20},
		{"stompwire", dialect.Embedded, 0},
		{"ActiveMQ-Artemis/2.44.0 ActiveMQ Artemis Messaging Engine", dialect.Artemis, 0},
	} {
		if d := dialect.Of(c.server); d.Broker != c.broker || d.MaxFrame != c.max {
			t.Errorf("%q: %v, frames up to %d; want %v, %d", c.server, d.Broker, d.MaxFrame, c.broker, c.max)
		}
	}
}

// Code that reads the table relies on these fields of every broker.
func TestDialectsAreComplete(t *testing.T) {
	for _, b := range all {
		d := b.Dialect()
		if d.Broker != b || d.Name == "" || d.Name != b.String() || d.Host == "" || !b.Valid() ||
			d.PersistentHeader == "" || d.ExpiresHeader == "" || d.PriorityHeader == "" {
			t.Errorf("%d: incomplete: %+v", b, d)
		}
		known := b != dialect.Unknown
		durable := known && b != dialect.Embedded // which stores nothing
		if known != (d.ServerPrefix != "") || known != (d.PrefetchHeader != "") || durable != (d.DurableName != "") ||
			known != (d.PrefetchUnit != dialect.PrefetchUnknown) || known != (d.Nack != dialect.NackUnknown) ||
			known != (d.Replies != dialect.RepliesUnknown) || durable != d.ReceiptStored {
			t.Errorf("%v: says too little, or too much: %+v", b, d)
		}
		if d.HoldsBack != (b == dialect.ActiveMQ) { // the others turn Nagle's algorithm off
			t.Errorf("%v: HoldsBack is %v", b, d.HoldsBack)
		}
		if d.ClientIDExclusive && !d.DurableNeedsClientID {
			t.Errorf("%v: a client-id has a price and no use", b)
		}
	}
	if b := dialect.Broker(200); b.Valid() || b.Dialect().Broker != dialect.Unknown {
		t.Errorf("broker 200 is %v", b)
	}
}

// A broker's tolerances are its own: Artemis escapes header names, although its name
// starts like that of ActiveMQ, which does not.
func TestDialectTolerance(t *testing.T) {
	for broker, want := range map[dialect.Broker]parser.Tolerance{
		dialect.Unknown:  0,
		dialect.RabbitMQ: parser.TolerateEscapes10 | parser.TolerateCarriageReturnEscape11 | parser.TolerateInvalidUTF8,
		dialect.ActiveMQ: parser.TolerateUndefinedEscapes,
		dialect.Artemis:  parser.TolerateCarriageReturnEscape11,
		dialect.Embedded: 0,
	} {
		if got := broker.Dialect().Tolerate; got != want {
			t.Errorf("%v: %b; want %b", broker, got, want)
		}
	}
}

// RabbitMQ keeps what a closed subscription had been given, and a NACK returns it.
func TestUnacknowledgedMessagesCanBeReturned(t *testing.T) {
	for _, b := range all[1:] {
		if d := b.Dialect(); !d.UnsubscribeRequeues && d.Nack != dialect.Requeues {
			t.Errorf("%v: neither UNSUBSCRIBE nor NACK returns a message", b)
		}
	}
	if d := dialect.RabbitMQ.Dialect(); d.UnsubscribeRequeues {
		t.Error("RabbitMQ requeues on UNSUBSCRIBE")
	}
}
