package ws

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"

	"github.com/stompwire/stompwire/engine/link"
	"github.com/stompwire/stompwire/internal/wsconn"
)

// MessageType is which messages carry what is sent. Both kinds are received.
type MessageType uint8

const (
	// Auto sends text where it is valid UTF-8 and binary elsewhere.
	Auto = MessageType(wsconn.Auto)
	// Text is for servers that ignore binary messages. Others may close the
	// connection over a body that is not UTF-8.
	Text = MessageType(wsconn.Text)
	// Binary is for servers that ignore text messages.
	Binary = MessageType(wsconn.Binary)
)

// Options of a WebSocket client. The zero value is ready.
type Options struct {
	Messages MessageType

	// Header is added to the request: an Origin, a cookie, a token.
	Header http.Header

	// PingInterval is how often to send a ping, for proxies that close quiet
	// connections; 0 for never, since STOMP has heart-beats. That no pong comes
	// means nothing: it could wait behind a message handler. But if the server
	// takes nothing for 5 s when one is due, the connection ends. Pings of the
	// server are answered.
	PingInterval time.Duration
}

// Client opens a WebSocket with default [Options]; see [Options.Client].
func Client(ctx context.Context, nc net.Conn, url string, subprotocols []string) (net.Conn, error) {
	return Options{}.Client(ctx, nc, url, subprotocols)
}

// HandshakeError says that the server did not open a WebSocket.
type HandshakeError struct {
	StatusCode int // of the HTTP response; 0 if none came
	Err        error
}

func (e *HandshakeError) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *HandshakeError) Unwrap() error { return e.Err }

// maxResponseHeader bounds what a server may say before there is a WebSocket.
const maxResponseHeader = 64 << 10

// Client opens a WebSocket over nc, which leads to the server of url and is
// encrypted already if url has the scheme wss; then [link.Progress] has to be below TLS, so
// that link.Options.WriteTimeout counts what the server takes, byte by byte. Client
// owns nc and closes it on errors.
// ctx bounds the handshake only. It fits conn.Config.WebSocket.
func (o Options) Client(ctx context.Context, nc net.Conn, url string, subprotocols []string) (net.Conn, error) {
	if _, secure := nc.(*tls.Conn); !secure {
		nc = link.Progress(nc) // below TLS it has to be already
	}
	transport := over(nc)
	defer transport.CloseIdleConnections()
	w := wsconn.New(nc, wsconn.Messages(o.Messages))
	c, resp, err := websocket.Dial(ctx, url, &websocket.DialOptions{
		HTTPClient: &http.Client{
			Transport:     transport,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		HTTPHeader:   o.Header,
		Subprotocols: subprotocols,

		OnPingReceived: w.MayPong,
	})
	if err != nil {
		_ = nc.Close()
		return nil, handshakeError(resp, err)
	}
	// Nothing is gathered by message here, so the parser's limits are what bounds memory.
	c.SetReadLimit(-1)
	w.Open(c, o.PingInterval)
	return w, nil
}

// over returns a transport whose one connection is nc.
func over(nc net.Conn) *http.Transport {
	var taken atomic.Bool
	dial := func(context.Context, string, string) (net.Conn, error) {
		if taken.Swap(true) {
			return nil, errors.New("ws: server closed the connection during the handshake")
		}
		return nc, nil
	}
	return &http.Transport{
		DialContext: dial, DialTLSContext: dial,
		DisableKeepAlives:      true,
		MaxResponseHeaderBytes: maxResponseHeader,
	}
}

// handshakeError drops the URL that net/http puts into its errors: its query may
// hold a token.
func handshakeError(resp *http.Response, err error) error {
	var about *url.Error
	if errors.As(err, &about) {
		err = about.Err
	}
	e := &HandshakeError{Err: fmt.Errorf("ws: %w", err)}
	if resp != nil {
		e.StatusCode = resp.StatusCode
	}
	return e
}
