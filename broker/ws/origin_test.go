package ws_test

import (
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/coder/websocket"

	"github.com/stompwire/stompwire/broker"
	"github.com/stompwire/stompwire/broker/ws"
)

// These may connect: clients that are no browser, pages of known origins, and pages that only this
// host can serve. A page whose name resolves to this host only now ("DNS rebinding") sends that
// name both as Origin and as Host.
func TestOrigin(t *testing.T) {
	s := httptest.NewTLSServer(nil)
	defer s.Close()
	hc := s.Client()
	hc.Transport.(*http.Transport).DisableKeepAlives = true
	hc.Transport.(*http.Transport).TLSClientConfig.ServerName = "example.com" // one of the names in httptest's certificate
	b := start(t, broker.Config{})
	strict := listen(t, b, ws.Options{})
	lenient := listen(t, b, ws.Options{Origins: []string{"https://*.Example.com", "localhost:*"}})
	secure := listen(t, b, ws.Options{TLS: &tls.Config{Certificates: s.TLS.Certificates}})
	for _, c := range []struct {
		uri, host, origin string // host is that of the URI if it is not said
		allowed           bool
	}{
		{strict, "", "", true},
		{strict, "evil.example", "", true},
		{strict, "", "http://" + hostOf(strict), true},
		{strict, "", "https://evil.example", false},
		{strict, "evil.example:15674", "http://evil.example:15674", false},
		{strict, "evil.example", "HTTP://EVIL.EXAMPLE", false},
		{strict, "", "http://localhost", false},
		{strict, "localhost:15674", "http://localhost:15674", true},
		{strict, "LocalHost", "http://localhost", true},
		{strict, "a.localhost", "http://a.localhost", true},
		{strict, "a.localhost.example", "http://a.localhost.example", false},
		{strict, "[::1]:15674", "http://[::1]:15674", true},
		{strict, "192.0.2.7", "http://192.0.2.7", true}, // an address cannot be registered, as a name can
		{strict, "192.0.2.7", "http://192.0.2.8", false},
		{strict, "1.2.3.4.evil.example", "http://1.2.3.4.evil.example", false},
		{strict, "", "null", false}, // a sandboxed frame
		{strict, "", "http://127.0.0.1.evil.example", false},
		{strict, "", "file://", false},
		{strict, "", "http://a b", false},
		{lenient, "", "https://app.example.com", true},
		{lenient, "", "https://APP.example.COM", true},
		{lenient, "", "http://app.example.com", false},
		{lenient, "", "https://app.example.com.evil.example", false},
		{lenient, "", "https://example.com", false},
		{lenient, "", "http://localhost:8080", true},
		{lenient, "evil.example", "https://evil.example", false},
		{secure, "example.com", "https://example.com", true}, // the certificate says so
		{secure, "example.com", "http://example.com", false}, // a page over http may have been forged
		{secure, "example.com", "https://evil.example", false},
		{secure, "", "", true},
	} {
		header := http.Header{}
		if c.origin != "" {
			header.Set("Origin", c.origin)
		}
		opts := &websocket.DialOptions{HTTPHeader: header, Host: c.host}
		if c.uri == secure {
			opts.HTTPClient = hc
		}
		p, err := tryOpen(t, c.uri, opts)
		switch {
		case (err == nil) != c.allowed:
			t.Errorf("origin %q of host %q: %v", c.origin, c.host, err)
		case err == nil:
			p.connect()
		case p.resp == nil || p.resp.StatusCode != http.StatusForbidden:
			t.Errorf("origin %q of host %q: %+v", c.origin, c.host, p.resp)
		}
	}
}

// A client that offers compression does not get it: what it sends is what we hold.
func TestCompressionIsNotTaken(t *testing.T) {
	p := open(t, listen(t, start(t, broker.Config{}), ws.Options{}), &websocket.DialOptions{CompressionMode: websocket.CompressionContextTakeover})
	if got := p.resp.Header.Values("Sec-WebSocket-Extensions"); len(got) > 0 {
		t.Errorf("it took %q", got)
	}
	p.connect()
}
