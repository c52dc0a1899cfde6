package faults_test

import (
	"testing"
	"time"
)

// useless is an address that takes TCP connections, and is of no use then.
type useless struct {
	name     string
	scheme   string // stomp if it is empty
	greeting string // said at once, whatever the client says
	script   func(*session, *incoming) bool
	stranger bool // speaks TLS, with a certificate for another name than it has
}

var uselessOnes = []useless{
	{name: "refuses with ERROR", script: func(s *session, _ *incoming) bool {
		s.say("ERROR\nmessage:standby\n\n\x00")
		s.hangUp()
		return true
	}},
	{name: "refuses with ERROR and stays", script: says("ERROR\nmessage:standby\n\n\x00")},
	{name: "closes without a word", script: func(s *session, _ *incoming) bool { _ = s.nc.Close(); return true }},
	{name: "never answers", script: silent},
	{name: "begins CONNECTED and never ends it", script: says("CONNECTED\nversion:1.2\nsess")},
	{name: "speaks something else", script: says("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")},
	{name: "chooses a version that was not offered", script: says("CONNECTED\nversion:9.9\n\n\x00")},
	{name: "never answers the TLS handshake", scheme: "stomps", script: silent},
	{name: "speaks STOMP where TLS is wanted", scheme: "stomps", greeting: "CONNECTED\nversion:1.2\n\n\x00", script: silent},
	{name: "has the certificate of another", scheme: "stomps", script: silent, stranger: true},
	{name: "never answers the WebSocket request", scheme: "ws", script: silent},
	{name: "refuses the WebSocket request", scheme: "ws", greeting: "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n", script: silent},
}

func says(what string) func(*session, *incoming) bool {
	return func(s *session, _ *incoming) bool { s.say("%s", what); return true }
}

// The first address takes TCP connections and is of no use then: the client goes on to the next, at first and after a loss.
func TestFailover(t *testing.T) {
	for _, c := range uselessOnes {
		t.Run(c.name, func(t *testing.T) {
			leavesNothing(t)
			first := c.start(t)
			p := startPeer(t, once("SEND", 50, func(s *session, _ *incoming) bool { _ = s.nc.Close(); return true }))
			both := place{uri: "failover:(" + c.uri(first) + ",stomp://" + p.addr() + ")?randomize=false", tls: first.trust}
			if c.stranger {
				both.tls.ServerName = "elsewhere.invalid"
			}
			r := startRun(t, both, p.books, func(s *settings) { s.ConnectTimeout = 2 * time.Second })
			r.send(100, 300)
			r.settle()
			r.end()
			r.allConfirmed()
			if first.count() < 2 || r.lives.made() != 2 {
				t.Errorf("%d attempts at the first address, %d connections to the second", first.count(), r.lives.made())
			}
		})
	}
}

func (c useless) start(t *testing.T) *peer {
	t.Helper()
	if c.stranger {
		return startSecurePeer(t, c.script)
	}
	return startPeerWith(t, nil, &peer{script: c.script, greeting: c.greeting})
}

func (c useless) uri(p *peer) string {
	if c.scheme == "" {
		return "stomp://" + p.addr()
	}
	return c.scheme + "://" + p.addr()
}
