package ws_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/conn/ws"
	"github.com/stompwire/stompwire/frame"
)

func TestSession(t *testing.T) {
	for _, o := range []ws.Options{{}, {Messages: ws.Binary}, {Messages: ws.Text}, {PingInterval: 5 * time.Millisecond}} {
		uri := serve(t, nil, func(p *peer) {
			p.strict = true
			p.echo()
		})
		exchange(t, dial(t, uri, o, conn.Config{}), "/queue/a", o.Messages == ws.Text)
	}
}

func TestSessionOverTLS(t *testing.T) {
	s := listen(t, nil, (*peer).echo)
	s.Config.ErrorLog = log.New(io.Discard, "", 0) // of the client that does not trust it
	s.StartTLS()
	defer s.Close()
	uri := "wss" + strings.TrimPrefix(s.URL, "https") + "/ws"
	pool := x509.NewCertPool()
	pool.AddCert(s.Certificate())
	exchange(t, dial(t, uri, ws.Options{}, conn.Config{TLS: &tls.Config{RootCAs: pool}}), "/queue/a", false)

	var unknown x509.UnknownAuthorityError
	if _, err := tryDial(t, uri, ws.Options{}, conn.Config{}); !errors.As(err, &unknown) {
		t.Errorf("unknown CA: error %v", err)
	}
}

func TestSubprotocols(t *testing.T) {
	for versions, want := range map[frame.Versions]string{
		0:                                    "v12.stomp,v11.stomp,v10.stomp",
		frame.VersionsOf(frame.Version11):    "v11.stomp",
		frame.VersionsOf(frame.Version10, 3): "v12.stomp,v10.stomp",
	} {
		asked, chosen := make(chan string, 1), make(chan string, 1)
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			asked <- r.Header.Get("Sec-WebSocket-Protocol")
			c, err := websocket.Accept(w, r, &websocket.AcceptOptions{Subprotocols: []string{"v10.stomp", "v11.stomp", "v12.stomp"}})
			if err != nil {
				return
			}
			chosen <- c.Subprotocol()
			_ = c.CloseNow()
		}))
		uri := "ws" + strings.TrimPrefix(s.URL, "http")
		if _, err := tryDial(t, uri, ws.Options{}, conn.Config{Versions: versions}); err == nil {
			t.Error("no error")
		}
		if got := <-asked; got != want {
			t.Errorf("asked for %s; want %s", got, want)
		}
		if got := <-chosen; !strings.Contains(want, got) || got == "" {
			t.Errorf("the server chose %q", got)
		}
		s.Close()
	}
}

// The type of a message follows from its bytes, or from the options.
func TestMessageType(t *testing.T) {
	const text, binary = websocket.MessageText, websocket.MessageBinary
	for _, c := range []struct {
		messages    ws.MessageType
		plain, wild websocket.MessageType
	}{{ws.Auto, text, binary}, {ws.Text, text, text}, {ws.Binary, binary, binary}} {
		kinds := make(chan (<-chan websocket.MessageType), 1)
		uri := serve(t, nil, func(p *peer) {
			kinds <- p.kinds
			p.echo()
		})
		s := dial(t, uri, ws.Options{Messages: c.messages}, conn.Config{})
		got := <-kinds
		for body, want := range map[string]websocket.MessageType{"Grüße": c.plain, "\xff": c.wild} {
			if err := s.SendReceipt(t.Context(), "/queue/a", []byte(body)); err != nil {
				t.Fatal(err)
			}
			for len(got) > 1 {
				<-got
			}
			if kind := <-got; kind != want {
				t.Errorf("messages=%d: %q went as %v; want %v", c.messages, body, kind, want)
			}
		}
	}
}

func TestHeader(t *testing.T) {
	got := make(chan http.Header, 1)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got <- r.Header
		http.Error(w, "no", http.StatusUnauthorized)
	}))
	defer s.Close()
	host := strings.TrimPrefix(s.URL, "http://")
	_, err := tryDial(t, "ws://me:hunter3@"+host, ws.Options{Header: http.Header{"Origin": {"https://app.example"}}}, conn.Config{})
	header := <-got
	if header.Get("Origin") != "https://app.example" || header.Get("Authorization") != "" || header.Get("Sec-WebSocket-Extensions") != "" {
		t.Errorf("request has %v", header)
	}
	var refused *ws.HandshakeError
	if !errors.As(err, &refused) || refused.StatusCode != http.StatusUnauthorized {
		t.Errorf("error %v", err)
	}
}

