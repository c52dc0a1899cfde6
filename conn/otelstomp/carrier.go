package otelstomp

import (
	"go.opentelemetry.io/otel/propagation"

	"github.com/stompwire/stompwire/frame"
)

// outgoing are headers to send.
type outgoing struct{ fields frame.Fields }

var _ propagation.TextMapCarrier = (*outgoing)(nil)

func (o *outgoing) Get(key string) string { return o.fields.Get(key) }

// Set replaces a header, because the first of repeated headers counts (STOMP 1.2, Repeated Header
// Entries).
func (o *outgoing) Set(key, value string) {
	for i := range o.fields {
		if o.fields[i].Name == key {
			o.fields[i].Value = value
			return
		}
	}
	o.fields = append(o.fields, frame.Field{Name: key, Value: value})
}

func (o *outgoing) Keys() []string {
	keys := make([]string, len(o.fields))
	for i := range o.fields {
		keys[i] = o.fields[i].Name
	}
	return keys
}

// incoming are received headers. The strings that it returns are owned.
type incoming struct{ header frame.Header }

var _ propagation.TextMapCarrier = incoming{}

func (in incoming) Get(key string) string { return in.header.Text(key) }

// Set does nothing: received headers cannot be changed.
func (in incoming) Set(string, string) {}

func (in incoming) Keys() []string {
	keys := make([]string, 0, in.header.Len())
	for name := range in.header.All() {
		keys = append(keys, string(name))
	}
	return keys
}
