package listen_test

import (
	"bufio"
	"context"
	"fmt"
	"log"
	"net"
	"strings"
	"time"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/conn/listen"
	"github.com/stompwire/stompwire/frame"
)

// printer is the page's MyListener. It has nothing to reconnect: the client does that.
type printer struct{}

func (printer) OnError(_ listen.Connection, err *conn.ServerError) {
	fmt.Printf("received an error %q\n", err.Message)
}

func (printer) OnDisconnected(listen.Connection, error) { fmt.Println("disconnected") }

// A handler that takes longer than the heart-beat interval does not lose its connection, because
// heart-beats do not wait for handlers. When the broker goes away, as this one does after the first
// message, the client connects again and renews the subscription.
func ExampleSet() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	broker := startExampleBroker("first message", "second message")
	defer broker.Close()

	var listeners listen.Set
	if err := listeners.Set("", printer{}); err != nil {
		log.Fatal(err)
	}
	c, err := conn.Dial(ctx, broker.Addr().String(), &conn.Config{
		Login: "guest", Passcode: "guest",
		HeartBeat:     frame.HeartBeat{Send: 100 * time.Millisecond, Receive: 100 * time.Millisecond},
		OneConnection: true,
		Trace:         listeners.Trace,
	})
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()

	processed := make(chan struct{})
	_, err = c.Subscribe(ctx, "/queue/test", func(_ context.Context, m *conn.Message) {
		fmt.Printf("received a message %q\n", m.Body)
		time.Sleep(300 * time.Millisecond) // the broker wants to hear from us every 100 ms
		fmt.Println("processed message")
		if err := m.Ack(); err != nil {
			log.Print(err)
		}
		processed <- struct{}{}
	}, conn.SubscribeOptions{ID: "1", Ack: frame.AckClientIndividual})
	if err != nil {
		log.Fatal(err)
	}
	<-processed
	<-processed
	if err := c.Disconnect(ctx); err != nil {
		log.Fatal(err)
	}
	// Output:
	// received a message "first message"
	// processed message
	// disconnected
	// received a message "second message"
	// processed message
	// disconnected
}

// startExampleBroker delivers one message on each connection. It ends a connection when the message is
// acknowledged, unless it is the last, and when nothing comes for 30 s.
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
				fmt.Fprint(nc, "CONNECTED\nversion:1.2\nheart-beat:0,100\n\n\x00") // it promises none: a machine may stand still
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
