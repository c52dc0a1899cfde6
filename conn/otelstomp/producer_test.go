package otelstomp_test

import (
	"context"
	"testing"

	"go.opentelemetry.io/otel/codes"
	api "go.opentelemetry.io/otel/trace"

	"github.com/stompwire/stompwire/broker"
	"github.com/stompwire/stompwire/conn"
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
	for _, how := range []string{"with receipts", "without receipts", "redelivering"} {
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
			confirmed := how != "without receipts"
			cfg := conn.ProducerConfig{
				Destination: "/queue/" + how, Window: 10, Redeliver: how == "redelivering",
				OnOutcome: func(o conn.Outcome) { outcomes <- o },
			}
			if !confirmed {
				cfg.Window, cfg.OnOutcome = -1, nil
			}
			p, err := tracing.NewProducer(c, cfg)
			if err != nil {
				t.Fatal(err)
			}
			for range sent {
				if _, err := p.Send(ctx, []byte("body")); err != nil {
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
}
