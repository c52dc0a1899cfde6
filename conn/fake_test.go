package conn_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/engine/link"
	"github.com/stompwire/stompwire/engine/pump"
	"github.com/stompwire/stompwire/frame"
)

// fakeBroker is the broker's end of one connection, played by the test itself, line by line: what it expects to read and
// what it answers. Frames are drawn as in the specification, with ^@ for NUL.
type fakeBroker struct {
	t        testing.TB
	nc       net.Conn
	r        *bufio.Reader
	patience time.Duration // for what has to come; then the test fails
	beats    int           // EOLs between frames, so far
}

// transport is a way to join a client and a fake broker.
type transport struct {
	name     string
	join     func(t testing.TB) (client, broker net.Conn)
	driver   interface{ Start(*link.Link) error }
	patience time.Duration
}

var (
	overPipe   = transport{"driver=pump", pipe, pump.Driver{}, time.Minute}
	overSocket = transport{"driver=gnet", loopback, nil, time.Minute}
	// inBubble is for synctest: time passes only while all goroutines wait, so patience costs nothing.
	inBubble = transport{"bubble", pipe, pump.Driver{}, time.Hour}
)

// overEach runs a test over each driver.
func overEach(t *testing.T, test func(t *testing.T, tr transport)) {
	for _, tr := range []transport{overPipe, overSocket} {
		t.Run(tr.name, func(t *testing.T) { test(t, tr) })
	}
}

func pipe(testing.TB) (client, broker net.Conn) { return net.Pipe() }

func loopback(t testing.TB) (client, broker net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if client, err = net.Dial("tcp", l.Addr().String()); err != nil {
		t.Fatal(err)
	}
	if broker, err = l.Accept(); err != nil {
		t.Fatal(err)
	}
	return client, broker
}

// brokerURI is what tests dial whose Config.DialFunc knows better.
const brokerURI = "broker.test:61613"

// once is a Config.DialFunc that returns nc, and refuses after that.
func once(nc net.Conn) func(context.Context, string, string) (net.Conn, error) {
	left := make(chan net.Conn, 1)
	left <- nc
	return func(context.Context, string, string) (net.Conn, error) {
		select {
		case nc := <-left:
			return nc, nil
		default:
			return nil, errRefused
		}
	}
}

// single makes cfg that of a client that lives as long as its first connection, nc.
func single(cfg conn.Config, nc net.Conn) *conn.Config {
	cfg.OneConnection, cfg.NoReconnect, cfg.Attempts = true, true, 1
	cfg.DialFunc = once(nc)
	return &cfg
}

// loopbackSession connects over a real socket to a broker that serve plays.
func loopbackSession(t *testing.T, serve func(nc net.Conn)) *conn.Client {
	t.Helper()
	return loopbackSessionWith(t, conn.Config{}, serve)
}

func loopbackSessionWith(t *testing.T, cfg conn.Config, serve func(nc net.Conn)) *conn.Client {
	t.Helper()
	client, broker := loopback(t)
	served := make(chan struct{})
	go func() {
		defer close(served)
		defer broker.Close()
		if _, err := broker.Read(make([]byte, 4096)); err != nil {
			return
		}
		if _, err := io.WriteString(broker, "CONNECTED\nversion:1.2\n\n\x00"); err != nil {
			return
		}
		serve(broker)
	}()
	c, err := conn.Dial(t.Context(), brokerURI, single(cfg, client))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = c.Close()
		broker.Close()
		<-c.Done()
		<-served
	})
	return c
}

type opened struct {
	c   *conn.Client
	err error
}

// open begins to connect a client that lives as long as its connection. It returns the broker's end and where the client
// will arrive.
func open(t testing.TB, tr transport, cfg conn.Config) (*fakeBroker, <-chan opened) {
	t.Helper()
	client, broker := tr.join(t)
	if cfg.Driver == nil {
		cfg.Driver = tr.driver
	}
	result := make(chan opened, 1)
	go func() {
		c, err := conn.Dial(context.Background(), brokerURI, single(cfg, client))
		result <- opened{c, err}
	}()
	b := &fakeBroker{t: t, nc: broker, r: bufio.NewReader(broker), patience: tr.patience}
	t.Cleanup(func() { _ = broker.Close() })
	return b, result
}

