package ws_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/stompwire/stompwire/broker"
	"github.com/stompwire/stompwire/broker/ws"
	"github.com/stompwire/stompwire/conn"
	client "github.com/stompwire/stompwire/conn/ws"
	"github.com/stompwire/stompwire/internal/leaktest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

// patience is how long anything may take that has to happen. It is long because a busy machine is no failure.
const patience = time.Minute

func start(t testing.TB, cfg broker.Config) *broker.Broker {
	t.Helper()
	b, err := broker.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
	return b
}

func listen(t testing.TB, b *broker.Broker, opts ws.Options) (uri string) {
	t.Helper()
	uri, err := ws.Listen(b, "127.0.0.1:0", opts)
	if err != nil {
		t.Fatal(err)
	}
	return uri
}

func dialConn(t testing.TB, uri string, opts client.Options, trust *tls.Config) *conn.Client {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	c, err := conn.Dial(ctx, uri, &conn.Config{WebSocket: opts.Client, TLS: trust})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// peer is a WebSocket whose messages the test writes and reads one by one.
type peer struct {
	*websocket.Conn
	t    testing.TB
	resp *http.Response
}

// open opens a WebSocket as a browser's page would, or another program.
func open(t testing.TB, uri string, opts *websocket.DialOptions) *peer {
	t.Helper()
	p, err := tryOpen(t, uri, opts)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func tryOpen(t testing.TB, uri string, opts *websocket.DialOptions) (*peer, error) {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if opts == nil {
		opts = &websocket.DialOptions{}
	}
	if opts.HTTPClient == nil {
		opts.HTTPClient = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	}
	c, resp, err := websocket.Dial(ctx, uri, opts)
	if err == nil {
		c.SetReadLimit(-1)
		t.Cleanup(func() { _ = c.CloseNow() })
	}
	return &peer{Conn: c, t: t, resp: resp}, err
}

// write sends one message, in which ^@ stands for NUL.
func (p *peer) write(kind websocket.MessageType, text string) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.t.Context(), patience)
	defer cancel()
	if err := p.Write(ctx, kind, []byte(strings.ReplaceAll(text, "^@", "\x00"))); err != nil {
		p.t.Fatal(err)
	}
}

// tell is write for a goroutine of its own.
func (p *peer) tell(kind websocket.MessageType, text string) {
	ctx, cancel := context.WithTimeout(p.t.Context(), patience)
	defer cancel()
	if err := p.Write(ctx, kind, []byte(strings.ReplaceAll(text, "^@", "\x00"))); err != nil {
		p.t.Error(err)
	}
}

// read returns the next message.
func (p *peer) read() (websocket.MessageType, string, error) {
	ctx, cancel := context.WithTimeout(p.t.Context(), patience)
	defer cancel()
	kind, data, err := p.Read(ctx)
	return kind, string(data), err
}

// expect reads a message that is one frame with that command and something in it.
func (p *peer) expect(command, holds string) (websocket.MessageType, string) {
	p.t.Helper()
	kind, text, err := p.read()
	if err != nil {
		p.t.Fatal(err)
	}
	if !strings.HasPrefix(text, command+"\n") || !strings.Contains(text, holds) || !strings.HasSuffix(text, "\x00\n") || strings.Count(text, "\x00") != 1 {
		p.t.Fatalf("got %q, want one %s frame with %q", text, command, holds)
	}
	return kind, text
}

func (p *peer) connect() {
	p.t.Helper()
	p.write(websocket.MessageText, "CONNECT\naccept-version:1.2\nhost:x\n\n^@")
	p.expect("CONNECTED", "version:1.2")
}

func waitFor(t testing.TB, what func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !what(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it did not happen")
		}
	}
}

// The client of this module over ws and wss, with messages of every kind.
func TestOurClient(t *testing.T) {
	s := httptest.NewTLSServer(nil)
	defer s.Close()
	trust := s.Client().Transport.(*http.Transport).TLSClientConfig
	for _, opts := range []ws.Options{{}, {Messages: ws.Text}, {Messages: ws.Binary}, {TLS: &tls.Config{Certificates: s.TLS.Certificates}}} {
		b := start(t, broker.Config{})
		uri := listen(t, b, opts)
		if scheme, _, _ := strings.Cut(uri, ":"); (scheme == "wss") != (opts.TLS != nil) || b.URI() != uri || !strings.HasSuffix(uri, "/ws") {
			t.Errorf("URI %q of %q", uri, b.URI())
		}
		c := dialConn(t, uri, client.Options{}, &tls.Config{RootCAs: trust.RootCAs})
		got := make(chan string, 1000)
		handle := func(_ context.Context, m *conn.Message) { got <- string(m.Body) }
		if _, err := c.Subscribe(t.Context(), "/queue/q", handle, conn.SubscribeOptions{}); err != nil {
			t.Fatal(err)
		}
		bodies := []string{"", "a", "€", strings.Repeat("€", 100_000), strings.Repeat("x", 200_000)}
		if opts.Messages != ws.Text {
			bodies = append(bodies, "\xff\x00\xfe", strings.Repeat("\x00\xff", 100_000))
		}
		const rounds = 5
		for range rounds {
			for _, body := range bodies {
				if err := c.Send(t.Context(), "/queue/q", []byte(body)); err != nil {
					t.Fatal(err)
				}
			}
		}
		for i := range rounds * len(bodies) {
			select {
			case body := <-got:
				if want := bodies[i%len(bodies)]; body != want {
					t.Fatalf("message %d has %d bytes %.20q, want %d bytes %.20q", i, len(body), body, len(want), want)
				}
			case <-time.After(patience):
				t.Fatalf("message %d has not come", i)
			}
		}
		if err := c.Disconnect(t.Context()); err != nil {
			t.Error(err)
		}
	}
}

