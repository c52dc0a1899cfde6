package coding_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/frame"
)

// echo is a broker that plays one part: it answers CONNECT and SUBSCRIBE, and sends back each SEND as a MESSAGE of
// subscription 1, with the headers and the body that it had.
func echo(t testing.TB) *conn.Conn {
	t.Helper()
	client, broker := net.Pipe()
	t.Cleanup(func() { _ = broker.Close() })
	go func() {
		r := bufio.NewReader(broker)
		for {
			command, headers, body, err := readFrame(r)
			switch {
			case err != nil:
				return
			case command == "CONNECT":
				_, err = io.WriteString(broker, "CONNECTED\nversion:1.2\n\n\x00")
			case command == "SUBSCRIBE":
				_, err = io.WriteString(broker, "RECEIPT\nreceipt-id:r1\n\n\x00")
			case command == "SEND":
				_, err = io.WriteString(broker, "MESSAGE\nsubscription:1\nmessage-id:1\n"+headers+"\n"+body+"\x00")
			}
			if err != nil {
				return
			}
		}
	}()
	c, err := conn.Open(context.Background(), client, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func readFrame(r *bufio.Reader) (command, headers, body string, err error) {
	if command, err = r.ReadString('\n'); err != nil {
		return
	}
	length := 0
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return "", "", "", err
		}
		if line == "\n" {
			break
		}
		_, _ = fmt.Sscanf(line, "content-length:%d", &length)
		headers += line
	}
	content := make([]byte, length+1)
	_, err = io.ReadFull(r, content)
	return strings.TrimSpace(command), headers, string(content[:length]), err
}

// listen subscribes with h.
func listen(t testing.TB, c *conn.Conn, h conn.MessageHandler) {
	t.Helper()
	if _, err := c.Subscribe(context.Background(), "/queue/a", h, conn.SubscribeOptions{Ack: frame.AckClientIndividual}); err != nil {
		t.Fatal(err)
	}
}
