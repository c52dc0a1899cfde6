package conn_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math"
	"net"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/engine/pump"
	"github.com/stompwire/stompwire/frame"
	"github.com/stompwire/stompwire/writer"
)

// pattern is a body of any length that costs nothing. It has every octet, NUL among them.
type pattern struct{ at, length int64 }

func (p *pattern) Read(b []byte) (int, error) {
	b = b[:min(int64(len(b)), p.length-p.at)]
	if len(b) == 0 {
		return 0, io.EOF
	}
	n := copy(b, period[p.at%int64(len(period)):])
	p.at += int64(n)
	return n, nil
}

// period is what a pattern repeats. Its length has nothing in common with any buffer's.
var period = func() []byte {
	b := make([]byte, 65521)
	for i := range b {
		b[i] = byte(i * 7 >> 3)
	}
	return b
}()

func checksum(t testing.TB, r io.Reader) (length int64, sum uint32) {
	t.Helper()
	crc := crc32.NewIEEE()
	length, err := io.Copy(crc, r)
	if err != nil {
		t.Error(err)
	}
	return length, crc.Sum32()
}

// allocated returns how many bytes the process takes while run runs, given back or not.
func allocated(run func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	run()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// header reads the next header block, and passes over EOLs before it.
func readHead(r *bufio.Reader) (head string, err error) {
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return head, err
		}
		if line == "\n" && head != "" {
			return head, nil
		}
		if line != "\n" {
			head += line
		}
	}
}

// A huge body goes out in constant memory, whole, with other sends before and after it, never inside.
func TestSendFromTakesNoMemory(t *testing.T) {
	type seen struct {
		n   int64
		sum uint32
	}
	got := make(chan seen, 1)
	c := loopbackSession(t, func(nc net.Conn) {
		r := bufio.NewReaderSize(nc, 64<<10)
		for {
			head, err := readHead(r)
			if err != nil {
				return
			}
			n, _ := strconv.ParseInt(header(head, "content-length"), 10, 64)
			body := io.LimitReader(r, n)
			if header(head, "destination") == "/queue/huge" {
				crc := crc32.NewIEEE()
				n, _ := io.Copy(crc, body)
				got <- seen{n, crc.Sum32()}
			} else {
				if text, _ := io.ReadAll(body); string(text) != "small" {
					t.Errorf("another message is %q", text)
				}
			}
			if end, err := r.ReadByte(); err != nil || end != 0 {
				t.Errorf("%q: %d behind the body, %v", head, end, err)
				return
			}
			if id := header(head, "receipt"); id != "" {
				fmt.Fprintf(nc, "RECEIPT\nreceipt-id:%s\n\n\x00", id)
			}
		}
	})
	ctx, stop := context.WithCancel(t.Context())
	first, others := make(chan error, 1), make(chan int)
	go func() {
		first <- c.Send(ctx, "/queue/small", []byte("small"))
		sent := 1
		for ctx.Err() == nil {
			if c.SendReceipt(ctx, "/queue/small", []byte("small")) == nil {
				sent++
			}
		}
		others <- sent
	}()
	if err := <-first; err != nil {
		t.Error(err)
	}
	taken := allocated(func() {
		if err := c.SendFrom(t.Context(), "/queue/huge", &pattern{length: hugeBody}, hugeBody); err != nil {
			t.Error(err)
		}
	})
	if err := c.SendReceipt(t.Context(), "/queue/small", []byte("small")); err != nil {
		t.Error("nobody else can send:", err)
	}
	stop()
	t.Log(<-others, "others were sent")
	want := seen{}
	want.n, want.sum = checksum(t, &pattern{length: hugeBody})
	if err := c.Err(); err != nil {
		t.Fatal(err)
	}
	if g := <-got; g != want {
		t.Errorf("%+v has come of %+v", g, want)
	}
	if taken > hugeTaken {
		t.Errorf("%d MiB allocated", taken>>20)
	}
}

