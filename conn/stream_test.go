package conn_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/engine/link"
	"github.com/stompwire/stompwire/frame"
)

// A huge message is handled in constant memory, and acknowledged.
func TestStreamedMessageTakesNoMemory(t *testing.T) {
	acked := make(chan string, 1)
	begin := make(chan struct{})
	c := loopbackSession(t, func(nc net.Conn) {
		go func() {
			b := &fakeBroker{t: t, nc: nc, r: bufio.NewReader(nc), patience: time.Minute}
			for {
				text, err := b.next()
				if err != nil {
					return
				}
				if strings.HasPrefix(text, "ACK\n") {
					acked <- header(text, "id")
				}
			}
		}()
		<-begin
		fmt.Fprintf(nc, "MESSAGE\nsubscription:1\nmessage-id:7\nack:a7\ndestination:/queue/a\ncontent-length:%d\n\n", hugeBody)
		_, _ = io.CopyBuffer(struct{ io.Writer }{nc}, &pattern{length: hugeBody}, make([]byte, 64<<10))
		_, _ = io.WriteString(nc, "\x00")
		<-t.Context().Done()
	})
	type seen struct {
		n   int64
		sum uint32
	}
	got := make(chan seen, 1)
	_, err := c.Subscribe(t.Context(), "/queue/a", func(_ context.Context, m *conn.Message) {
		if m.Body != nil || string(m.Header.Get("message-id")) != "7" {
			t.Errorf("%d bytes of body at once", len(m.Body))
		}
		n, sum := checksum(t, m.Reader())
		if err := m.Ack(); err != nil {
			t.Error(err)
		}
		got <- seen{n, sum}
	}, conn.SubscribeOptions{Ack: frame.AckClientIndividual, NoReceipt: true, StreamOver: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	var g seen
	var id string
	taken := allocated(func() {
		close(begin)
		select {
		case g = <-got:
			id = <-acked
		case <-c.Done():
			t.Error(c.Err())
		}
	})
	want := seen{}
	want.n, want.sum = checksum(t, &pattern{length: hugeBody})
	if g != want || id != "a7" {
		t.Errorf("%+v has come of %+v, acknowledged %q", g, want, id)
	}
	if taken > hugeTaken {
		t.Errorf("%d MiB allocated", taken>>20)
	}
}

// streamOne subscribes to /queue/a, streaming bodies of more than 10 bytes.
func streamOne(b *fakeBroker, c *conn.Client, h conn.MessageHandler) {
	b.t.Helper()
	result := async(func() error {
		_, err := c.Subscribe(context.Background(), "/queue/a", h, conn.SubscribeOptions{StreamOver: 10})
		return err
	})
	b.receipt(header(b.read(), "receipt"))
	if err := b.await(result); err != nil {
		b.t.Fatal(err)
	}
}

// Only long bodies of the subscription that asks for it are streamed.
func TestStreamOver(t *testing.T) {
	overEach(t, func(t *testing.T, tr transport) {
		rejected := make(chan *conn.ServerError, 1)
		c, b := session(t, tr, frame.Version12, conn.Config{Trace: func(_ context.Context, e *conn.Event) {
			var err *conn.ServerError
			if e.Kind == conn.EventReceived && errors.As(e.Err, &err) {
				rejected <- err
			}
		}})
		type seen struct{ body, read string }
		got := make(chan seen, 1)
		handle := func(_ context.Context, m *conn.Message) {
			text, err := io.ReadAll(m.Reader())
			if err != nil {
				t.Error(err)
			}
			got <- seen{string(m.Body), string(text)}
		}
		streamOne(b, c, handle)
		result := async(func() error {
			_, err := c.Subscribe(context.Background(), "/queue/b", handle, conn.SubscribeOptions{})
			return err
		})
		b.receipt(header(b.read(), "receipt"))
		if err := b.await(result); err != nil {
			t.Fatal(err)
		}
		for _, test := range []struct {
			sub, length, body string
			want              seen
		}{
			{"1", "content-length:10\n", "0123456789", seen{"0123456789", "0123456789"}},
			{"1", "content-length:11\n", "0123456789a", seen{"", "0123456789a"}},
			{"1", "", "0123456789", seen{"0123456789", "0123456789"}},
			{"1", "", "0123456789ab", seen{"", "0123456789ab"}},
			{"2", "content-length:11\n", "0123456789a", seen{"0123456789a", "0123456789a"}},
			{"2", "", strings.Repeat("x", 100_000), seen{strings.Repeat("x", 100_000), strings.Repeat("x", 100_000)}},
			{"1", "content-length:0\n", "", seen{}},
		} {
			b.write("MESSAGE\nsubscription:" + test.sub + "\nmessage-id:1\ndestination:/queue/a\n" + test.length + "\n" + test.body + "^@\n")
			if g := <-got; g != test.want {
				t.Errorf("%s, %s%.20s: %.60q; want %.60q", test.sub, test.length, test.body, fmt.Sprint(g), fmt.Sprint(test.want))
			}
		}
		b.write("ERROR\nmessage:no\ncontent-length:21\n\na reason, and a half.^@")
		if err := <-rejected; string(err.Body) != "a reason, and a half." {
			t.Errorf("%q", err.Body)
		}
	})
}

// The connection is read as fast as the handler reads, and heart-beats and acknowledgements do not wait for it.
func TestStreamBackPressure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, b := session(t, inBubble, frame.Version12, conn.Config{})
		const length = 8 << 20
		goOn, sum := make(chan struct{}), make(chan uint32, 1)
		streamOne(b, c, func(_ context.Context, m *conn.Message) {
			<-goOn
			_, s := checksum(t, m.Reader())
			sum <- s
		})
		body := &counting{r: &pattern{length: length}}
		go func() {
			fmt.Fprintf(b.nc, "MESSAGE\nsubscription:1\nmessage-id:1\ndestination:/queue/a\ncontent-length:%d\n\n", length)
			_, _ = io.Copy(struct{ io.Writer }{b.nc}, body)
			_, _ = io.WriteString(b.nc, "\x00")
		}()
		synctest.Wait()
		if n := body.n.Load(); n > 256<<10 {
			t.Errorf("%d bytes were read for a handler that reads nothing", n)
		}
		sent := async(func() error { return c.Send(t.Context(), "/queue/b", []byte("meanwhile")) })
		b.expect("SEND\ndestination:/queue/b\ncontent-length:9\n\nmeanwhile^@")
		if err := b.await(sent); err != nil {
			t.Error(err)
		}
		close(goOn)
		if _, want := checksum(t, &pattern{length: length}); <-sum != want {
			t.Error("the body is not what was sent")
		}
	})
}

