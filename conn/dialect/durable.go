package dialect

import "github.com/stompwire/stompwire/frame"

// HeaderClientID of CONNECT names the client that durable subscriptions belong to.
const HeaderClientID = "client-id"

// IsDurable reports whether the headers of a SUBSCRIBE make a durable subscription,
// and returns its name.
func (d *Dialect) IsDurable(subscribe frame.Fields) (name string, durable bool) {
	if d.DurableName == "" {
		return "", false
	}
	name, durable = subscribe.Lookup(d.DurableName)
	for _, f := range d.EndDurable { // on RabbitMQ, x-queue-name alone is for any queue
		value, found := subscribe.Lookup(f.Name)
		durable = durable && found && value == f.Value
	}
	return name, durable
}

// CheckDurable refuses the headers of a SUBSCRIBE that need a client-id on a
// connection without one. The error is a [*HintError].
func (d *Dialect) CheckDurable(subscribe frame.Fields, clientID string) error {
	if _, durable := d.IsDurable(subscribe); durable && d.DurableNeedsClientID && clientID == "" {
		return d.refuse("Durable", "needs a "+HeaderClientID+" header on CONNECT")
	}
	return nil
}

// EndDurableFields returns the headers of the UNSUBSCRIBE that ends the durable
// subscription called name for good; the id of the subscription comes on top. See
// [Dialect].EndDurableSecond for when to send it. The error is a [*HintError].
func (d *Dialect) EndDurableFields(name string) (frame.Fields, error) {
	if err := d.checkDurableName(name); err != nil {
		return nil, err
	}
	fields := append(frame.Fields(nil), d.EndDurable...)
	return append(fields, frame.Field{Name: d.DurableName, Value: name}), nil
}

func (d *Dialect) checkDurableName(name string) error {
	switch {
	case d.DurableName == "":
		return d.refuse("Durable", "the broker has no durable subscriptions, or no header is known for them")
	case name == "":
		return d.refuse("Durable", "the name is empty")
	}
	return nil
}
