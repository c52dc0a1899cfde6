package otelstomp_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	api "go.opentelemetry.io/otel/trace"

	"github.com/stompwire/stompwire/broker"
	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/conn/otelstomp"
	"github.com/stompwire/stompwire/frame"
)

func recording(t *testing.T) (*otelstomp.Tracing, *tracetest.SpanRecorder) {
	t.Helper()
	recorder := tracetest.NewSpanRecorder()
	provider := trace.NewTracerProvider(trace.WithSpanProcessor(recorder))
	t.Cleanup(func() { _ = provider.Shutdown(context.Background()) })
	return otelstomp.New(otelstomp.Config{TracerProvider: provider}), recorder
}

// echo answers CONNECT and SUBSCRIBE, and delivers each SEND to subscription 1.
func echo(t *testing.T) *conn.Client {
	t.Helper()
	client, broker := net.Pipe()
	t.Cleanup(func() { _ = broker.Close() })
	go func() {
		r := bufio.NewReader(broker)
		for {
			text, err := r.ReadString(0)
			if err != nil {
				return
			}
			switch command, rest, _ := strings.Cut(strings.TrimLeft(text, "\n"), "\n"); command {
			case "CONNECT":
				_, err = io.WriteString(broker, "CONNECTED\nversion:1.2\n\n\x00")
			case "SUBSCRIBE":
				_, id, _ := strings.Cut(rest, "receipt:")
				id, _, _ = strings.Cut(id, "\n")
				_, err = io.WriteString(broker, "RECEIPT\nreceipt-id:"+id+"\n\n\x00")
			case "SEND":
				_, err = io.WriteString(broker, "MESSAGE\nsubscription:1\nmessage-id:m1\n"+rest)
			}
			if err != nil {
				return
			}
		}
	}()
	c, err := conn.Dial(context.Background(), "stomp://broker", &conn.Config{
		OneConnection: true, NoReconnect: true,
		DialFunc: func(context.Context, string, string) (net.Conn, error) { return client, nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func TestTraceTravels(t *testing.T) {
	tracing, recorder := recording(t)
	c, ctx := echo(t), context.Background()
	handled := make(chan api.SpanContext, 1)
	var again error
	h := tracing.Handler(func(ctx context.Context, m *conn.Message) {
		_, again = c.Subscribe(ctx, "/queue/b", func(context.Context, *conn.Message) {}, conn.SubscribeOptions{}) // waits, so not in a handler
		handled <- api.SpanContextFromContext(ctx)
	})
	if _, err := c.Subscribe(ctx, "/queue/a", h, conn.SubscribeOptions{ID: "1"}); err != nil {
		t.Fatal(err)
	}
	if err := tracing.Send(ctx, c, "/queue/a", []byte("hello"), frame.Field{Name: "a", Value: "b"}); err != nil {
		t.Fatal(err)
	}
	inside := <-handled
	if !errors.Is(again, conn.ErrWouldBlock) {
		t.Errorf("the context that the handler got is not that of the connection: %v", again)
	}
	spans := ended(t, recorder, 2)
	send, process := spans[0], spans[1]
	if send.SpanKind() == api.SpanKindConsumer { // the handler may have returned before Send
		send, process = process, send
	}
	if send.Name() != "send /queue/a" || send.SpanKind() != api.SpanKindProducer ||
		process.Name() != "process /queue/a" || process.SpanKind() != api.SpanKindConsumer {
		t.Errorf("%s (%v), %s (%v)", send.Name(), send.SpanKind(), process.Name(), process.SpanKind())
	}
	if process.Parent().SpanID() != send.SpanContext().SpanID() || process.SpanContext().TraceID() != send.SpanContext().TraceID() || !process.Parent().IsRemote() {
		t.Error("the trace does not go on")
	}
	if inside.SpanID() != process.SpanContext().SpanID() {
		t.Error("the handler runs outside its span")
	}
	want := map[string]string{
		"messaging.system": "stomp", "messaging.destination.name": "/queue/a", "messaging.message.id": "m1",
		"messaging.message.body.size": "5", "messaging.operation.name": "process", "messaging.operation.type": "process",
	}
	for _, a := range process.Attributes() {
		if want[string(a.Key)] != a.Value.String() {
			t.Errorf("attribute %s is %s", a.Key, a.Value.String())
		}
		delete(want, string(a.Key))
	}
	if len(want) != 0 {
		t.Errorf("attributes missing: %v", want)
	}
}

func ended(t *testing.T, recorder *tracetest.SpanRecorder, n int) []trace.ReadOnlySpan {
	t.Helper()
	for range 6000 { // a span ends a moment after its handler
		if spans := recorder.Ended(); len(spans) == n {
			return spans
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("%d spans have ended; want %d", len(recorder.Ended()), n)
	return nil
}

func TestFailedSend(t *testing.T) {
	tracing, recorder := recording(t)
	c := echo(t)
	_ = c.Close()
	<-c.Done()
	if err := tracing.SendReceipt(context.Background(), c, "/queue/a", nil); err == nil {
		t.Fatal("sent")
	}
	if spans := ended(t, recorder, 1); spans[0].Status().Code != codes.Error {
		t.Errorf("status %v", spans[0].Status())
	}
}

func TestInjectExtract(t *testing.T) {
	tracing, _ := recording(t)
	const parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	received := frame.Fields{{Name: "traceparent", Value: parent}, {Name: "tracestate", Value: "a=b"}}
	ctx := tracing.Extract(context.Background(), received.Header())

	mine := []frame.Field{{Name: "x", Value: "y"}, {Name: "traceparent", Value: "stale"}}
	got := tracing.Inject(ctx, mine...)
	if len(got) != 3 || got.Get("x") != "y" || got.Get("traceparent") != parent || got.Get("tracestate") != "a=b" {
		t.Errorf("%v", got)
	}
	if mine[1].Value != "stale" {
		t.Error("the caller's headers have changed")
	}
	if got := tracing.Inject(ctx, frame.Field{Name: "x", Value: "y"}, conn.Text); len(got) != 4 || got[3] != conn.Text {
		t.Errorf("Text is not the last of %v", got)
	}
	for _, bad := range []string{"", "00-00000000000000000000000000000000-b7ad6b7169203331-01", "nonsense", strings.Repeat("0", 10000)} {
		ctx := tracing.Extract(context.Background(), frame.Fields{{Name: "traceparent", Value: bad}}.Header())
		if api.SpanContextFromContext(ctx).IsValid() {
			t.Errorf("%.60q is taken for a trace", bad)
		}
	}
	if got := tracing.Inject(context.Background()); len(got) != 0 {
		t.Errorf("headers of no trace: %v", got)
	}
}

// A propagator that asks for all keys gets them.
func TestOtherPropagator(t *testing.T) {
	tracing := otelstomp.New(otelstomp.Config{Propagator: propagation.Baggage{}})
	ctx := tracing.Extract(context.Background(), frame.Fields{{Name: "baggage", Value: "user=7"}}.Header())
	if got := tracing.Inject(ctx); got.Get("baggage") != "user=7" {
		t.Errorf("%v", got)
	}
}

// The handler runs in a span that continues the trace of the sender.
func ExampleTracing() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	b, err := broker.Start(broker.Config{}) // or any broker that you have
	if err != nil {
		log.Fatal(err)
	}
	defer b.Close()
	c, err := conn.Dial(ctx, b.URI(), nil)
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	provider := trace.NewTracerProvider()
	tracing := otelstomp.New(otelstomp.Config{TracerProvider: provider})

	traces := make(chan api.TraceID)
	handle := func(ctx context.Context, _ *conn.Message) { traces <- api.SpanContextFromContext(ctx).TraceID() }
	if _, err := c.Subscribe(ctx, "/queue/orders", tracing.Handler(handle), conn.SubscribeOptions{}); err != nil {
		log.Fatal(err)
	}

	ctx, span := provider.Tracer("shop").Start(ctx, "order")
	defer span.End()
	same := func() bool { return <-traces == span.SpanContext().TraceID() }
	if err := tracing.Send(ctx, c, "/queue/orders", []byte("two teas")); err != nil {
		log.Fatal(err)
	}
	fmt.Println("the trace goes on:", same())
	// All other ways to send need Inject, such as SendFrom.
	if err := c.SendFrom(ctx, "/queue/orders", strings.NewReader("one tea"), 7, tracing.Inject(ctx)...); err != nil {
		log.Fatal(err)
	}
	fmt.Println("the trace goes on:", same())
	// Output:
	// the trace goes on: true
	// the trace goes on: true
}
