package conn_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/frame"
)

// echoing is a broker with one destination: what is sent there comes back to subscription 1. It gives every receipt.
func echoing(nc net.Conn) {
	defer nc.Close()
	r := bufio.NewReader(nc)
	for {
		head, body, err := nextFrame(r)
		if err != nil {
			return
		}
		command, _, _ := strings.Cut(head, "\n")
		var out bytes.Buffer
		switch command {
		case "CONNECT":
			out.WriteString("CONNECTED\nversion:1.2\nserver:echo\n\n\x00")
		case "SEND":
			fmt.Fprintf(&out, "MESSAGE\nsubscription:1\nmessage-id:1\ndestination:/queue/a\ncontent-length:%d\n\n%s\x00", len(body), body)
		}
		if id := header(head, "receipt"); id != "" {
			fmt.Fprintf(&out, "RECEIPT\nreceipt-id:%s\n\n\x00", id)
		}
		if _, err := nc.Write(out.Bytes()); err != nil {
			return
		}
		if command == "DISCONNECT" {
			return
		}
	}
}

// nextFrame reads one frame; the body only as content-length says.
func nextFrame(r *bufio.Reader) (head string, body []byte, err error) {
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return "", nil, err
		}
		if line == "\n" && head == "" {
			continue // a heart-beat
		}
		if line == "\n" {
			break
		}
		head += line
	}
	if n, err := strconv.Atoi(header(head, "content-length")); err == nil {
		body = make([]byte, n)
		if _, err := io.ReadFull(r, body); err != nil {
			return "", nil, err
		}
	}
	rest, err := r.ReadBytes(0)
	if err != nil {
		return "", nil, err
	}
	return head, append(body, rest[:len(rest)-1]...), nil
}

// exchange sends bodies of many sizes to an echoing broker, gets them back and disconnects.
func exchange(t testing.TB, c *conn.Client) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	bodies := make(chan []byte, 10)
	handle := func(_ context.Context, m *conn.Message) { bodies <- bytes.Clone(m.Body) }
	if _, err := c.Subscribe(ctx, "/queue/a", handle, conn.SubscribeOptions{Ack: frame.AckAuto}); err != nil {
		t.Fatal(err)
	}
	for _, size := range []int{0, 1, 100, 4096, 65536, 300_000} {
		body := bytes.Repeat([]byte{0, 0xff, 'a', '\n'}, size/4+1)[:size]
		if err := c.Send(ctx, "/queue/a", body); err != nil {
			t.Fatal(err)
		}
		select {
		case got := <-bodies:
			if !bytes.Equal(got, body) {
				t.Errorf("a body of %d bytes came back as one of %d", size, len(got))
			}
		case <-ctx.Done():
			t.Fatalf("a body of %d bytes does not come back; connection: %v", size, c.Err())
		}
	}
	if err := c.Disconnect(ctx); err != nil {
		t.Errorf("Disconnect: %v", err)
	}
}