func TestSubprotocols(t *testing.T) {
	uri := listen(t, start(t, broker.Config{}), ws.Options{})
	for _, c := range []struct {
		offered []string
		taken   string
	}{
		{[]string{"v10.stomp", "v11.stomp", "v12.stomp"}, "v12.stomp"},
		{[]string{"v12.stomp", "v11.stomp", "v10.stomp"}, "v12.stomp"},
		{[]string{"v11.stomp", "v10.stomp"}, "v11.stomp"},
		{[]string{"v10.stomp"}, "v10.stomp"},
		{[]string{"mqtt", "v10.stomp"}, "v10.stomp"},
		{[]string{"mqtt"}, ""}, // as RabbitMQ does: the client decides what it makes of that
		{nil, ""},
	} {
		p := open(t, uri, &websocket.DialOptions{Subprotocols: c.offered})
		if p.Subprotocol() != c.taken {
			t.Errorf("%v: got %q, want %q", c.offered, p.Subprotocol(), c.taken)
		}
		p.connect()
	}
}

func hostOf(uri string) string {
	_, rest, _ := strings.Cut(uri, "://")
	host, _, _ := strings.Cut(rest, "/")
	return host
}

// Messages are read whatever their kind, with several frames or parts of frames in
// them, and each frame comes back as one message.
func TestMessagesAndFrames(t *testing.T) {
	p := open(t, listen(t, start(t, broker.Config{}), ws.Options{}), nil)
	p.write(websocket.MessageBinary, "CONNECT\naccept-version:1.2\nhost:x\n\n^@\n"+
		"SUBSCRIBE\nid:1\ndestination:/queue/q\nreceipt:r\n\n^@")
	p.expect("CONNECTED", "")
	p.expect("RECEIPT", "receipt-id:r")
	p.write(websocket.MessageText, "\n")
	p.write(websocket.MessageText, "SEND\ndestination:/queue/q\n\nfirst^@SEND\ndestination:/queue/q\n\nsecond^@SEND\ndest")
	p.write(websocket.MessageBinary, "ination:/queue/q\ncontent-length:2\n\n")
	p.write(websocket.MessageText, "")
	p.write(websocket.MessageBinary, "\xff\xfe^@")
	for _, body := range []string{"\n\nfirst\x00", "\n\nsecond\x00"} {
		if kind, _ := p.expect("MESSAGE", body); kind != websocket.MessageText {
			t.Errorf("%q came as %v", body, kind)
		}
	}
	if kind, _ := p.expect("MESSAGE", "\n\n\xff\xfe\x00"); kind != websocket.MessageBinary {
		t.Errorf("octets that are not UTF-8 came as %v", kind)
	}
}

// Every frame ends where it should however the stream is cut.
func TestFrameAMessage(t *testing.T) {
	p := open(t, listen(t, start(t, broker.Config{}), ws.Options{}), nil)
	p.connect()
	p.write(websocket.MessageText, "SUBSCRIBE\nid:1\ndestination:/queue/q\nreceipt:r\n\n^@")
	p.expect("RECEIPT", "")
	const n = 500
	var frames strings.Builder
	for i := range n {
		fmt.Fprintf(&frames, "SEND\ndestination:/queue/q\nreceipt:%d\ncontent-length:%d\n\n%s\x00", i, i+2, strings.Repeat("\n", i)+"x\n")
	}
	p.write(websocket.MessageText, frames.String())
	messages, receipts := 0, 0
	for messages+receipts < 2*n {
		_, text, err := p.read()
		if err != nil {
			t.Fatal(err)
		}
		switch {
		case strings.HasPrefix(text, "MESSAGE\n") && strings.HasSuffix(text, fmt.Sprintf("content-length:%d\n\n%sx\n\x00\n", messages+2, strings.Repeat("\n", messages))):
			messages++
		case strings.HasPrefix(text, "RECEIPT\n") && strings.HasSuffix(text, fmt.Sprintf("receipt-id:%d\n\n\x00\n", receipts)):
			receipts++
		default:
			t.Fatalf("message %d is %q", messages+receipts, text)
		}
	}
}