// What is no WebSocket is passed over, in time, without the secrets of the URI in the error.
func TestHandshakeFails(t *testing.T) {
	good := serve(t, nil, (*peer).echo)
	elsewhere := strings.Replace(good, "ws://", "http://", 1)
	handlers := map[string]http.HandlerFunc{
		"forbidden": func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", http.StatusForbidden) },
		"redirect":  func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, elsewhere, http.StatusFound) },
		"huge header": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X", strings.Repeat("x", 100_000))
			w.WriteHeader(http.StatusSwitchingProtocols)
		},
		"plain page": func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("hello")) },
	}
	for name, handler := range handlers {
		s := httptest.NewServer(handler)
		checkFailure(t, name, strings.Replace(s.URL, "http://", "ws://me:hunter3@", 1)+"/ws?token=hunter3", good)
		s.Close()
	}
	for name, play := range map[string]func(nc net.Conn){
		"silent":  func(nc net.Conn) { _, _ = io.Copy(io.Discard, nc) },
		"closing": func(net.Conn) {},
		"not HTTP": func(nc net.Conn) {
			_, _ = nc.Read(make([]byte, 1000))
			_, _ = nc.Write([]byte("220 mail.example ESMTP\r\n"))
		},
	} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		done := make(chan struct{})
		go func() {
			defer close(done)
			for {
				nc, err := l.Accept()
				if err != nil {
					return
				}
				play(nc)
				_ = nc.Close()
			}
		}()
		checkFailure(t, name, "ws://me:hunter3@"+l.Addr().String()+"/ws?token=hunter3", good)
		_ = l.Close()
		<-done
	}
}

func checkFailure(t *testing.T, name, bad, good string) {
	t.Helper()
	var cfg conn.Config
	if name == "silent" {
		cfg.ConnectTimeout = 300 * time.Millisecond
		cfg.Attempts = -1 // that may be too short for the good one, too
	}
	_ = dial(t, "failover:("+bad+","+good+")?randomize=false", ws.Options{}, cfg).Close()
	cfg.Attempts = 1
	_, err := tryDial(t, bad, ws.Options{}, cfg)
	var refused *ws.HandshakeError
	for tries := 0; name == "silent" && !errors.As(err, &refused) && tries < 100; tries++ {
		_, err = tryDial(t, bad, ws.Options{}, cfg) // on a busy machine the time may be up before there is a connection
	}
	if !errors.As(err, &refused) {
		t.Errorf("%s: error %v", name, err)
	}
	for ; err != nil; err = unwrap(err) {
		if text := fmt.Sprintf("%v %+v", err, err); strings.Contains(text, "hunter3") {
			t.Errorf("%s: error shows a secret: %s", name, text)
		}
	}
}

// unwrap goes to the first cause.
func unwrap(err error) error {
	if many, ok := err.(interface{ Unwrap() []error }); ok && len(many.Unwrap()) > 0 {
		return many.Unwrap()[0]
	}
	return errors.Unwrap(err)
}

func TestRabbitMQ(t *testing.T) {
	uri := os.Getenv("STOMPWIRE_RABBITMQ_WS_URI")
	if uri == "" {
		t.Skip("STOMPWIRE_RABBITMQ_WS_URI is not set: start brokers with interop/brokers.sh")
	}
	for _, o := range []ws.Options{{}, {Messages: ws.Binary}, {Messages: ws.Text}} {
		c := dial(t, uri, o, conn.Config{})
		if server := c.Sessions()[0].Headers.Get(frame.HeaderServer); !strings.HasPrefix(server, "RabbitMQ") {
			t.Errorf("server is %q", server)
		}
		exchange(t, c, fmt.Sprintf("/queue/ws-%d-%d", o.Messages, time.Now().UnixNano()), o.Messages == ws.Text)
	}
	login := func(context.Context) (login, passcode string, err error) { return "guest", "hunter3", nil }
	wrong := regexp.MustCompile("//[^@/]*@").ReplaceAllString(uri, "//")
	_, err := tryDial(t, wrong, ws.Options{}, conn.Config{Credentials: login})
	var refusal *conn.ServerError
	if !errors.As(err, &refusal) || strings.Contains(err.Error(), "hunter3") || bytes.Contains(refusal.Body, []byte("hunter3")) {
		t.Errorf("wrong passcode: error %v", err)
	}
}
