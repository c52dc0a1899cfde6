package conn_test

import (
	"context"
	"errors"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/frame"
)

// A Send that waits, for whatever, returns as soon as its producer is closed, and not when Close is done.
func TestCloseEndsSendsThatWait(t *testing.T) {
	mute := func(s *fakeServer) { s.answer = func(string) bool { return false } }
	type producer interface {
		Send(ctx context.Context, body []byte, h ...frame.Field) (uint64, error)
		Close(ctx context.Context) error
	}
	clientProducer := func(s *fakeServer, cfg conn.ClientConfig, pcfg conn.ClientProducerConfig) producer {
		pcfg.Destination = "/queue/a"
		p, err := s.client(cfg).NewProducer(pcfg)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	for name, c := range map[string]struct {
		make func(t *testing.T, s *fakeServer) producer
		sent int // before a Send has to wait
	}{
		"for a connection, never started": {make: func(_ *testing.T, s *fakeServer) producer {
			return clientProducer(s, conn.ClientConfig{}, conn.ClientProducerConfig{})
		}},
		"for a connection, with one outstanding": {sent: 1, make: func(t *testing.T, s *fakeServer) producer {
			cl := s.connected(conn.ClientConfig{Backoff: conn.Backoff{Initial: time.Hour, Max: time.Hour}})
			s.set(mute)
			p, err := cl.NewProducer(conn.ClientProducerConfig{Destination: "/queue/a", Redeliver: true, Timeout: time.Hour})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := p.Send(t.Context(), []byte("x")); err != nil {
				t.Fatal(err)
			}
			s.set(func(s *fakeServer) { s.refuse = -1 })
			s.cut()
			synctest.Wait()
			return p
		}},
		"for room": {sent: 1, make: func(t *testing.T, s *fakeServer) producer {
			cl := s.connected(conn.ClientConfig{})
			s.set(mute)
			p, err := cl.NewProducer(conn.ClientProducerConfig{Destination: "/queue/a", Window: 1, Timeout: time.Hour})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := p.Send(t.Context(), []byte("x")); err != nil {
				t.Fatal(err)
			}
			return p
		}},
		"for room, on one connection": {sent: 1, make: func(t *testing.T, s *fakeServer) producer {
			c, err := s.dial(t.Context(), &conn.Config{})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {
				_ = c.Close()
				s.cut()
			})
			s.set(mute)
			p, err := c.NewProducer(conn.ProducerConfig{Destination: "/queue/a", Window: 1, Timeout: time.Hour})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := p.Send(t.Context(), []byte("x")); err != nil {
				t.Fatal(err)
			}
			return p
		}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &fakeServer{t: t}
				p := c.make(t, s)
				waits := []<-chan error{}
				for range 3 {
					waits = append(waits, async(func() error { _, err := p.Send(t.Context(), []byte("y")); return err }))
				}
				synctest.Wait()
				began := time.Now()
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				closed := async(func() error { return p.Close(ctx) })
				for _, result := range waits {
					if err := <-result; !errors.Is(err, conn.ErrProducerClosed) || !errors.Is(err, net.ErrClosed) {
						t.Errorf("error %v", err)
					}
				}
				if took := time.Since(began); took != 0 {
					t.Errorf("Send waited for another %v", took)
				}
				if err := <-closed; (err != nil) != (c.sent > 0) {
					t.Errorf("Close: %v", err)
				}
				if took := time.Since(began); (took > 0) != (c.sent > 0) {
					t.Errorf("Close waited for %v", took)
				}
			})
		})
	}
}
