package failover

import (
	"context"
	"slices"
	"time"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/conn/dialect"
	"github.com/stompwire/stompwire/frame"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/workload"
)

// Config says what a drill does. Of the plan it uses destinations, headers, ack mode, rate, duration,
// size, window and timeouts. With ack mode auto, messages under way to the consumer would be lost.
type Config struct {
	*workload.Plan
	// New makes the client, which stays connected, from this configuration and its own settings.
	New func(cfg *conn.Config) (*conn.Client, error)
	// Restart stops the broker and starts it again, RestartAfter the start. nil if something else
	// does.
	Restart      func(ctx context.Context) error
	RestartAfter time.Duration
	// OnEvent is called for each event, one at a time, on a goroutine of its own. May be nil.
	OnEvent func(Event)
}

// headers are the user's headers of the messages: those of all, and those that differ from message to
// message.
type headers struct {
	same      []frame.Field
	differing []template
	fields    []frame.Field // for the next message
}

type template struct {
	name  string
	value workload.Template
}

// newHeaders adds the headers that the connected broker uses for persistence, queues and topics.
func newHeaders(p *workload.Plan, d dialect.Dialect) (h headers) {
	for _, f := range p.Headers {
		t := workload.NewTemplate(f.Value, 0)
		if value, ok := t.Constant(); ok {
			h.same = append(h.same, frame.Field{Name: f.Name, Value: value})
		} else {
			h.differing = append(h.differing, template{f.Name, t})
		}
	}
	h.same = slices.Concat(h.same, p.SendFields(d))
	return h
}

// of returns the headers that differ, for message n. They are valid until the next call.
func (h *headers) of(n uint64) []frame.Field {
	h.fields = h.fields[:0]
	for _, t := range h.differing {
		h.fields = append(h.fields, frame.Field{Name: t.name, Value: string(t.value.Append(nil, n))})
	}
	return h.fields
}
