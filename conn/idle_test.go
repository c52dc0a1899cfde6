package conn_test

import (
	"context"
	"crypto/tls"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/engine/pump"
	"github.com/stompwire/stompwire/frame"
)

// The time limits of connecting end with it: a connection may be idle for as long as heart-beats allow.
func TestIdleOutlivesTimeouts(t *testing.T) {
	for _, scheme := range []string{"stomp", "stomps"} {
		t.Run(scheme, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				roots, certificate := makeCA()
				s := &fakeServer{t: t}
				const limit = time.Second
				ctx, cancel := context.WithTimeout(t.Context(), limit)
				defer cancel()
				c, err := conn.Dial(ctx, scheme+"://127.0.0.1", &conn.Config{
					OneConnection: true, NoReconnect: true, ConnectTimeout: limit, ReceiptTimeout: limit,
					HeartBeat: frame.HeartBeat{Send: -1, Receive: -1},
					Driver:    pump.Driver{}, TLS: &tls.Config{RootCAs: roots},
					DialFunc: func(context.Context, string, string) (net.Conn, error) {
						ours, theirs := net.Pipe()
						if scheme == "stomps" {
							theirs = tls.Server(theirs, &tls.Config{Certificates: []tls.Certificate{certificate}})
						}
						go s.serve(s.take(theirs))
						return ours, nil
					},
				})
				if err != nil {
					t.Fatal(err)
				}
				defer s.end(c)
				time.Sleep(24 * time.Minute) // certificates of makeCA hold for an hour
				if err := c.SendReceipt(t.Context(), "/queue/a", nil); err != nil {
					t.Errorf("%v, client: %v", err, c.Err())
				}
			})
		})
	}
}

// Artemis ends a connection on which nothing comes for a minute, so the client sends EOLs although none were agreed on.
func TestSilentFor(t *testing.T) {
	for server, beats := range map[string]bool{"ActiveMQ-Artemis/2.44.0": true, "ActiveMQ/5.17.2": false} {
		synctest.Test(t, func(t *testing.T) {
			s := &fakeServer{t: t, server: server}
			c := s.connected(conn.Config{OneConnection: true, HeartBeat: frame.HeartBeat{Send: -1, Receive: -1}})
			time.Sleep(10 * time.Minute)
			synctest.Wait()
			out := c.Stats().BeatsOut
			if ok := beats && out >= 10 || !beats && out == 0; !ok {
				t.Errorf("%s: %d EOLs in 10 minutes", server, out)
			}
		})
	}
}
