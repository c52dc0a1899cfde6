package broker_test

import (
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stompwire/stompwire/broker"
	"github.com/stompwire/stompwire/frame"
)

// A delayed message that finds its queue full holds up no session once its own session is over,
// though the connection stays open until the peer closes it.
func TestSessionThatIsOverIsNotHeldUp(t *testing.T) {
	inBubble(t, broker.Config{QueueBytes: 128 << 10}, func(t *testing.T, b *broker.Broker, _ *client) {
		near, far := net.Pipe()
		b.ServeConn(lingering{far})
		c := newClient(t, near)
		c.connect("1.2")
		c.send("/queue/q", strings.Repeat("x", 60<<10)) // half of what it holds
		c.sync()
		b.Inject(on(frame.CmdSend, broker.Defer(time.Second)))
		c.send("/queue/q", strings.Repeat("x", 60<<10), "receipt:r")
		c.expect("RECEIPT")
		c.write("DISCONNECT\nreceipt:d\n\n^@")
		c.expect("RECEIPT", "receipt-id:d")
		time.Sleep(2 * time.Second)
		if st := b.Stats(); st.MessagesIn != 2 || st.HeldProducers != 0 {
			t.Errorf("%+v, want two messages and nobody held", st)
		}
	})
}

// lingering is a pipe that can say that no more will come, and stay open to read.
type lingering struct{ net.Conn }

func (lingering) CloseWrite() error { return nil }