func TestPings(t *testing.T) {
	b := start(t, broker.Config{})
	p := open(t, listen(t, b, ws.Options{}), nil)
	p.connect()
	go func() { _, _, _ = p.read() }() // what reads the pong
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := p.Ping(ctx); err != nil {
		t.Errorf("no pong: %v", err)
	}
	pinged := make(chan struct{}, 1000)
	p = open(t, listen(t, b, ws.Options{PingInterval: 10 * time.Millisecond}), &websocket.DialOptions{
		OnPingReceived: func(context.Context, []byte) bool { pinged <- struct{}{}; return true },
	})
	p.connect()
	go func() { _, _, _ = p.read() }()
	for range 3 {
		select {
		case <-pinged:
		case <-time.After(patience):
			t.Fatal("no ping")
		}
	}
}

func TestMessageLimit(t *testing.T) {
	uri := listen(t, start(t, broker.Config{}), ws.Options{MaxMessage: 1000})
	// The library hands out one byte more than the limit before it refuses: a frame that ended with it would have its
	// receipt, or not, as it happens.
	for _, size := range []int{1000, 1002} {
		p := open(t, uri, nil)
		p.connect()
		frame := "SEND\ndestination:/topic/none\nreceipt:r\n\n"
		p.write(websocket.MessageText, frame+strings.Repeat("x", size-len(frame)-1)+"^@")
		_, text, err := p.read()
		if fits := size <= 1000; fits != (err == nil) || fits != strings.HasPrefix(text, "RECEIPT") {
			t.Errorf("%d bytes: %q, %v", size, text, err)
		} else if !fits && websocket.CloseStatus(err) != websocket.StatusMessageTooBig {
			t.Errorf("%d bytes: closed with %v, want 1009", size, err)
		}
	}
}

// An ERROR comes before the WebSocket is closed in good order.
func TestErrorThenClose(t *testing.T) {
	p := open(t, listen(t, start(t, broker.Config{}), ws.Options{}), nil)
	p.write(websocket.MessageText, "SEND\ndestination:/queue/a\n\nx^@")
	p.expect("ERROR", "message:not connected")
	if _, text, err := p.read(); websocket.CloseStatus(err) != websocket.StatusNormalClosure {
		t.Errorf("got %q, %v", text, err)
	}
}

// A handler can be mounted in any server, next to other things.
func TestHandler(t *testing.T) {
	b := start(t, broker.Config{})
	h, err := ws.Handler(b, ws.Options{})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/stomp", h)
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "a page") })
	s := httptest.NewServer(mux)
	defer s.Close()
	p := open(t, "ws"+strings.TrimPrefix(s.URL, "http")+"/stomp", nil)
	p.connect()
	p.write(websocket.MessageText, "SUBSCRIBE\nid:1\ndestination:/queue/q\n\n^@SEND\ndestination:/queue/q\n\nx^@")
	p.expect("MESSAGE", "\n\nx\x00")
	if err := b.Close(); err != nil { // ends the connections, wherever they came from
		t.Error(err)
	}
	if _, text, err := p.read(); err == nil {
		t.Errorf("got %q", text)
	}
}

func TestOptionsAreChecked(t *testing.T) {
	b := start(t, broker.Config{})
	for _, opts := range []ws.Options{
		{Path: "ws"}, {MaxMessage: -1}, {MaxPending: -1}, {MaxPendingPerIP: -1}, {PingInterval: -1}, {RequestTimeout: -1}, {Messages: 9}, {Origins: []string{"[a"}}, {Origins: []string{""}},
	} {
		if _, err := ws.Listen(b, "127.0.0.1:0", opts); err == nil {
			t.Errorf("%+v: no error from Listen", opts)
		}
		if _, err := ws.Handler(b, opts); err == nil {
			t.Errorf("%+v: no error from Handler", opts)
		}
	}
	if _, err := ws.Listen(b, "nowhere", ws.Options{}); err == nil {
		t.Error("a listener nowhere")
	}
	if err := b.Close(); err != nil {
		t.Error(err)
	}
	if _, err := ws.Listen(b, "127.0.0.1:0", ws.Options{}); err == nil {
		t.Error("a closed broker listens")
	}
}

// Any path will do that begins with a slash, and is what it says, octet by octet.
func TestPath(t *testing.T) {
	b := start(t, broker.Config{})
	for _, path := range []string{"/", "/ws/", "/{", "/{x}", "/a b", "/a//b", "/a?b#c", "/100%", "/ü"} {
		uri := listen(t, b, ws.Options{Path: path})
		open(t, uri, nil).connect()
		if p, err := tryOpen(t, uri+"x", nil); err == nil {
			t.Errorf("%q: %qx opens, too: %v", path, uri, p.resp.Status)
		}
	}
}

// What is no WebSocket gets an HTTP answer.
func TestPlainRequests(t *testing.T) {
	uri := "http" + strings.TrimPrefix(listen(t, start(t, broker.Config{}), ws.Options{Path: "/a"}), "ws")
	hc := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: patience}
	for url, want := range map[string]int{uri: http.StatusUpgradeRequired, strings.TrimSuffix(uri, "/a"): http.StatusNotFound} {
		resp, err := hc.Get(url)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.StatusCode != want {
			t.Errorf("%s: %s", url, resp.Status)
		}
	}
}