// What a handler leaves of a body is skipped, also if it panics.
func TestStreamSkipsTheRest(t *testing.T) {
	overEach(t, func(t *testing.T, tr transport) {
		panics := make(chan error, 1)
		c, b := session(t, tr, frame.Version12, conn.Config{Trace: func(_ context.Context, e *conn.Event) {
			if e.Kind == conn.EventPanic {
				panics <- e.Err
			}
		}})
		got := make(chan string, 1)
		streamOne(b, c, func(_ context.Context, m *conn.Message) {
			start := make([]byte, 5)
			_, _ = io.ReadFull(m.Reader(), start)
			got <- string(start)
			if string(start) == "panic" {
				panic("as told")
			}
		})
		for _, text := range []string{"first", "panic", "third"} {
			b.write("MESSAGE\nsubscription:1\nmessage-id:" + text + "\ndestination:/queue/a\n\n" + text + strings.Repeat(" and more", 1000) + "^@")
			if g := <-got; g != text {
				t.Errorf("%q, want %q", g, text)
			}
		}
		var panicked *conn.PanicError
		if err := <-panics; !errors.As(err, &panicked) || panicked.Value != "as told" || !strings.Contains(err.Error(), `"panic"`) {
			t.Errorf("%v does not name the message and the value", err)
		}
	})
}

