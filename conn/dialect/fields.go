package dialect

import (
	"strconv"
	"time"

	"github.com/stompwire/stompwire/frame"
)

// SendFields returns the headers of SEND that the hints ask for; nil if there are
// none. now is needed for [Expires] on RabbitMQ. It allocates. The error is a
// [*HintError].
func (d *Dialect) SendFields(now time.Time, hints ...Hint) (frame.Fields, error) {
	r := collect(hints)
	switch {
	case r.messages != nil, r.octets != nil:
		return nil, d.refuse("Prefetch", "is for SUBSCRIBE")
	case r.durable != nil:
		return nil, d.refuse("Durable", "is for SUBSCRIBE")
	case r.priority != nil && (*r.priority < 0 || *r.priority > 9):
		return nil, d.refuse("Priority", strconv.Itoa(*r.priority)+" is not within 0 and 9")
	}
	var fields frame.Fields
	if r.persistent {
		fields = add(fields, d.PersistentHeader, "true")
	}
	if r.expires != nil {
		fields = add(fields, d.ExpiresHeader, strconv.FormatInt(d.expiry(*r.expires, now), 10))
	}
	if r.priority != nil {
		fields = add(fields, d.PriorityHeader, strconv.Itoa(*r.priority))
	}
	if r.routing != "" && d.SendRouting != "" {
		fields = add(fields, d.SendRouting, r.routing)
	}
	return fields, nil
}

// expiry returns the value of ExpiresHeader for a message that lives until t.
func (d *Dialect) expiry(t, now time.Time) int64 {
	if d.ExpiresAfter {
		return max(t.Sub(now).Milliseconds(), 0)
	}
	return t.UnixMilli()
}

// SubscribeFields returns the headers of SUBSCRIBE that the hints ask for; nil if
// there are none. It allocates. The error is a [*HintError].
func (d *Dialect) SubscribeFields(hints ...Hint) (frame.Fields, error) {
	r := collect(hints)
	switch {
	case r.persistent:
		return nil, d.refuse("Persistent", "is for SEND")
	case r.expires != nil:
		return nil, d.refuse("Expires", "is for SEND")
	case r.priority != nil:
		return nil, d.refuse("Priority", "is for SEND")
	}
	var fields frame.Fields
	if r.messages != nil || r.octets != nil {
		n, err := d.prefetch(&r)
		if err != nil {
			return nil, err
		}
		fields = add(fields, d.PrefetchHeader, strconv.Itoa(n))
	}
	if r.durable != nil {
		if err := d.checkDurableName(*r.durable); err != nil {
			return nil, err
		}
		fields = append(fields, d.Durable...)
		fields = add(fields, d.DurableName, *r.durable)
	}
	if r.routing != "" && d.SubscribeRouting != "" {
		fields = add(fields, d.SubscribeRouting, r.routing)
	}
	return fields, nil
}

func add(fields frame.Fields, name, value string) frame.Fields {
	return append(fields, frame.Field{Name: name, Value: value})
}
