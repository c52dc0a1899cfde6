package faults_test

import (
	"context"
	"crypto/tls"
	"net"
	"net/url"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/conn/ws"
)

// place is where clients connect to.
type place struct {
	uri  string
	tls  *tls.Config
	dial func(ctx context.Context, network, address string) (net.Conn, error) // nil is the default
}

// at returns the place for a broker at addr that speaks what this one does: a proxy before it.
func (p place) at(addr string) place {
	u, err := url.Parse(p.uri)
	if err != nil {
		panic(err)
	}
	u.Host = addr
	p.uri = u.String()
	return p
}

// addr is host and port.
func (p place) addr() string {
	u, err := url.Parse(p.uri)
	if err != nil {
		panic(err)
	}
	return u.Host
}

// client makes a client that connects there.
func (p place) client(cfg conn.Config) (*conn.Client, error) {
	cfg.TLS, cfg.DialFunc, cfg.WebSocket = p.tls, p.dial, ws.Client
	return conn.New(p.uri, &cfg)
}
