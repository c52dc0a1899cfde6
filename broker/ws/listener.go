package ws

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"sync"

	"github.com/stompwire/stompwire/broker"
	"github.com/stompwire/stompwire/engine/link"
)

// requestHeader bounds the headers of a request, in bytes.
const requestHeader = 16 << 10

// Listen listens on addr, such as "127.0.0.1:0" for a port chosen by the system, and has b serve
// the WebSockets that are opened there, until b is closed. It returns where to connect, such as
// "ws://127.0.0.1:15674/ws", or "wss:" with opts.TLS.
func Listen(b *broker.Broker, addr string, opts Options) (uri string, err error) {
	if err := opts.validate(); err != nil {
		return "", err
	}
	ln, err := net.Listen("tcp", addr)
	if err != nil {
		return "", fmt.Errorf("ws: %w", err)
	}
	wln, err := NewListener(ln, opts)
	if err != nil {
		_ = ln.Close()
		return "", err
	}
	return b.ListenOn(wln)
}

// listener is an HTTP server whose Accept returns the WebSockets that it opened.
type listener struct {
	net.Listener
	uri    string
	server http.Server
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
	done   sync.WaitGroup
	err    error // why the server has ended; read it after ended is closed
	ended  chan struct{}

	pending pending
}

// NewListener returns a listener whose connections are the WebSockets that are opened over
// connections of ln. It takes ownership of ln. [Listen] gives such a listener to the broker.
func NewListener(ln net.Listener, opts Options) (net.Listener, error) {
	if err := opts.validate(); err != nil {
		return nil, err
	}
	opts = opts.withDefaults()
	scheme := "ws"
	if opts.TLS != nil {
		scheme = "wss"
		cfg := opts.TLS.Clone()
		cfg.NextProtos = []string{"http/1.1"} // HTTP/2 opens WebSockets differently, which the library does not support
		ln = tls.NewListener(link.ProgressListener(ln), cfg)
	}
	l := &listener{
		Listener: ln,
		uri:      (&url.URL{Scheme: scheme, Host: ln.Addr().String(), Path: opts.Path}).String(),
		conns:    make(chan net.Conn),
		closed:   make(chan struct{}),
		ended:    make(chan struct{}),
		pending:  newPending(opts.MaxPending, opts.MaxPendingPerIP),
	}
	l.server = http.Server{
		Handler:           at(opts.Path, &handler{opts: opts, serve: l.hand}),
		ReadTimeout:       opts.RequestTimeout,
		ReadHeaderTimeout: opts.RequestTimeout,
		WriteTimeout:      opts.RequestTimeout,
		IdleTimeout:       opts.RequestTimeout,
		MaxHeaderBytes:    requestHeader,
		ErrorLog:          slog.NewLogLogger(opts.Logger.Handler(), slog.LevelDebug),
		ConnState:         l.pending.count,
	}
	l.done.Go(func() {
		l.err = fmt.Errorf("ws: %v", l.server.Serve(ln)) // not temporary: the server has retried already
		close(l.ended)
	})
	return l, nil
}

// at serves h at path and nothing else. A ServeMux would take the path for a pattern, and panic at
// some.
func at(path string, h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != path {
			http.NotFound(w, r)
			return
		}
		h.ServeHTTP(w, r)
	})
}

// URI returns where to connect.
func (l *listener) URI() string { return l.uri }

// hand passes a WebSocket to Accept.
func (l *listener) hand(nc net.Conn) {
	select {
	case l.conns <- nc:
	case <-l.closed:
		_ = nc.Close()
	}
}

// Accept returns the next WebSocket.
func (l *listener) Accept() (net.Conn, error) {
	select {
	case nc := <-l.conns:
		return nc, nil
	case <-l.closed:
		return nil, net.ErrClosed
	case <-l.ended:
		return nil, l.err
	}
}

// Close closes the listener and the connections that have no WebSocket yet. Accepted WebSockets
// stay open: the caller of Accept owns them.
func (l *listener) Close() (err error) {
	l.once.Do(func() {
		close(l.closed)
		err = l.server.Close()
		l.done.Wait()
	})
	return err
}
