package writer_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"github.com/stompwire/stompwire/frame"
	"github.com/stompwire/stompwire/writer"
)

func ExampleAppendFrame() {
	h := frame.Fields{
		{Name: frame.HeaderDestination, Value: "/queue/a"},
		{Name: "trace", Value: "a:b\nc"},
	}
	wire, err := writer.AppendFrame(nil, frame.Version12, frame.CmdSend, h, []byte("hello"))
	fmt.Printf("%q %v", wire, err)
	// Output: "SEND\ndestination:/queue/a\ntrace:a\\cb\\nc\ncontent-length:5\n\nhello\x00" <nil>
}

func ExampleAppendFrameNoLength() {
	h := frame.Fields{{Name: frame.HeaderDestination, Value: "/queue/a"}}
	wire, _ := writer.AppendFrameNoLength(nil, frame.Version12, frame.CmdSend, h, []byte("a text message"))
	fmt.Printf("%q", wire)
	// Output: "SEND\ndestination:/queue/a\n\na text message\x00"
}

func ExampleAppendSend() {
	buf := make([]byte, 0, 4096) // kept, and used again for each frame
	buf, _ = writer.AppendSend(buf, frame.Version12, "/queue/a", nil, []byte("1"))
	buf, _ = writer.AppendSend(buf, frame.Version12, "/queue/a", nil, []byte("2"))
	fmt.Printf("%q", buf)
	// Output: "SEND\ndestination:/queue/a\ncontent-length:1\n\n1\x00SEND\ndestination:/queue/a\ncontent-length:1\n\n2\x00"
}

func ExampleAppendAck() {
	message := frame.Fields{
		{Name: frame.HeaderMessageID, Value: "007"},
		{Name: frame.HeaderSubscription, Value: "0"},
		{Name: frame.HeaderAck, Value: "42"},
	}.Header()
	ack := writer.Ack{
		ID:           message.Get(frame.HeaderAck),
		MessageID:    message.Get(frame.HeaderMessageID),
		Subscription: message.Get(frame.HeaderSubscription),
	}
	for _, v := range []frame.Version{frame.Version10, frame.Version11, frame.Version12} {
		wire, _ := writer.AppendAck(nil, v, ack, nil)
		fmt.Printf("%v %q\n", v, wire)
	}
	// Output:
	// 1.0 "ACK\nmessage-id:007\n\n\x00"
	// 1.1 "ACK\nmessage-id:007\nsubscription:0\n\n\x00"
	// 1.2 "ACK\nid:42\n\n\x00"
}

func ExampleAppendNack() {
	_, err := writer.AppendNack(nil, frame.Version10, writer.Ack{MessageID: []byte("007")}, nil)
	fmt.Println(err)
	// Output: stomp: NACK frame, version 1.0: no such command in this version
}

func ExampleAppendReceipt() {
	wire, _ := writer.AppendReceipt(nil, frame.Version12, []byte("77"))
	fmt.Printf("%q", wire)
	// Output: "RECEIPT\nreceipt-id:77\n\n\x00"
}

func ExampleAppendHeartBeat() {
	fmt.Printf("%q", writer.AppendHeartBeat(nil))
	// Output: "\n"
}

// A frame from its pieces, where the headers are not in a list.
func ExampleAppendHeader() {
	body := []byte("hello")
	buf := writer.AppendCommand(nil, frame.CmdSend)
	buf, err := writer.AppendHeader(buf, frame.Version12, frame.HeaderDestination, "/queue/a")
	if err != nil {
		return
	}
	buf = writer.AppendContentLength(buf, len(body))
	buf = writer.AppendBody(buf, body)
	fmt.Printf("%q", buf)
	// Output: "SEND\ndestination:/queue/a\ncontent-length:5\n\nhello\x00"
}

func ExampleAppendHeaderBytes() {
	buf, _ := writer.AppendHeaderBytes(nil, frame.Version11, []byte("reply-to"), []byte("ID:1"))
	fmt.Printf("%q", buf)
	// Output: "reply-to:ID\\c1\n"
}

func ExampleCompile() {
	block, err := writer.Compile(frame.Version12, frame.CmdSend, frame.Fields{
		{Name: frame.HeaderDestination, Value: "/queue/a"},
		{Name: frame.HeaderPersistent, Value: "true"},
	})
	if err != nil {
		return
	}
	receipt := []frame.Field{{Name: frame.HeaderReceipt, Value: "1"}}
	wire, _ := block.Append(nil, receipt, []byte("hello"))
	fmt.Printf("%q", wire)
	// Output: "SEND\ndestination:/queue/a\npersistent:true\nreceipt:1\ncontent-length:5\n\nhello\x00"
}

func ExampleSize() {
	h := frame.Fields{{Name: frame.HeaderDestination, Value: "/queue/a:b"}}
	size := writer.Size(frame.Version12, frame.CmdSend, h, []byte("hello"))
	wire, _ := writer.AppendFrame(make([]byte, 0, size), frame.Version12, frame.CmdSend, h, []byte("hello"))
	fmt.Println(size, len(wire))
	// Output: 53 53
}

func ExampleWriteFrom() {
	h := frame.Fields{{Name: frame.HeaderDestination, Value: "/queue/a"}}
	var connection bytes.Buffer
	body := strings.NewReader("a long body")
	n, err := writer.WriteFrom(&connection, frame.Version12, frame.CmdSend, h, body, body.Size(), nil)
	fmt.Println(n, err)
	fmt.Printf("%q\n", connection.Bytes())

	_, err = writer.WriteFrom(&connection, frame.Version12, frame.CmdSend, h, strings.NewReader("short"), 6, nil)
	fmt.Println(err)
	// Output:
	// 57 <nil>
	// "SEND\ndestination:/queue/a\ncontent-length:11\n\na long body\x00"
	// stomp: SEND frame broken off after 0 bytes, 5 of 6 body bytes read: the body ended early
}

func ExampleHeaderError() {
	h := frame.Fields{{Name: frame.HeaderPasscode, Value: "secret\nlogin:admin"}}
	_, err := writer.AppendFrame(nil, frame.Version12, frame.CmdConnect, h, nil)
	fmt.Println(err)

	var refused *writer.HeaderError
	if errors.As(err, &refused) {
		fmt.Println(refused.Name, errors.Is(err, writer.ErrLineBreak))
	}
	// Output:
	// stomp: CONNECT header "passcode" (number 0) holds a line break that cannot be escaped
	// passcode true
}