// counting counts what is read, and waits for a word before each part if it has a gate.
type counting struct {
	r    io.Reader
	n    atomic.Int64
	gate chan struct{}
}

func (c *counting) Read(b []byte) (int, error) {
	if c.gate != nil {
		<-c.gate
	}
	n, err := c.r.Read(b)
	c.n.Add(int64(n))
	return n, err
}

// While the broker does not read, the body is not read either.
func TestSendFromBackPressure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, b := session(t, inBubble, frame.Version12, conn.Config{})
		const length = 64 << 20
		body := &counting{r: &pattern{length: length}}
		sent := async(func() error { return c.SendFrom(t.Context(), "/queue/a", body, length) })
		synctest.Wait()
		if n := body.n.Load(); n == 0 || n > 512<<10 {
			t.Errorf("%d bytes of the body were read for a peer that reads nothing", n)
		}
		head, err := readHead(b.r)
		if err != nil || header(head, "content-length") != strconv.Itoa(length) {
			t.Errorf("%q, %v", head, err)
		}
		n, sum := checksum(t, io.LimitReader(b.r, length))
		wantN, wantSum := checksum(t, &pattern{length: length})
		if n != wantN || sum != wantSum {
			t.Errorf("the body is not what was sent")
		}
		if end, err := b.r.ReadByte(); end != 0 || err != nil {
			t.Errorf("%d at the end, %v", end, err)
		}
		b.receipt(header(head, "receipt"))
		if err := b.await(sent); err != nil {
			t.Error(err)
		}
	})
}

// Between the parts of a body nothing else is sent: other sends wait, acknowledgements follow the frame, heart-beats pause.
func TestSendFromKeepsTheFrameWhole(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, b := session(t, inBubble, frame.Version12, conn.Config{})
		messages := make(chan conn.Token, 1)
		b.subscribe(c, frame.AckClientIndividual, func(_ context.Context, m *conn.Message) { messages <- m.Token() })
		b.write("MESSAGE\nsubscription:1\nmessage-id:1\nack:a1\ndestination:/queue/a\n\nhello^@")
		m := <-messages

		const length = 100 << 10
		body := &counting{r: &pattern{length: length}, gate: make(chan struct{}, 100)}
		body.gate <- struct{}{} // the first part
		streamed := async(func() error { return c.SendFrom(t.Context(), "/queue/a", body, length) })
		head := make([]byte, 10)
		_, _ = io.ReadFull(b.r, head) // the frame has begun
		rest := make(chan string, 1)
		go func() {
			text, err := b.next()
			if err != nil {
				t.Error(err)
			}
			rest <- string(head) + text
		}()
		synctest.Wait()

		short, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := c.Send(short, "/queue/b", []byte("impatient")); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a send inside of a frame: %v", err)
		}
		if err := m.Ack(); err != nil {
			t.Errorf("an acknowledgement: %v", err)
		}
		waiting := async(func() error { return c.Send(t.Context(), "/queue/b", []byte("patient")) })
		time.Sleep(5 * time.Minute) // no heart-beat has a place here; the test's broker does not mind
		go func() {
			for range 50 {
				body.gate <- struct{}{}
			}
		}()
		text := <-rest
		if header(text, "content-length") != strconv.Itoa(length) {
			t.Fatalf("%.100q", text)
		}
		want, _ := io.ReadAll(&pattern{length: length})
		_, got, _ := strings.Cut(text, "\n\n")
		if got != strings.ReplaceAll(string(want), "\x00", "^@")+"^@" {
			t.Error("something is between the parts of the body")
		}
		b.expect("ACK\nid:a1\n\n^@")
		b.expect("SEND\ndestination:/queue/b\ncontent-length:7\n\npatient^@")
		b.receipt(header(text, "receipt"))
		for _, err := range []error{b.await(streamed), b.await(waiting)} {
			if err != nil {
				t.Error(err)
			}
		}
	})
}

// broken is a body that fails behind what r has.
type broken struct{ r io.Reader }

