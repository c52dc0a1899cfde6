// Package otelstomp carries OpenTelemetry traces in STOMP headers: traceparent and
// tracestate of W3C Trace Context, or the headers of your propagator.
//
//	tracing := otelstomp.New(otelstomp.Config{})
//	err = tracing.Send(ctx, c, "/queue/orders", body)
//
//	sub, err := c.Subscribe(ctx, "/queue/orders", tracing.Handler(handle), conn.SubscribeOptions{})
//
// The span of a send ends when the message is encoded or, with SendReceipt and a
// [Producer], with its outcome. [Tracing.Inject] and [Tracing.Extract] are for all
// other ways to send and receive.
//
// The package is a module of its own, so that stompwire does not depend on
// OpenTelemetry.
package otelstomp
