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

// MessageType is the kind of WebSocket message that carries outgoing frames. Both kinds are
// accepted.
type MessageType uint8

const (
	// Auto sends a text message if it is valid UTF-8, and else a binary message.
	Auto = MessageType(wsconn.Auto)
	// Text is for servers that ignore binary messages. Other servers may close the connection over
	// a body that is not UTF-8.
	Text = MessageType(wsconn.Text)
	// Binary is for servers that ignore text messages.
	Binary = MessageType(wsconn.Binary)
)

// Options of a WebSocket client. The zero value is ready.
type Options struct {
	Messages MessageType

	// Header is added to the HTTP request: an Origin, a cookie, a token.
	Header http.Header

	// PingInterval is the time between pings, for proxies that close quiet connections; 0 sends
	// none, since STOMP has heart-beats. A missing pong has no effect, because it may be waiting
	// behind a message handler. But if the server reads nothing for 5 s when a ping is due, the
	// connection ends. Pings of the server are answered.
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

// maxResponseHeader bounds the header of the server's HTTP response, in bytes.
const maxResponseHeader = 64 << 10

// Client opens a WebSocket over nc, a connection to the server of url. For a url with the scheme
// wss, nc has to be encrypted already, with [link.Progress] below TLS, so that
// link.Options.WriteTimeout measures progress in bytes. Client owns nc and closes it on errors. ctx
// bounds the handshake only. It can be used as conn.Config.WebSocket.
func (o Options) Client(ctx context.Context, nc net.Conn, url string, subprotocols []string) (net.Conn, error) {
	if _, secure := nc.(*tls.Conn); !secure {
		nc = link.Progress(nc) // with TLS, Progress has to be below it already
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
	// Messages are not gathered here, so the parser's limits bound memory.
	c.SetReadLimit(-1)
	w.Open(c, o.PingInterval)
	return w, nil
}

// over returns a transport that uses nc as its only connection.
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

// handshakeError removes the URL that net/http puts into its errors, because its query may contain
// a token.
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
