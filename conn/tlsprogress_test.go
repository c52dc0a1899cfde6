package conn_test

import (
	"context"
	"crypto/tls"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/engine/link"
	"github.com/stompwire/stompwire/engine/pump"
)

// trickle takes 50 kB in a second, at most 1,000 bytes at a time.
type trickle struct{ net.Conn }

func (c trickle) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p[:min(len(p), 1000)])
	time.Sleep(time.Duration(n) * time.Second / 50_000)
	return n, err
}

// Link.WriteTimeout counts what a broker takes below TLS: one that is slow is not cut off while it makes progress (R11).
func TestSlowBrokerOverTLSIsNotCutOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		roots, certificate := makeCA()
		s := &fakeServer{t: t}
		cfg := conn.Config{
			OneConnection: true, NoReconnect: true, Driver: pump.Driver{}, TLS: &tls.Config{RootCAs: roots},
			Link: link.Options{WriteTimeout: time.Second},
			DialFunc: func(context.Context, string, string) (net.Conn, error) {
				ours, theirs := net.Pipe()
				go s.serve(s.take(tls.Server(trickle{theirs}, &tls.Config{Certificates: []tls.Certificate{certificate}})))
				return ours, nil
			},
		}
		c, err := conn.Dial(t.Context(), "stomps://127.0.0.1", &cfg)
		if err != nil {
			t.Fatal(err)
		}
		defer s.end(c)
		if err := c.SendReceipt(t.Context(), "/queue/a", make([]byte, 500_000)); err != nil {
			t.Error(err)
		}
	})
}
