package conn_test

import (
	"context"
	"errors"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/conn/dialect"
	"github.com/stompwire/stompwire/frame"
)

// over fails the test unless Done is closed and Err says that the subscription was unsubscribed.
func over(t *testing.T, s *conn.Subscription) {
	t.Helper()
	select {
	case <-s.Done():
	default:
		t.Error("Done is open")
	}
	if err := s.Err(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("Err is %v", err)
	}
}

// When Unsubscribe returns, the subscription has ended.
func TestUnsubscribeReturnsAfterDone(t *testing.T) {
	s := &fakeServer{t: t}
	c := s.connected(conn.Config{OneConnection: true})
	for range 500 {
		sub, err := c.Subscribe(t.Context(), "/queue/a", ignore, conn.SubscribeOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if err := sub.Unsubscribe(t.Context()); err != nil {
			t.Fatal(err)
		}
		over(t, sub)
	}
}

// The subscription ends whatever the error of Unsubscribe and EndDurable. That the broker confirms or refuses the end later tells
// its owner nothing new.
func TestDoneIsClosedWhateverTheError(t *testing.T) {
	for name, test := range map[string]struct {
		end  func(s *conn.Subscription, ctx context.Context) error
		late string // in front of the receipt id
	}{
		"Unsubscribe":          {(*conn.Subscription).Unsubscribe, "RECEIPT\n"},
		"EndDurable":           {(*conn.Subscription).EndDurable, "RECEIPT\n"},
		"EndDurable, refused":  {(*conn.Subscription).EndDurable, "ERROR\nmessage:no\n"},
		"Unsubscribe, refused": {(*conn.Subscription).Unsubscribe, "ERROR\nmessage:no\n"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, b := session(t, inBubble, frame.Version12, conn.Config{Broker: dialect.Artemis, ClientID: "id", ReceiptTimeout: 10 * time.Second})
				told := 0
				s := subscription(b, c, conn.SubscribeOptions{Ack: frame.AckClient, Hints: []dialect.Hint{dialect.Durable("d")},
					OnEnd: func(*conn.Subscription, error) { told++ }}, ignore)
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				result := async(func() error { return test.end(s, ctx) })
				text := b.read()
				if err := <-result; !errors.Is(err, conn.ErrUnknownOutcome) || !errors.Is(err, context.DeadlineExceeded) {
					t.Error(err)
				}
				over(t, s)
				b.write(test.late + "receipt-id:" + header(text, "receipt") + "\n\n^@")
				synctest.Wait()
				over(t, s)
				if told > 0 {
					t.Error("OnEnd is called")
				}
			})
		})
	}
}

// Unsubscribe of a subscription that the broker has ended leaves its error.
func TestUnsubscribeOfWhatHasEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &fakeServer{t: t}
		c := s.connected(conn.Config{OneConnection: true})
		told := make(chan error, 1)
		sub, err := c.Subscribe(t.Context(), "/queue/a", ignore, conn.SubscribeOptions{OnEnd: func(_ *conn.Subscription, err error) { told <- err }})
		if err != nil {
			t.Fatal(err)
		}
		s.set(func(s *fakeServer) {
			s.answer = func(text string) bool {
				if header(text, "destination") == "/queue/a" {
					s.reject(text)
					return false
				}
				return true
			}
		})
		s.cut() // it is not renewed any more, and given up at last
		<-sub.Done()
		if err := sub.Unsubscribe(t.Context()); err != nil {
			t.Error(err)
		}
		var refused *conn.ServerError
		if err := sub.Err(); !errors.As(err, &refused) {
			t.Errorf("Err is %v", err)
		}
		if err := <-told; !errors.As(err, &refused) {
			t.Errorf("OnEnd got %v", err)
		}
	})
}
