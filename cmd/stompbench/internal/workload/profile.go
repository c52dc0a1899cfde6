package workload

import (
	"github.com/stompwire/stompwire/conn/dialect"
	"github.com/stompwire/stompwire/frame"
)

// SendFields returns what every message says in the headers of the broker at hand:
// that it is to survive it, and whether it goes to a queue or a topic.
func (p *Plan) SendFields(d dialect.Dialect) (out []frame.Field) {
	if p.Persistent {
		out = append(out, frame.Field{Name: d.PersistentHeader, Value: "true"})
	}
	return append(out, p.routing(d.SendRouting)...)
}

// SubscribeFields returns what every subscription says in the headers of the broker at
// hand: whether it is to a queue or a topic.
func (p *Plan) SubscribeFields(d dialect.Dialect) []frame.Field { return p.routing(d.SubscribeRouting) }

// routing is the header by which Artemis tells a queue from a topic; other brokers
// have none.
func (p *Plan) routing(header string) []frame.Field {
	if header == "" {
		return nil
	}
	value := "ANYCAST"
	if p.Delivery == Each {
		value = "MULTICAST"
	}
	return []frame.Field{{Name: header, Value: value}}
}