var errBroken = errors.New("the disk is gone")

func (b broken) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	if err == io.EOF {
		err = errBroken
	}
	return n, err
}

// A body that does not have the announced length or fails: nothing of a small one was sent, and the connection goes on; of a
// large one the broker has half a frame, and the connection ends.
func TestSendFromBrokenOff(t *testing.T) {
	overEach(t, func(t *testing.T, tr transport) {
		for _, test := range []struct {
			name   string
			body   io.Reader
			length int64
			cause  error
		}{
			{"short", strings.NewReader("four"), 5, writer.ErrBodyTooShort},
			{"long", strings.NewReader("four"), 3, writer.ErrBodyTooLong},
			{"broken", broken{strings.NewReader("four")}, 5, errBroken},
			{"huge and short", &pattern{length: 1 << 20}, 2 << 20, writer.ErrBodyTooShort},
			{"huge and long", &pattern{length: 2 << 20}, 1 << 20, writer.ErrBodyTooLong},
			{"huge and broken", broken{&pattern{length: 1 << 20}}, 2 << 20, errBroken},
		} {
			t.Run(test.name, func(t *testing.T) {
				c, b := session(t, tr, frame.Version12, conn.Config{})
				drained := make(chan string, 1)
				huge := test.length > 1000
				go func() {
					if huge {
						n, _ := io.Copy(io.Discard, b.r)
						drained <- strconv.FormatInt(n, 10)
					}
				}()
				err := c.SendFrom(t.Context(), "/queue/a", test.body, test.length)
				var fault *writer.BodyError
				if !errors.As(err, &fault) || !errors.Is(err, test.cause) || errors.Is(err, writer.ErrRefused) == huge {
					t.Errorf("%v", err)
				}
				if !huge {
					if err := c.Send(t.Context(), "/queue/a", nil); err != nil {
						t.Errorf("the connection is of no use any more: %v", err)
					}
					b.expect("SEND\ndestination:/queue/a\n\n^@")
					return
				}
				<-c.Done()
				if !errors.Is(c.Err(), test.cause) {
					t.Errorf("the connection ended with %v", c.Err())
				}
				<-drained
			})
		}
	})
}

func TestSendFromRefused(t *testing.T) {
	c, b := session(t, overPipe, frame.Version12, conn.Config{MaxFrameSize: 1000})
	var tooLarge *frame.LimitError
	if err := c.SendFrom(t.Context(), "/queue/a", &pattern{length: 1 << 40}, 1<<40); !errors.As(err, &tooLarge) || !errors.Is(err, writer.ErrRefused) {
		t.Errorf("too large: %v", err)
	}
	if err := c.SendFrom(t.Context(), "", strings.NewReader(""), 0); !errors.Is(err, writer.ErrMissing) {
		t.Errorf("without destination: %v", err)
	}
	if err := c.SendFrom(t.Context(), "/queue/a", strings.NewReader(""), -1); !errors.Is(err, writer.ErrRefused) {
		t.Errorf("with a negative length: %v", err)
	}
	receipt := frame.Field{Name: "receipt", Value: "mine"}
	if err := c.SendFrom(t.Context(), "/queue/a", strings.NewReader(""), 0, receipt); err == nil {
		t.Error("with a receipt of the user's own: sent")
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := c.SendFrom(ended, "/queue/a", strings.NewReader("body"), 4); !errors.Is(err, context.Canceled) {
		t.Errorf("under a context that has ended: %v", err)
	}
	inHandler := make(chan error, 1)
	b.subscribe(c, frame.AckAuto, func(ctx context.Context, m *conn.Message) {
		inHandler <- c.SendFrom(ctx, "/queue/a", m.Reader(), int64(len(m.Body)))
	})
	b.write("MESSAGE\nsubscription:1\nmessage-id:1\ndestination:/queue/a\n\nhello^@")
	if err := b.await(inHandler); !errors.Is(err, conn.ErrWouldBlock) {
		t.Errorf("in a handler: %v", err)
	}
	if err := c.Send(t.Context(), "/queue/a", nil); err != nil {
		t.Error(err)
	}
	b.expect("SEND\ndestination:/queue/a\n\n^@") // and nothing before it
}

// The context ends while the broker does not read: it has half a frame, so the connection ends.
func TestSendFromCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, b := session(t, inBubble, frame.Version12, conn.Config{})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		err := c.SendFrom(ctx, "/queue/a", &pattern{length: 1 << 30}, 1<<30)
		var fault *writer.BodyError
		if !errors.As(err, &fault) || !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		<-c.Done()
		_, _ = io.Copy(io.Discard, b.r)
	})
}

