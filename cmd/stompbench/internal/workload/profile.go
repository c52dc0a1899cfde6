package workload

import (
	"github.com/stompwire/stompwire/conn/dialect"
	"github.com/stompwire/stompwire/frame"
)

// SendFields returns the headers of every message in the broker's dialect: persistence, and whether
// it goes to a queue or a topic.
func (p *Plan) SendFields(d dialect.Dialect) (out []frame.Field) {
	if p.Persistent {
		out = append(out, frame.Field{Name: d.PersistentHeader, Value: "true"})
	}
	return append(out, p.routing(d.SendRouting)...)
}

// SubscribeFields returns the headers of every subscription in the broker's dialect: whether it is
// to a queue or a topic.
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
