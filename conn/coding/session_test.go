package coding_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/conn/coding"
	"github.com/stompwire/stompwire/frame"
)

// echo connects to a broker that answers CONNECT and SUBSCRIBE, and sends back each SEND as a MESSAGE of
// subscription 1, with the headers and the body that it had.
func echo(t testing.TB) *conn.Client {
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
				_, err = io.WriteString(broker, "RECEIPT\nreceipt-id:"+receiptOf(headers)+"\n\n\x00")
			case command == "SEND":
				_, err = io.WriteString(broker, "MESSAGE\nsubscription:1\nmessage-id:1\n"+headers+"\n"+body+"\x00")
			}
			if err != nil {
				return
			}
		}
	}()
	c, err := conn.Dial(context.Background(), "stomp://broker", &conn.Config{
		OneConnection: true, NoReconnect: true,
		DialFunc: func(context.Context, string, string) (net.Conn, error) { return client, nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = c.Close()
		<-c.Done()
	})
	return c
}

func receiptOf(headers string) string {
	_, id, _ := strings.Cut(headers, "receipt:")
	id, _, _ = strings.Cut(id, "\n")
	return id
}

func readFrame(r *bufio.Reader) (command, headers, body string, err error) {
	if command, err = r.ReadString('\n'); err != nil {
		return
	}
	length := -1
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
	if length < 0 {
		text, err := r.ReadString(0)
		return strings.TrimSpace(command), headers, strings.TrimSuffix(text, "\x00"), err
	}
	content := make([]byte, length+1)
	_, err = io.ReadFull(r, content)
	return strings.TrimSpace(command), headers, string(content[:length]), err
}

// listen subscribes with h.
func listen(t testing.TB, c *conn.Client, h conn.MessageHandler) {
	t.Helper()
	if _, err := c.Subscribe(context.Background(), "/queue/a", h, conn.SubscribeOptions{ID: "1", Ack: frame.AckClientIndividual}); err != nil {
		t.Fatal(err)
	}
}

// A coded body that comes in parts goes to bad, so that no handler takes it for the decoded one.
func TestHandlerDoesNotStream(t *testing.T) {
	c := echo(t)
	failed := make(chan error, 1)
	h := coding.Handler(
		func(_ context.Context, m *conn.Message) {
			failed <- fmt.Errorf("handled as it is, %d bytes", len(m.Body))
		},
		func(_ context.Context, _ *conn.Message, err error) { failed <- err }, 0)
	if _, err := c.Subscribe(t.Context(), "/queue/a", h, conn.SubscribeOptions{ID: "1", StreamOver: 10}); err != nil {
		t.Fatal(err)
	}
	zstd := frame.Field{Name: coding.Header, Value: "zstd"}
	if err := c.Send(t.Context(), "/queue/a", []byte(strings.Repeat("not zstd ", 10)), zstd); err != nil {
		t.Fatal(err)
	}
	if err := <-failed; !errors.Is(err, coding.ErrStreamed) {
		t.Error(err)
	}
}