func TestSendFromIsConfirmed(t *testing.T) {
	overEach(t, func(t *testing.T, tr transport) {
		c, b := session(t, tr, frame.Version12, conn.Config{})
		send := func() <-chan error {
			return async(func() error { return c.SendFrom(context.Background(), "/queue/a", strings.NewReader("body"), 4) })
		}
		result := send()
		text := b.read()
		if body(text) != "body" || header(text, "content-length") != "4" {
			t.Errorf("%q", text)
		}
		b.receipt(header(text, "receipt"))
		if err := b.await(result); err != nil {
			t.Error(err)
		}
		result = send()
		b.write("ERROR\nmessage:no room\nreceipt-id:" + header(b.read(), "receipt") + "\n\n^@")
		var rejected *conn.ServerError
		if err := b.await(result); !errors.As(err, &rejected) || rejected.Message != "no room" {
			t.Error(err)
		}
		result = send()
		b.read()
		_ = b.nc.Close()
		if err := b.await(result); !errors.Is(err, conn.ErrUnknownOutcome) {
			t.Error(err)
		}
	})
}

// A client tries another connection only while nothing was read of the body.
func TestClientSendFrom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &fakeServer{t: t, refuse: 1}
		cl := s.client(conn.Config{})
		if err := cl.SendFrom(t.Context(), "/queue/a", strings.NewReader("one"), 3); err != nil {
			t.Error(err)
		}
		if err := cl.SendFrom(t.Context(), "/queue/a", strings.NewReader("two"), 3); err != nil {
			t.Error(err)
		}
		if got := s.order(); len(got) != 2 || got[0] != "SEND one" || got[1] != "SEND two" {
			t.Errorf("%q", got)
		}
		cut := &cutting{cut: s.cut, r: bytes.NewReader(make([]byte, 1<<20))}
		if err := cl.SendFrom(t.Context(), "/queue/a", cut, 1<<20); !errors.Is(err, net.ErrClosed) {
			t.Errorf("cut off: %v", err)
		}
		if err := cl.SendReceipt(t.Context(), "/queue/a", []byte("three")); err != nil {
			t.Error(err)
		}
	})
}

// cutting cuts the connections in the middle of a body.
type cutting struct {
	cut func()
	r   io.Reader
	n   int
}

func (c *cutting) Read(p []byte) (int, error) {
	if c.n++; c.n == 5 {
		c.cut()
	}
	return c.r.Read(p)
}

// panicking is a body whose reader never returns from its end.
type panicking struct {
	r    io.Reader
	stop func()
}

func (p panicking) Read(b []byte) (int, error) {
	n, err := p.r.Read(b)
	if err == io.EOF {
		p.stop()
	}
	return n, err
}

