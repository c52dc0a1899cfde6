// Package otelstomp carries OpenTelemetry traces in STOMP headers: traceparent and
// tracestate of W3C Trace Context, or whatever your propagator writes.
//
//	tracing := otelstomp.New(otelstomp.Config{})
//	err = tracing.Send(ctx, c, "/queue/orders", body)
//
//	sub, err := c.Subscribe(ctx, "/queue/orders", tracing.Handler(handle), conn.SubscribeOptions{})
//
// The spans of producers that [Tracing.NewProducer] and [Tracing.NewClientProducer]
// make end with the outcome of the send. [Tracing.Inject] and [Tracing.Extract] are for
// all other ways to send and receive.
//
// It is a module of its own, so that stompwire does not depend on OpenTelemetry.
package otelstomp
