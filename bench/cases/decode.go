package cases

import (
	"fmt"
	"strings"
)

// DecodeCase is a stream to decode.
type DecodeCase struct {
	Name   string
	Wire   []byte
	Frames int // in Wire
	EOLs   int // in Wire, between frames
}

// Decode lists the decoding cases. Their frames are legal in 1.1 and 1.2.
var Decode = []DecodeCase{
	one("message-10h-128B", messageTen, 128, true),
	{Name: "heartbeats", Wire: []byte(strings.Repeat("\n", 1024)), EOLs: 1024},
	one("tiny-2h-16B", "MESSAGE\nsubscription:0\nmessage-id:42\n", 16, false),
	one("message-30h", messageTen+numbered(19), 128, true),
	one("escapes", messageEscapes, 128, true),
	one("body-64KiB-counted", messageTen, 64<<10, true),
	one("body-64KiB-nul", messageTen, 64<<10, false),
}

// Case returns the decoding case of that name. It panics if there is none.
func Case(name string) DecodeCase {
	for _, c := range Decode {
		if c.Name == name {
			return c
		}
	}
	panic("cases: no case " + name)
}

// messageTen has nine header lines as brokers send them; content-length, or a
// tenth ordinary one, follows.
const messageTen = "MESSAGE\n" +
	"subscription:7\n" +
	"message-id:T_7@@session-Jz3QmvWk@@1042\n" +
	"destination:/queue/orders.incoming\n" +
	"ack:T_7@@session-Jz3QmvWk@@1042\n" +
	"content-type:application/json\n" +
	"persistent:true\n" +
	"priority:4\n" +
	"timestamp:1721998800123\n" +
	"correlation-id:8d1f\n"

// messageEscapes has ids in ActiveMQ's form, with a \c for each colon.
const messageEscapes = "MESSAGE\n" +
	"subscription:7\n" +
	`message-id:ID\cbroker-1-38453-1721998800123-2\c1\c-1\c1\c1042` + "\n" +
	"destination:/queue/orders.incoming\n" +
	`ack:ID\cbroker-1-38453-1721998800123-4\c1042` + "\n" +
	"content-type:application/json\n" +
	"persistent:true\n" +
	`reply-to:/remote-temp-queue/ID\cbroker-1-38453-1721998800123-2\c1\c1` + "\n" +
	"timestamp:1721998800123\n" +
	`note:first line\nsecond line, with a \\ in it` + "\n"

func numbered(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "x-property-%02d:value number %d\n", i, i)
	}
	return b.String()
}

// one returns the case of a single frame: head, a content-length line or one of
// nearly the same size, and a body of that many bytes.
func one(name, head string, body int, counted bool) DecodeCase {
	var b strings.Builder
	b.WriteString(head)
	if counted {
		fmt.Fprintf(&b, "content-length:%d\n", body)
	} else if strings.Count(head, "\n") > 4 {
		b.WriteString("redelivered:no\n")
	}
	b.WriteByte('\n')
	b.WriteString(Body(body))
	b.WriteByte(0)
	return DecodeCase{Name: name, Wire: []byte(b.String()), Frames: 1}
}

// Body returns n bytes of text, without NUL, that do not repeat every few bytes.
func Body(n int) string {
	const words = `{"order":1042,"sku":"A-17","quantity":3,"note":"deliver before noon"} `
	return strings.Repeat(words, n/len(words)+1)[:n]
}

// Repeat returns the case with its wire bytes repeated until they are at least
// size bytes: what a busy connection reads at once.
func (c DecodeCase) Repeat(size int) DecodeCase {
	n := size/len(c.Wire) + 1
	c.Wire = []byte(strings.Repeat(string(c.Wire), n))
	c.Frames *= n
	c.EOLs *= n
	return c
}
