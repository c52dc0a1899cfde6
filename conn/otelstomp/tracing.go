package otelstomp

import (
	"context"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/frame"
)

// Config says where traces go and how they travel. The zero value is ready to use.
type Config struct {
	// TracerProvider makes the spans; the global one if it is nil.
	TracerProvider trace.TracerProvider
	// Propagator writes and reads the headers; W3C Trace Context if it is nil.
	Propagator propagation.TextMapPropagator
}

// Tracing traces sends and handlers. Safe for concurrent use.
type Tracing struct {
	tracer     trace.Tracer
	propagator propagation.TextMapPropagator
}

const scope = "github.com/stompwire/stompwire/conn/otelstomp"

// New returns a Tracing.
func New(cfg Config) *Tracing {
	if cfg.TracerProvider == nil {
		cfg.TracerProvider = otel.GetTracerProvider()
	}
	if cfg.Propagator == nil {
		cfg.Propagator = propagation.TraceContext{}
	}
	return &Tracing{tracer: cfg.TracerProvider.Tracer(scope), propagator: cfg.Propagator}
}

// Inject returns h and the headers that carry the trace of ctx, in a slice of its own. If h ends
// with conn.Text, so does the result.
func (t *Tracing) Inject(ctx context.Context, h ...frame.Field) frame.Fields {
	text := len(h) > 0 && h[len(h)-1] == conn.Text
	if text {
		h = h[:len(h)-1]
	}
	o := outgoing{append(make(frame.Fields, 0, len(h)+3), h...)}
	t.propagator.Inject(ctx, &o)
	if text {
		o.fields = append(o.fields, conn.Text)
	}
	return o.fields
}

// Extract returns ctx with the trace that h carries, and ctx itself if h carries no valid
// one.
func (t *Tracing) Extract(ctx context.Context, h frame.Header) context.Context {
	return t.propagator.Extract(ctx, incoming{h})
}

// Sender is a *conn.Client or a *conn.Tx.
type Sender interface {
	Send(ctx context.Context, destination string, body []byte, h ...frame.Field) error
}

var (
	_ Sender = (*conn.Client)(nil)
	_ Sender = (*conn.Tx)(nil)
)

// Send is the Send of c in a producer span, whose trace travels with the message. The span ends when
// the message is encoded.
func (t *Tracing) Send(ctx context.Context, c Sender, destination string, body []byte, h ...frame.Field) error {
	return t.send(ctx, c.Send, destination, body, h)
}

// SendReceipt is the SendReceipt of c in a producer span, which ends with the receipt.
func (t *Tracing) SendReceipt(ctx context.Context, c *conn.Client, destination string, body []byte, h ...frame.Field) error {
	return t.send(ctx, c.SendReceipt, destination, body, h)
}

type sender func(ctx context.Context, destination string, body []byte, h ...frame.Field) error

func (t *Tracing) send(ctx context.Context, send sender, destination string, body []byte, h []frame.Field) error {
	ctx, span := t.startSend(ctx, destination, body)
	err := send(ctx, destination, body, t.Inject(ctx, h...)...)
	endSend(span, err)
	return err
}

func (t *Tracing) startSend(ctx context.Context, destination string, body []byte) (context.Context, trace.Span) {
	return t.tracer.Start(ctx, "send "+destination, trace.WithSpanKind(trace.SpanKindProducer),
		trace.WithAttributes(attributes("send", destination, body)...))
}

func endSend(span trace.Span, err error) {
	if err != nil {
		span.RecordError(err) // errors of conn never hold a passcode
		span.SetStatus(codes.Error, err.Error())
	}
	span.End()
}

// Handler returns a handler that runs h in a consumer span, which continues the trace
// that the message carries. The context that h gets is that of the connection, with
// the span.
func (t *Tracing) Handler(h conn.MessageHandler) conn.MessageHandler {
	return func(ctx context.Context, m *conn.Message) {
		destination := string(m.Destination())
		ctx, span := t.tracer.Start(t.Extract(ctx, m.Header), "process "+destination, trace.WithSpanKind(trace.SpanKindConsumer),
			trace.WithAttributes(attributes("process", destination, m.Body)...))
		defer span.End()
		if span.IsRecording() {
			span.SetAttributes(attribute.String("messaging.message.id", m.Header.Text(frame.HeaderMessageID)))
		}
		h(ctx, m)
	}
}

// attributes are those of the semantic conventions for messaging.
func attributes(operation, destination string, body []byte) []attribute.KeyValue {
	return []attribute.KeyValue{
		attribute.String("messaging.system", "stomp"),
		attribute.String("messaging.operation.name", operation),
		attribute.String("messaging.operation.type", operation),
		attribute.String("messaging.destination.name", destination),
		attribute.Int("messaging.message.body.size", len(body)),
	}
}