// The connection ends in the middle of a body: the handler is told, and the client ends when it has returned.
func TestStreamCutOff(t *testing.T) {
	overEach(t, func(t *testing.T, tr transport) {
		for _, ours := range []bool{true, false} {
			var returned atomic.Bool
			c, b := session(t, tr, frame.Version12, conn.Config{})
			begun, result := make(chan struct{}), make(chan error, 1)
			streamOne(b, c, func(_ context.Context, m *conn.Message) {
				r := m.Reader()
				_, _ = io.ReadFull(r, make([]byte, 5))
				close(begun)
				_, err := io.Copy(io.Discard, r)
				result <- err
				returned.Store(true)
			})
			b.write("MESSAGE\nsubscription:1\nmessage-id:1\ndestination:/queue/a\ncontent-length:1000\n\nno more than this")
			<-begun
			if ours {
				_ = c.Close()
			} else {
				_ = b.nc.Close()
			}
			if err := b.await(result); !errors.Is(err, net.ErrClosed) {
				t.Errorf("ours %t: the handler read %v", ours, err)
			}
			<-c.Done()
			if !returned.Load() {
				t.Errorf("ours %t: the client has ended before the handler has returned", ours)
			}
		}
	})
}

// A long body that is not for the subscription that streams has the limit that every body has: it is skipped.
func TestStreamOverKeepsTheLimit(t *testing.T) {
	for _, length := range []string{"content-length:2000\n", ""} {
		skipped := make(chan error, 1)
		c, b := session(t, overSocket, frame.Version12, conn.Config{
			Link: link.Options{Limits: frame.Limits{Body: 1000}},
			Trace: func(_ context.Context, e *conn.Event) {
				if e.Kind == conn.EventSkipped {
					skipped <- e.Err
				}
			},
		})
		got := make(chan string, 1)
		streamOne(b, c, func(_ context.Context, m *conn.Message) {
			text, err := io.ReadAll(m.Reader())
			got <- fmt.Sprint(len(text), err)
		})
		for _, sub := range []string{"other", "1"} {
			b.write("MESSAGE\nsubscription:" + sub + "\nmessage-id:1\ndestination:/queue/a\n" + length + "\n" + strings.Repeat("x", 2000) + "^@")
		}
		if err := <-skipped; !errors.Is(err, frame.ErrBodyTooLong) {
			t.Errorf("%q: %v", length, err)
		}
		if g := <-got; g != "2000 <nil>" {
			t.Errorf("%q: the handler has read %s", length, g)
		}
	}
}

// A subscription streams on each connection.
func TestClientStreams(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &fakeServer{t: t}
		cl := s.connected(conn.Config{OneConnection: true})
		got := make(chan string, 1)
		_, err := cl.Subscribe(t.Context(), "/queue/a", func(_ context.Context, m *conn.Message) {
			text, err := io.ReadAll(m.Reader())
			if err != nil || m.Body != nil {
				t.Errorf("%d bytes at once, %v", len(m.Body), err)
			}
			got <- string(text)
		}, conn.SubscribeOptions{StreamOver: 10})
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			s.latest().say("MESSAGE\nsubscription:1\nmessage-id:1\ndestination:/queue/a\ncontent-length:20\n\n01234567890123456789^@")
			if text := <-got; text != "01234567890123456789" {
				t.Errorf("%q", text)
			}
			s.cut()
			synctest.Wait()
			if err := cl.SendReceipt(t.Context(), "/queue/b", nil); err != nil { // waits for the next connection
				t.Fatal(err)
			}
		}
	})
}

// Config.Trace may read a streamed body, like the handler, which gets the rest.
func TestTraceReadsAStreamedBody(t *testing.T) {
	overEach(t, func(t *testing.T, tr transport) {
		traced, left := make(chan string, 1), make(chan string, 1)
		read := func(m *conn.Message) string {
			body, err := io.ReadAll(m.Reader())
			return fmt.Sprint(len(body), err)
		}
		c, b := session(t, tr, frame.Version12, conn.Config{Trace: func(_ context.Context, e *conn.Event) {
			if e.Kind == conn.EventMessage {
				traced <- read(e.Message)
			}
		}})
		streamOne(b, c, func(_ context.Context, m *conn.Message) { left <- read(m) })
		b.write("MESSAGE\nsubscription:1\nmessage-id:1\ndestination:/queue/a\ncontent-length:100000\n\n" + strings.Repeat("x", 100_000) + "^@")
		if got, left := <-traced, <-left; got != "100000 <nil>" || left != "0 <nil>" {
			t.Errorf("Trace has read %s, the handler %s", got, left)
		}
		flush(t, c, b)
	})
}
