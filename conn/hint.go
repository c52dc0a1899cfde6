package conn

import (
	"fmt"
	"strconv"
	"time"

	"github.com/stompwire/stompwire/frame"
)

// Hint is a wish that each broker has other headers for, or none. Hints become
// headers by [Conn.SendFields] and [Conn.SubscribeFields], or those of a [Dialect].
type Hint func(*wish)

// wish is what hints ask for.
type wish struct {
	messages, octets *int
	durable          *string
	persistent       bool
	expires          *time.Time
	priority         *int
	routing          string
}

// Prefetch, on SUBSCRIBE, has at most n messages delivered that are not
// acknowledged, so it is for the ack modes client and client-individual. Artemis counts
// bytes instead: give it [PrefetchBytes], too; each broker takes the one that it counts.
func Prefetch(n int) Hint { return func(w *wish) { w.messages = &n } }

// PrefetchBytes, on SUBSCRIBE, is [Prefetch] for a broker that counts bytes. One
// message goes out even if it is larger.
func PrefetchBytes(n int) Hint { return func(w *wish) { w.octets = &n } }

// Persistent, on SEND, has the message survive the broker, if it is in a queue
// that does.
func Persistent() Hint { return func(w *wish) { w.persistent = true } }

// Durable, on SUBSCRIBE to a topic, has messages kept under name while nobody
// listens. ActiveMQ and Artemis tell such subscriptions apart by client as well: put
// a client-id header into Config.Headers.
func Durable(name string) Hint { return func(w *wish) { w.durable = &name } }

// Expires, on SEND, has the broker drop what is not consumed by t. RabbitMQ is
// told how long that is from now: make the headers anew for each t.
func Expires(t time.Time) Hint { return func(w *wish) { w.expires = &t } }

// Priority, on SEND, is from 0 to 9, 4 by default. RabbitMQ heeds it only in
// queues that were made with x-max-priority.
func Priority(n int) Hint { return func(w *wish) { w.priority = &n } }

// Anycast, on SEND and SUBSCRIBE, takes the destination for a queue on Artemis,
// whose default is a topic. On other brokers the destination alone says so.
func Anycast() Hint { return func(w *wish) { w.routing = "ANYCAST" } }

// Multicast, on SEND and SUBSCRIBE, takes the destination for a topic on Artemis.
func Multicast() Hint { return func(w *wish) { w.routing = "MULTICAST" } }

// HintError says that a broker, or a frame, has no header for a hint.
type HintError struct {
	Broker Broker
	Hint   string // as the function is called
	Reason string
}

func (e *HintError) Error() string {
	return fmt.Sprintf("stomp: %v: hint %s: %s", e.Broker, e.Hint, e.Reason)
}

// SendFields returns the headers of SEND that the hints stand for. It allocates:
// make them once and pass them to each Send, or to NewProducer.
func (c *Conn) SendFields(hints ...Hint) (frame.Fields, error) { return c.dialect.SendFields(hints...) }

// SubscribeFields returns the headers of SUBSCRIBE that the hints stand for.
func (c *Conn) SubscribeFields(hints ...Hint) (frame.Fields, error) {
	fields, err := c.dialect.SubscribeFields(hints...)
	if err != nil || !c.dialect.DurableNeedsClientID {
		return fields, err
	}
	_, durable := fields.Lookup(c.dialect.DurableName)
	if _, known := frame.Fields(c.cfg.Headers).Lookup("client-id"); durable && !known {
		return nil, c.dialect.refuse("Durable", "needs a client-id header in Config.Headers")
	}
	return fields, nil
}

// SendFields is [Conn.SendFields] for a broker that is not connected yet.
func (d *Dialect) SendFields(hints ...Hint) (fields frame.Fields, err error) {
	w := collect(hints)
	add := func(name, value string) { fields = append(fields, frame.Field{Name: name, Value: value}) }
	switch {
	case w.messages != nil, w.octets != nil:
		return nil, d.refuse("Prefetch", "is for SUBSCRIBE")
	case w.durable != nil:
		return nil, d.refuse("Durable", "is for SUBSCRIBE")
	case w.priority != nil && (*w.priority < 0 || *w.priority > 9):
		return nil, d.refuse("Priority", strconv.Itoa(*w.priority)+" is not within 0 and 9")
	}
	if w.persistent {
		add(d.PersistentHeader, "true")
	}
	if w.expires != nil {
		at := w.expires.UnixMilli()
		if d.ExpiresAfter {
			at = max(time.Until(*w.expires).Milliseconds(), 0)
		}
		add(d.ExpiresHeader, strconv.FormatInt(at, 10))
	}
	if w.priority != nil {
		add(d.PriorityHeader, strconv.Itoa(*w.priority))
	}
	if w.routing != "" && d.SendRouting != "" {
		add(d.SendRouting, w.routing)
	}
	return fields, nil
}

// SubscribeFields is [Conn.SubscribeFields] for a broker that is not connected yet.
func (d *Dialect) SubscribeFields(hints ...Hint) (fields frame.Fields, err error) {
	w := collect(hints)
	add := func(name, value string) { fields = append(fields, frame.Field{Name: name, Value: value}) }
	switch {
	case w.persistent:
		return nil, d.refuse("Persistent", "is for SEND")
	case w.expires != nil:
		return nil, d.refuse("Expires", "is for SEND")
	case w.priority != nil:
		return nil, d.refuse("Priority", "is for SEND")
	}
	if w.messages != nil || w.octets != nil {
		n, err := d.prefetch(&w)
		if err != nil {
			return nil, err
		}
		add(d.PrefetchHeader, strconv.Itoa(n))
	}
	if w.durable != nil {
		if d.DurableName == "" || *w.durable == "" {
			return nil, d.refuse("Durable", "no header is known for it, or the name is empty")
		}
		fields = append(fields, d.Durable...)
		add(d.DurableName, *w.durable)
	}
	if w.routing != "" && d.SubscribeRouting != "" {
		add(d.SubscribeRouting, w.routing)
	}
	return fields, nil
}

// prefetch returns the bound in the unit of the broker.
func (d *Dialect) prefetch(w *wish) (int, error) {
	hint, n := "Prefetch", w.messages
	switch d.PrefetchUnit {
	case PrefetchUnknown:
		return 0, d.refuse(hint, "no header is known for it; name the broker in Config.Broker")
	case PrefetchOctets:
		hint, n = "PrefetchBytes", w.octets
	}
	if n == nil {
		return 0, d.refuse(hint, "is missing, and the broker counts nothing else")
	}
	if *n < 1 {
		return 0, d.refuse(hint, strconv.Itoa(*n)+" would deliver nothing")
	}
	return *n, nil
}

// unlimited is the value of Artemis's PrefetchHeader that bounds nothing.
const unlimited = "-1"

// checkPrefetch refuses a prefetch header after which the broker would fall silent.
func (d *Dialect) checkPrefetch(mode frame.AckMode, h frame.Fields) error {
	if !d.PrefetchNeedsAck || mode != frame.AckAuto {
		return nil
	}
	for _, name := range [...]string{d.PrefetchHeader, dialects[ActiveMQ].PrefetchHeader} { // it takes that for its own
		if n, found := h.Lookup(name); found && n != unlimited {
			return d.refuse("PrefetchBytes", "with ack auto it would deliver that much and no more: subscribe with client or client-individual, or without it")
		}
	}
	return nil
}

func (d *Dialect) refuse(hint, reason string) error {
	return &HintError{Broker: d.Broker, Hint: hint, Reason: reason}
}

func collect(hints []Hint) (w wish) {
	for _, hint := range hints {
		hint(&w)
	}
	return w
}
