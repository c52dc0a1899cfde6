package otelstomp_test

import (
	"context"
	"testing"
	"time"

	"go.opentelemetry.io/otel/codes"
	api "go.opentelemetry.io/otel/trace"

	"github.com/stompwire/stompwire/broker"
	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/conn/otelstomp"
)

func startBroker(t *testing.T) *broker.Broker {
	t.Helper()
	b, err := broker.Start(broker.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close() })
	return b
}

// Each send of a producer has one span, which ends with the outcome and whose trace the consumer goes on with.
func TestProducerSpans(t *testing.T) {
	ctx, addr := context.Background(), startBroker(t).Addr().String()
	for _, how := range []string{"conn", "conn without receipts", "client", "client, with a deadline", "client, with results"} {
		t.Run(how, func(t *testing.T) {
			tracing, recorder := recording(t)
			c, err := conn.Dial(ctx, addr, nil)
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			const sent = 100
			traces := make(chan api.SpanContext, sent)
			_, err = c.Subscribe(ctx, "/queue/"+how, func(_ context.Context, m *conn.Message) {
				traces <- api.SpanContextFromContext(tracing.Extract(context.Background(), m.Header))
			}, conn.SubscribeOptions{})
			if err != nil {
				t.Fatal(err)
			}
			outcomes := make(chan conn.Outcome, sent)
			send, confirmed := producerOf(t, how, tracing, c, addr, func(o conn.Outcome) { outcomes <- o })
			for range sent {
				if err := send(ctx); err != nil {
					t.Fatal(err)
				}
			}
			got := map[api.SpanID]bool{}
			for range sent {
				got[(<-traces).SpanID()] = true
			}
			for _, span := range ended(t, recorder, sent) {
				if !got[span.SpanContext().SpanID()] {
					t.Error("the trace of a send has not come with a message, or has come twice")
				}
				delete(got, span.SpanContext().SpanID())
				outcome := ""
				for _, a := range span.Attributes() {
					if a.Key == "stomp.outcome" {
						outcome = a.Value.AsString()
					}
				}
				if confirmed != (outcome == "confirmed") || span.Name() != "send /queue/"+how {
					t.Errorf("%s: outcome %q", span.Name(), outcome)
				}
			}
			if confirmed {
				for range sent {
					if o := <-outcomes; o.Status != conn.Confirmed {
						t.Errorf("%+v", o)
					}
				}
			}
		})
	}
}

func producerOf(t *testing.T, how string, tracing *otelstomp.Tracing, c *conn.Conn, addr string, report func(conn.Outcome)) (send func(ctx context.Context) error, confirmed bool) {
	t.Helper()
	destination, body := "/queue/"+how, []byte("body")
	if how == "conn" || how == "conn without receipts" {
		cfg := conn.ProducerConfig{Destination: destination, OnOutcome: report}
		if how == "conn" {
			cfg.Window = 10
		}
		p, err := tracing.NewProducer(c, cfg)
		if err != nil {
			t.Fatal(err)
		}
		return func(ctx context.Context) error { _, err := p.Send(ctx, body); return err }, cfg.Window > 0
	}
	cl, err := conn.NewClient(conn.ClientConfig{Dial: func(ctx context.Context, cfg *conn.Config) (*conn.Conn, error) {
		return conn.Dial(ctx, addr, cfg)
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cl.Close() })
	if err := cl.Connect(context.Background()); err != nil {
		t.Fatal(err)
	}
	p, err := tracing.NewClientProducer(cl, conn.ClientProducerConfig{Destination: destination, OnOutcome: report})
	if err != nil {
		t.Fatal(err)
	}
	return func(ctx context.Context) (err error) {
		switch how {
		case "client":
			_, err = p.Send(ctx, body)
		case "client, with a deadline":
			_, err = p.SendBy(ctx, time.Now().Add(time.Minute), body)
		default:
			var r *conn.Result
			if r, err = p.SendResult(ctx, body); err == nil {
				_, err = r.Wait(ctx)
			}
		}
		return err
	}, true
}

// What was not sent, or not confirmed, ends its span with an error.
func TestProducerSpanOfAFailure(t *testing.T) {
	ctx := context.Background()
	tracing, recorder := recording(t)
	c := echo(t) // it gives no receipts for sends
	p, err := tracing.NewProducer(c, conn.ProducerConfig{Destination: "/queue/a", Window: 10})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Send(ctx, nil); err != nil {
		t.Fatal(err)
	}
	_ = c.Close()
	<-c.Done()
	if _, err := p.Send(ctx, nil); err == nil {
		t.Error("sent")
	}
	for _, span := range ended(t, recorder, 2) {
		if span.Status().Code != codes.Error {
			t.Errorf("status %v", span.Status())
		}
	}
	if _, err := tracing.NewProducer(c, conn.ProducerConfig{}); err == nil {
		t.Error("a producer without destination is made")
	}
	cl, err := conn.NewClient(conn.ClientConfig{Dial: func(context.Context, *conn.Config) (*conn.Conn, error) { return nil, nil }})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tracing.NewClientProducer(cl, conn.ClientProducerConfig{}); err == nil {
		t.Error("a client's producer without destination is made")
	}
	_ = cl.Close()
}