// A reader that panics or ends its goroutine leaves half a frame that cannot be completed: the connection ends. If nothing was
// sent yet, the connection goes on, and Disconnect does not wait for the call.
func TestSendFromReaderThatDoesNotReturn(t *testing.T) {
	for name, stop := range map[string]func(){
		"panic": func() { panic("the reader's") }, "Goexit": runtime.Goexit,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, b := session(t, inBubble, frame.Version12, conn.Config{})
				go func() { _, _ = io.Copy(io.Discard, b.r) }()
				send := func(length int64) {
					done := make(chan struct{})
					go func() {
						defer close(done)
						defer func() { _ = recover() }()
						_ = c.SendFrom(context.Background(), "/queue/a", panicking{&pattern{length: length}, stop}, 2*length)
					}()
					<-done
				}
				send(10) // nothing of it was sent
				if err := c.Send(t.Context(), "/queue/a", nil); err != nil {
					t.Errorf("Send after a small body: %v", err)
				}
				send(1 << 20)
				if err := c.Send(t.Context(), "/queue/a", nil); !errors.Is(err, net.ErrClosed) {
					t.Errorf("Send after half a frame: %v", err)
				}
				<-c.Done()
			})
		})
	}
}

// fragile is a connection that takes some bytes, and then no more, before the reset has been read.
type fragile struct {
	net.Conn
	left int
}

func (f *fragile) Write(p []byte) (int, error) {
	n, err := f.Conn.Write(p[:min(len(p), f.left)])
	if f.left -= n; err == nil && n < len(p) {
		err = errBroken
	}
	return n, err
}

// A broker that has enough of a body says so and closes. That is the outcome of the frame and why the connection has ended,
// although the write fails before the ERROR is read.
func TestSendFromRejectedBeforeItsEnd(t *testing.T) {
	for _, names := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			client, broker := net.Pipe()
			b := &fakeBroker{t: t, nc: broker, r: bufio.NewReader(broker), patience: time.Hour}
			defer broker.Close()
			go func() {
				b.read()
				b.write("CONNECTED\nversion:1.2\n\n^@")
			}()
			c, err := conn.Dial(t.Context(), brokerURI, single(conn.Config{Driver: pump.Driver{}}, &fragile{client, 1000}))
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			result := async(func() error { return c.SendFrom(t.Context(), "/queue/a", &pattern{length: hugeBody}, hugeBody) })
			head, err := readHead(b.r)
			if err != nil {
				t.Fatal(err)
			}
			go func() { _, _ = io.Copy(io.Discard, b.r) }()
			synctest.Wait() // the write has failed
			time.Sleep(time.Second)
			said := "ERROR\nmessage:too large\n"
			if names {
				said += "receipt-id:" + header(head, "receipt") + "\n"
			}
			b.write(said + "\n^@")
			_ = broker.Close()
			<-c.Done()
			for name, err := range map[string]error{"SendFrom": b.await(result), "Err": c.Err()} {
				if !errors.As(err, new(*conn.ServerError)) {
					t.Errorf("%s, receipt-id %t: %v", name, names, err)
				}
			}
		})
	}
}

// A call whose reader never returned has ended: Disconnect does not wait for its receipt.
func TestDisconnectAfterAReaderThatPanicked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &fakeServer{t: t}
		c := s.connected(conn.Config{OneConnection: true})
		func() {
			defer func() { _ = recover() }()
			_ = c.SendFrom(t.Context(), "/queue/a", panicking{strings.NewReader("half"), func() { panic("the reader's") }}, 8)
		}()
		began := time.Now()
		if err := c.Disconnect(t.Context()); err != nil || time.Since(began) > time.Second {
			t.Errorf("%v after %v", err, time.Since(began))
		}
	})
}

// A length that no frame can have is refused like any that is too large.
func TestSendFromWithoutEnd(t *testing.T) {
	c, b := session(t, overPipe, frame.Version12, conn.Config{MaxFrameSize: 100_000})
	for _, length := range []int64{math.MaxInt64, math.MaxInt64 - 10, -1} {
		err := c.SendFrom(t.Context(), "/queue/a", bytes.NewReader(make([]byte, 200_000)), length)
		if !errors.Is(err, writer.ErrRefused) || c.Err() != nil {
			t.Fatalf("%d: %v, %v", length, err, c.Err())
		}
	}
	if err := c.Send(t.Context(), "/queue/b", nil); err != nil {
		t.Error(err)
	}
	b.expect("SEND\ndestination:/queue/b\n\n^@")
}
