package broker_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stompwire/stompwire/broker"
	"github.com/stompwire/stompwire/internal/leaktest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

// patience is how long anything may take that has to happen. It is long because a busy machine is no failure.
const patience = time.Minute

// start returns a running broker that ends with the test.
func start(t testing.TB, cfg broker.Config) *broker.Broker {
	t.Helper()
	if cfg.ConnectTimeout == 0 {
		cfg.ConnectTimeout = patience // a client may be slow to connect where others flood
	}
	b, err := broker.Start(cfg)
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

// client is a peer that writes hand-drawn bytes, in which ^@ stands for NUL, and
// reads frames without resolving escapes.
type client struct {
	t    testing.TB
	nc   net.Conn
	r    *bufio.Reader
	wait time.Duration
}

func newClient(t testing.TB, nc net.Conn) *client {
	t.Cleanup(func() { nc.Close() })
	return &client{t: t, nc: nc, r: bufio.NewReader(nc), wait: patience}
}

func dial(t testing.TB, b *broker.Broker) *client {
	t.Helper()
	nc, err := net.Dial("tcp", b.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return newClient(t, nc)
}

// connect returns a client whose session speaks version.
func connect(t testing.TB, b *broker.Broker, version string) *client {
	t.Helper()
	c := dial(t, b)
	c.connect(version)
	return c
}

func (c *client) connect(version string) {
	c.t.Helper()
	c.write("CONNECT\naccept-version:" + version + "\nhost:test\n\n^@")
	c.expect("CONNECTED", "version:"+version)
}

func wire(text string) []byte { return []byte(strings.ReplaceAll(text, "^@", "\x00")) }

func (c *client) write(text string) {
	c.t.Helper()
	if _, err := c.nc.Write(wire(text)); err != nil {
		c.t.Fatalf("write: %v", err)
	}
}

// received is a frame as it came, its header lines raw.
type received struct {
	command string
	lines   []string
	body    string
}

func (f *received) String() string {
	return fmt.Sprintf("%s %q %q", f.command, f.lines, f.body)
}

// get returns the raw value of the first line with that name.
func (f *received) get(name string) string {
	value, _ := f.lookup(name)
	return value
}

func (f *received) lookup(name string) (string, bool) {
	for _, line := range f.lines {
		if value, found := strings.CutPrefix(line, name+":"); found {
			return value, true
		}
	}
	return "", false
}

// read returns the next frame.
func (c *client) read() (*received, error) {
	_ = c.nc.SetReadDeadline(time.Now().Add(c.wait))
	f := new(received)
	for f.command == "" {
		line, err := c.line()
		if err != nil {
			return nil, err
		}
		f.command = line
	}
	for {
		line, err := c.line()
		if err != nil {
			return nil, err
		}
		if line == "" {
			break
		}
		f.lines = append(f.lines, line)
	}
	if n, ok := f.lookup("content-length"); ok {
		size, _ := strconv.Atoi(n)
		body := make([]byte, size+1)
		_, err := io.ReadFull(c.r, body)
		f.body = string(body[:size])
		return f, c.endOfFrame(err)
	}
	body, err := c.r.ReadString(0)
	f.body = strings.TrimSuffix(body, "\x00")
	return f, c.endOfFrame(err)
}

// endOfFrame reads the LF that the broker writes behind each NUL.
func (c *client) endOfFrame(err error) error {
	if err != nil {
		return err
	}
	octet, err := c.r.ReadByte()
	if err == nil && octet != '\n' {
		err = fmt.Errorf("%q follows NUL, want LF", octet)
	}
	return err
}

func (c *client) line() (string, error) {
	line, err := c.r.ReadString('\n')
	return strings.TrimSuffix(line, "\n"), err
}

// next returns the next frame.
func (c *client) next() *received {
	c.t.Helper()
	f, err := c.read()
	if err != nil {
		c.t.Fatalf("read: %v", err)
	}
	return f
}

// expect returns the next frame, which must have that command and those lines.
func (c *client) expect(command string, lines ...string) *received {
	c.t.Helper()
	f := c.next()
	if f.command != command {
		c.t.Fatalf("got %v, want %s", f, command)
	}
	for _, line := range lines {
		if !slices.Contains(f.lines, line) {
			c.t.Fatalf("got %v, want a line %q", f, line)
		}
	}
	return f
}

// expectBody returns the next frame, which must be a MESSAGE with that body.
func (c *client) expectBody(body string, lines ...string) *received {
	c.t.Helper()
	f := c.expect("MESSAGE", lines...)
	if f.body != body {
		c.t.Fatalf("got %v, want the body %q", f, body)
	}
	return f
}

// expectError reads an ERROR frame and then the end of the connection.
func (c *client) expectError(message string, lines ...string) *received {
	c.t.Helper()
	f := c.expect("ERROR", append(lines, "message:"+message, "content-type:text/plain;charset=utf-8")...)
	c.expectEnd()
	return f
}

// expectEnd reads the end of the connection.
func (c *client) expectEnd() {
	c.t.Helper()
	if f, err := c.read(); err != io.EOF {
		c.t.Fatalf("got %v, %v; want the end of the connection", f, err)
	}
}

// discard reads whatever comes from now on, until the connection ends.
func (c *client) discard() {
	_ = c.nc.SetReadDeadline(time.Time{})
	go func() { _, _ = io.Copy(io.Discard, c.r) }()
}

// sync returns when everything written before has been processed. No other frame may
// come before that.
func (c *client) sync() {
	c.t.Helper()
	c.write("BEGIN\ntransaction:sync\nreceipt:sync\n\n^@ABORT\ntransaction:sync\n\n^@")
	c.expect("RECEIPT", "receipt-id:sync")
}

// subscribe subscribes and waits for the receipt.
func (c *client) subscribe(id, destination, ack string, lines ...string) {
	c.t.Helper()
	c.write("SUBSCRIBE\nid:" + id + "\ndestination:" + destination + "\nack:" + ack + "\nreceipt:sub-" + id + "\n" +
		strings.Join(append(lines, ""), "\n") + "\n^@")
	c.expect("RECEIPT", "receipt-id:sub-"+id)
}

// send sends a message.
func (c *client) send(destination, body string, lines ...string) {
	c.t.Helper()
	c.write("SEND\ndestination:" + destination + "\n" + strings.Join(append(lines, ""), "\n") + "\n" + body + "^@")
}

var versions = []string{"1.0", "1.1", "1.2"}

// eachVersion runs a subtest for each version.
func eachVersion(t *testing.T, run func(t *testing.T, b *broker.Broker, version string)) {
	for _, version := range versions {
		t.Run(version, func(t *testing.T) {
			run(t, start(t, broker.Config{}), version)
		})
	}
}

// waitFor returns when what holds, and fails if that takes long.
func waitFor(t testing.TB, what func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !what(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it did not happen")
		}
	}
}
