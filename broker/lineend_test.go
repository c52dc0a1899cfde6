package broker_test

import (
	"fmt"
	"testing"

	"github.com/stompwire/stompwire/broker"
)

// Every frame ends with NUL and one LF, as those of RabbitMQ, ActiveMQ and Artemis do.
func TestFramesEndWithLF(t *testing.T) {
	eachVersion(t, func(t *testing.T, b *broker.Broker, version string) {
		c := dial(t, b)
		expect := func(want string) {
			t.Helper()
			got := make([]byte, len(want))
			for i := range got {
				octet, err := c.r.ReadByte()
				if err != nil {
					t.Fatalf("got %q, %v; want %q", got[:i], err, want)
				}
				got[i] = octet
			}
			if string(got) != want {
				t.Fatalf("got %q, want %q", got, want)
			}
		}
		c.write("CONNECT\naccept-version:" + version + "\n\n^@")
		expect("CONNECTED\nversion:" + version + "\nsession:1\nserver:stompwire\nheart-beat:1000,1000\n\n\x00\n")
		c.write("SUBSCRIBE\nid:1\ndestination:/queue/a\nreceipt:r\n\n^@")
		expect("RECEIPT\nreceipt-id:r\n\n\x00\n")
		for i := range 3 {
			c.write("SEND\ndestination:/queue/a\n\nbody^@")
			expect(fmt.Sprintf("MESSAGE\nsubscription:1\ndestination:/queue/a\nmessage-id:1-%d\ncontent-length:4\n\nbody\x00\n", i+1))
		}
		c.write("SEND\ndestination:/queue/b\n\n^@SEND\ndestination:/queue/b\n\nbody^@SUBSCRIBE\nid:2\ndestination:/queue/b\n\n^@")
		expect("MESSAGE\nsubscription:2\ndestination:/queue/b\nmessage-id:2-1\n\n\x00\nMESSAGE\nsubscription:2\ndestination:/queue/b\nmessage-id:2-2\ncontent-length:4\n\nbody\x00\n")
		c.write("UNSUBSCRIBE\nid:none\nreceipt:r\n\n^@")
		text := "UNSUBSCRIBE names a subscription of this connection.\n"
		expect(fmt.Sprintf("ERROR\nmessage:unknown subscription\ncontent-type:text/plain;charset=utf-8\nreceipt-id:r\ncontent-length:%d\n\n%s\x00\n", len(text), text))
		c.expectEnd()
	})
}