// session returns a client that is connected with version v, and the broker's end of its only connection.
func session(t testing.TB, tr transport, v frame.Version, cfg conn.Config) (*conn.Client, *fakeBroker) {
	t.Helper()
	b, result := open(t, tr, cfg)
	b.read()
	b.write("CONNECTED\nversion:" + v.String() + "\n\n^@")
	got := <-result
	if got.err != nil {
		t.Fatal(got.err)
	}
	t.Cleanup(func() { _ = got.c.Close() })
	return got.c, b
}

// write sends text as it stands, but for ^@.
func (b *fakeBroker) write(text string) {
	b.t.Helper()
	_ = b.nc.SetWriteDeadline(time.Now().Add(b.patience))
	if _, err := io.WriteString(b.nc, strings.ReplaceAll(text, "^@", "\x00")); err != nil {
		b.t.Fatalf("broker writes %.100q: %v", text, err)
	}
}

// read returns the next frame, with ^@ for its NULs.
func (b *fakeBroker) read() string {
	b.t.Helper()
	text, err := b.next()
	if err != nil {
		b.t.Fatalf("broker expects a frame: %v after %.200q", err, text)
	}
	return text
}

func (b *fakeBroker) next() (string, error) {
	_ = b.nc.SetReadDeadline(time.Now().Add(b.patience))
	var text strings.Builder
	length := -1
	for {
		line, err := b.r.ReadString('\n')
		if line == "\n" && err == nil && text.Len() == 0 {
			b.beats++
			continue
		}
		text.WriteString(line)
		if err != nil {
			return text.String(), err
		}
		if n, ok := strings.CutPrefix(line, "content-length:"); ok {
			length, _ = strconv.Atoi(n[:len(n)-1])
		}
		if line == "\n" {
			break
		}
	}
	if length >= 0 {
		body := make([]byte, length)
		if _, err := io.ReadFull(b.r, body); err != nil {
			return text.String(), err
		}
		text.Write(body)
	}
	rest, err := b.r.ReadString(0)
	text.WriteString(rest)
	return strings.ReplaceAll(text.String(), "\x00", "^@"), err
}

// expect reads a frame that has to be exactly this one.
func (b *fakeBroker) expect(want string) {
	b.t.Helper()
	if got := b.read(); got != want {
		b.t.Fatalf("broker read\n%q, want\n%q", got, want)
	}
}

// expectEnd waits until the client has closed, and fails if it sends a frame before.
func (b *fakeBroker) expectEnd() {
	b.t.Helper()
	text, err := b.next()
	if text != "" || (!errors.Is(err, io.EOF) && !errors.Is(err, net.ErrClosed)) {
		b.t.Fatalf("broker read %.200q, %v; want the end", text, err)
	}
}

// receipt answers the frame that asked for id.
func (b *fakeBroker) receipt(id string) {
	b.t.Helper()
	b.write("RECEIPT\nreceipt-id:" + id + "\n\n^@")
}

// header returns the value of a header of a drawn frame.
func header(text, name string) string {
	for line := range strings.SplitSeq(text, "\n") {
		if value, ok := strings.CutPrefix(line, name+":"); ok {
			return value
		}
	}
	return ""
}

// async runs a call that waits for the broker. await returns what it returned.
func async(call func() error) <-chan error {
	result := make(chan error, 1)
	go func() { result <- call() }()
	return result
}

func (b *fakeBroker) await(result <-chan error) error {
	b.t.Helper()
	timeout := time.NewTimer(b.patience)
	defer timeout.Stop()
	select {
	case err := <-result:
		return err
	case <-timeout.C:
		b.t.Fatal("the call does not return")
		return nil
	}
}

// subscribe makes subscription 1 on /queue/a.
func (b *fakeBroker) subscribe(c *conn.Client, mode frame.AckMode, h conn.MessageHandler) {
	b.t.Helper()
	result := async(func() error {
		_, err := c.Subscribe(context.Background(), "/queue/a", h, conn.SubscribeOptions{Ack: mode})
		return err
	})
	b.receipt(header(b.read(), "receipt"))
	if err := b.await(result); err != nil {
		b.t.Fatal(err)
	}
}
