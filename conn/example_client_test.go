package conn_test

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/frame"
)

// printer listens as the page's MyListener does, but has nothing to reconnect: the client does that.
type printer struct{}

func (printer) OnError(_ *conn.Conn, err *conn.ServerError) {
	fmt.Printf("received an error %q\n", err.Message)
}

func (printer) OnDisconnected(*conn.Conn, error) { fmt.Println("disconnected") }

// A handler that takes longer than heart-beats are apart does not lose its connection, because they do not pass through
// it. And when the broker goes away (here it does, after the first message), the client comes back and subscribes again.
func ExampleClient() {
	broker := startExampleBroker("first message", "second message")
	defer broker.Close()

	client, err := conn.NewClient(conn.ClientConfig{
		Dial: func(ctx context.Context, cfg *conn.Config) (*conn.Conn, error) {
			return conn.Dial(ctx, broker.Addr().String(), cfg)
		},
		Conn: conn.Config{
			Login: "guest", Passcode: "guest",
			HeartBeat: frame.HeartBeat{Send: time.Second, Receive: time.Second},
		},
		OneConnection: true,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := client.SetListener("", printer{}); err != nil {
		fmt.Println(err)
		return
	}
	ctx := context.Background()
	if err := client.Connect(ctx); err != nil {
		fmt.Println(err)
		return
	}

	processed := make(chan struct{})
	_, err = client.Subscribe(ctx, "/queue/test", func(_ context.Context, m *conn.Message) {
		fmt.Printf("received a message %q\n", m.Body)
		time.Sleep(1500 * time.Millisecond) // the broker wants to hear from us each second
		fmt.Println("processed message")
		if err := m.Ack(); err != nil {
			fmt.Println(err)
		}
		processed <- struct{}{}
	}, conn.SubscribeOptions{Ack: frame.AckClientIndividual})
	if err != nil {
		fmt.Println(err)
		return
	}
	<-processed
	<-processed
	if err := client.Disconnect(ctx); err != nil {
		fmt.Println(err)
	}
	// Output:
	// received a message "first message"
	// processed message
	// disconnected
	// received a message "second message"
	// processed message
	// disconnected
}

// startExampleBroker delivers one message on each connection, ends all but the last when that is acknowledged, and any
// on which nothing comes for 30 s.
func startExampleBroker(messages ...string) net.Listener {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	go func() {
		for i, text := range messages {
			nc, err := l.Accept()
			if err != nil {
				return
			}
			exampleSession(nc, text, i == len(messages)-1)
		}
	}()
	return l
}

func exampleSession(nc net.Conn, text string, last bool) {
	defer nc.Close()
	in := bufio.NewReader(nc)
	for {
		_ = nc.SetReadDeadline(time.Now().Add(30 * time.Second))
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		receipt := ""
		if command := strings.Trim(line, "\x00\n"); command != "" { // the rest of a frame
			for line != "\n" && err == nil {
				line, err = in.ReadString('\n')
				if id, ok := strings.CutPrefix(line, "receipt:"); ok {
					receipt = "RECEIPT\nreceipt-id:" + id + "\n\x00"
				}
			}
			switch command {
			case "CONNECT":
				fmt.Fprint(nc, "CONNECTED\nversion:1.2\nheart-beat:0,1000\n\n\x00") // not promised: a machine may stand still
			case "SUBSCRIBE":
				fmt.Fprintf(nc, "%sMESSAGE\nsubscription:1\nmessage-id:1\nack:1\ndestination:/queue/test\n\n%s\x00", receipt, text)
			case "DISCONNECT":
				fmt.Fprint(nc, receipt)
				return
			case "ACK":
				if !last {
					return
				}
			}
		}
		fmt.Fprint(nc, "\n") // a heart-beat for each of theirs
	}
}
