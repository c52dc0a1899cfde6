package ws

import (
	"bufio"
	"context"
	"crypto/tls"
	"log/slog"
	"net"
	"net/http"

	"github.com/coder/websocket"

	"github.com/stompwire/stompwire/broker"
	"github.com/stompwire/stompwire/engine/link"
	"github.com/stompwire/stompwire/internal/wsconn"
)

// subprotocols lists what we speak, in the order of preference.
var subprotocols = []string{"v12.stomp", "v11.stomp", "v10.stomp"}

// Handler returns a handler that opens WebSockets and has b serve them. It returns from a request
// at once; the connections end with b, not with the HTTP server. A server with TLS needs a listener
// like tls.NewListener(link.ProgressListener(ln), cfg), so that Config.WriteTimeout measures
// progress. It returns an error if opts is invalid.
func Handler(b *broker.Broker, opts Options) (http.Handler, error) {
	if err := opts.validate(); err != nil {
		return nil, err
	}
	return &handler{opts: opts.withDefaults(), serve: b.ServeConn}, nil
}

type handler struct {
	opts  Options
	serve func(net.Conn) // takes ownership of the connection and returns soon
}

// ServeHTTP opens a WebSocket. It answers 403 to a page that may not connect, and 4xx to any other
// request.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if err := h.opts.origins.check(r); err != nil {
		http.Error(w, http.StatusText(http.StatusForbidden), http.StatusForbidden)
		h.refused(r, err)
		return
	}
	taken := &taker{ResponseWriter: w, messages: wsconn.Messages(h.opts.Messages)}
	c, err := websocket.Accept(taken, r, &websocket.AcceptOptions{
		Subprotocols:       subprotocols,
		InsecureSkipVerify: true, // skips the library's origin check, which trusts the Host header; see origins.check
		// With compression a few bytes could expand to any number of them, and each connection
		// would keep the window of a compressor.
		CompressionMode: websocket.CompressionDisabled,

		OnPingReceived: func(ctx context.Context, p []byte) bool { return taken.conn.MayPong(ctx, p) },
	})
	if err != nil {
		h.refused(r, err)
		return
	}
	c.SetReadLimit(h.opts.MaxMessage)
	taken.conn.Open(c, h.opts.PingInterval)
	h.serve(&framed{Conn: taken.conn})
}

func (h *handler) refused(r *http.Request, err error) {
	h.opts.Logger.Debug("no WebSocket", slog.String("peer", r.RemoteAddr), slog.Any("error", err))
}

// taker makes a wsconn.Conn of the connection that the library takes over from the HTTP server. It
// is needed for its addresses and to close it without a closing handshake.
type taker struct {
	http.ResponseWriter
	messages wsconn.Messages
	conn     *wsconn.Conn
}

func (t *taker) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	nc, rw, err := http.NewResponseController(t.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	if _, secure := nc.(*tls.Conn); !secure {
		nc = link.Progress(nc) // with TLS, Progress has to be below it already
		rw.Writer.Reset(nc)
	}
	t.conn = wsconn.New(nc, t.messages)
	return nc, rw, nil
}
