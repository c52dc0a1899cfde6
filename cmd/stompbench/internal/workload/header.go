package workload

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"

	"github.com/stompwire/stompwire/conn/dialect"
	"github.com/stompwire/stompwire/frame"
)

// ParseHeader reads name:value.
func ParseHeader(s string) (frame.Field, error) {
	name, text, ok := strings.Cut(s, ":")
	switch {
	case !ok || name == "" || strings.Contains(s, messageNumber):
		return frame.Field{}, errors.New("write name:value, without NUL")
	case len(s) > MaxHeaderSize:
		return frame.Field{}, fmt.Errorf("it has %d bytes: choose up to %d KiB", len(s), MaxHeaderSize>>10)
	}
	return frame.Field{Name: name, Value: text}, nil
}

// Template is the value of a header: pieces with the number of the message between them.
type Template []string

// messageNumber stands for %d while a template is read; a header cannot contain it.
const messageNumber = "\x00"

// NewTemplate reads a template for one producer: %d is the number of the message, as its producer
// counts, %p the number of the producer, from 1, and %% a percent sign. Other percent signs are
// literal.
func NewTemplate(s string, producer int) Template {
	return strings.Split(strings.NewReplacer("%%", "%", "%p", strconv.Itoa(producer+1), "%d", messageNumber).Replace(s), messageNumber)
}

// Constant returns the value of a template without %d.
func (t Template) Constant() (value string, ok bool) { return t[0], len(t) == 1 }

// Append appends the value for message n.
func (t Template) Append(dst []byte, n uint64) []byte {
	for i, text := range t {
		if i > 0 {
			dst = strconv.AppendUint(dst, n, 10)
		}
		dst = append(dst, text...)
	}
	return dst
}

// PriorityLevels returns the priorities of a producer's messages, used in turn; nil if all are the
// same.
func (p *Plan) PriorityLevels(producer int) (out []uint8) {
	if p.Priorities.Fixed() {
		return nil
	}
	for _, level := range p.Priorities.shuffled(1000, rand.New(rand.NewPCG(p.Seed, uint64(producer)))) {
		out = append(out, uint8(level))
	}
	return out
}

// SendFields returns the headers of every message in the broker's dialect: persistence, and whether
// it goes to a queue or a topic.
func (p *Plan) SendFields(d dialect.Dialect) []frame.Field {
	out := p.routing(d.SendRouting)
	if p.Persistent {
		out = append(out, frame.Field{Name: d.PersistentHeader, Value: "true"})
	}
	return out
}

// SubscribeFields returns the headers of every subscription in the broker's dialect: whether it is
// to a queue or a topic.
func (p *Plan) SubscribeFields(d dialect.Dialect) []frame.Field { return p.routing(d.SubscribeRouting) }

// routing is the header by which Artemis tells a queue from a topic; other brokers have none.
func (p *Plan) routing(header string) []frame.Field {
	switch {
	case header == "":
		return nil
	case p.Delivery == Each:
		return []frame.Field{{Name: header, Value: "MULTICAST"}}
	}
	return []frame.Field{{Name: header, Value: "ANYCAST"}}
}
