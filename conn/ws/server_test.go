package ws_test

import (
	"bytes"
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/coder/websocket"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/conn/ws"
)

// patience is how long anything may take that has to happen.
const patience = time.Minute

// peer is the server's end of a WebSocket.
type peer struct {
	*websocket.Conn
	t     testing.TB
	kinds chan websocket.MessageType // of what has come
	rest  []byte                     // read, but not yet a whole frame
	end   error                      // of reading
	beats int
	gone  <-chan struct{} // closed at the end of the test, for a server at the end of a pipe

	strict bool // checks text messages
}

// listen serves WebSockets at /ws until the test ends, each by play.
func listen(t testing.TB, opts *websocket.AcceptOptions, play func(p *peer)) *httptest.Server {
	return httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/ws" {
			http.Error(w, "no WebSocket here", http.StatusForbidden)
			return
		}
		c, err := websocket.Accept(w, r, opts)
		if err != nil {
			t.Error(err)
			return
		}
		defer c.CloseNow()
		c.SetReadLimit(-1)
		play(&peer{Conn: c, t: t, kinds: make(chan websocket.MessageType, 1000)})
	}))
}

// serve is listen over plain TCP.
func serve(t testing.TB, opts *websocket.AcceptOptions, play func(p *peer)) string {
	s := listen(t, opts, play)
	s.Start()
	t.Cleanup(s.Close)
	return "ws" + strings.TrimPrefix(s.URL, "http") + "/ws"
}

// pipe is serve over a pipe, for synctest. It returns the client's end; the URL is pipeURL.
func pipe(t testing.TB, opts *websocket.AcceptOptions, play func(p *peer)) net.Conn {
	ours, theirs := net.Pipe()
	played, gone := make(chan struct{}), make(chan struct{})
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer close(played)
		c, err := websocket.Accept(w, r, opts)
		if err != nil {
			t.Error(err)
			return
		}
		defer c.CloseNow()
		c.SetReadLimit(-1)
		play(&peer{Conn: c, t: t, kinds: make(chan websocket.MessageType, 1000), gone: gone})
	})}
	go func() { _ = server.Serve(&oneConn{Conn: theirs, closed: make(chan struct{})}) }()
	t.Cleanup(func() {
		close(gone)
		_ = theirs.Close()
		<-played
		_ = server.Close()
	})
	return ours
}

const pipeURL = "ws://broker/ws"

// bare returns the client's end of a WebSocket over a pipe, without a session.
func bare(t testing.TB, play func(p *peer)) net.Conn {
	t.Helper()
	nc, err := ws.Client(t.Context(), pipe(t, nil, play), pipeURL, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = nc.Close() })
	return nc
}

// dialPipe is dial over a pipe.
func dialPipe(t testing.TB, o ws.Options, cfg conn.Config, play func(p *peer)) *conn.Client {
	t.Helper()
	nc := pipe(t, nil, play)
	cfg.DialFunc = func(context.Context, string, string) (net.Conn, error) { return nc, nil }
	return dial(t, pipeURL, o, cfg)
}

// next returns the next STOMP frame up to its NUL, "" at the end. Bodies here hold no NUL.
func (p *peer) next() string {
	for {
		p.rest = bytes.TrimLeft(p.rest, "\n")
		if frame, rest, ok := bytes.Cut(p.rest, []byte{0}); ok {
			p.rest = rest
			return string(frame)
		}
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		kind, data, err := p.Read(ctx)
		cancel()
		if err != nil {
			p.end = err
			return ""
		}
		if kind == websocket.MessageText && p.strict && !utf8.Valid(data) {
			_ = p.Close(websocket.StatusInvalidFramePayloadData, "not UTF-8")
		}
		if string(data) == "\n" {
			p.beats++
		}
		p.kinds <- kind
		p.rest = append(p.rest, data...)
	}
}

func (p *peer) send(kind websocket.MessageType, data string) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	_ = p.Write(ctx, kind, []byte(data))
}

// echo is a broker with one destination.
func (p *peer) echo() {
	for {
		frame := p.next()
		if frame == "" {
			return
		}
		head, body, _ := strings.Cut(frame, "\n\n")
		command, headers, _ := strings.Cut(head, "\n")
		switch command {
		case "CONNECT":
			p.send(websocket.MessageText, "CONNECTED\nversion:1.2\nserver:echo\n\n\x00\n")
		case "SEND":
			p.send(websocket.MessageBinary, "MESSAGE\nsubscription:1\nmessage-id:1\ndestination:/queue/a\n\n"+body+"\x00\n")
		}
		for line := range strings.SplitSeq(headers, "\n") {
			if id, ok := strings.CutPrefix(line, "receipt:"); ok {
				for octet := range strings.SplitSeq("RECEIPT\nreceipt-id:"+id+"\n\n\x00", "") { // one message each
					p.send(websocket.MessageText, octet)
				}
			}
		}
	}
}

// dial connects once over a WebSocket with these options.
func dial(t testing.TB, uri string, o ws.Options, cfg conn.Config) *conn.Client {
	t.Helper()
	c, err := tryDial(t, uri, o, cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = c.Close()
		<-c.Done()
	})
	return c
}

func tryDial(t testing.TB, uri string, o ws.Options, cfg conn.Config) (*conn.Client, error) {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cfg.WebSocket, cfg.OneConnection, cfg.NoReconnect = o.Client, true, true
	if cfg.Attempts == 0 {
		cfg.Attempts = 1
	}
	if cfg.ConnectTimeout == 0 {
		cfg.ConnectTimeout = patience
	}
	return conn.Dial(ctx, uri, &cfg)
}

// exchange sends bodies, gets them back and disconnects.
func exchange(t testing.TB, c *conn.Client, destination string, text bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	bodies := make(chan string, 10)
	handle := func(_ context.Context, m *conn.Message) { bodies <- string(m.Body) }
	if _, err := c.Subscribe(ctx, destination, handle, conn.SubscribeOptions{ID: "1"}); err != nil {
		t.Fatal(err)
	}
	all := []string{"", "a", "Grüße", strings.Repeat("x", 40_000), strings.Repeat("ä", 150_000), strings.Repeat("€", 100_000)}
	if !text {
		all = append(all, "not UTF-8: \xff", strings.Repeat("\xff\xf0\x9f", 100_000))
	}
	for _, body := range all {
		if err := c.Send(ctx, destination, []byte(body)); err != nil {
			t.Fatal(err)
		}
		select {
		case got := <-bodies:
			if got != body {
				t.Errorf("%.20q of %d bytes came back as %.20q of %d", body, len(body), got, len(got))
			}
		case <-c.Done():
			t.Fatal(c.Err())
		case <-ctx.Done():
			t.Fatalf("%.20q of %d bytes does not come back; connection: %v", body, len(body), c.Err())
		}
	}
	if err := c.Disconnect(ctx); err != nil {
		t.Errorf("Disconnect: %v", err)
	}
}
