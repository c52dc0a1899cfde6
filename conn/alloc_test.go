//go:build !race

package conn_test

import (
	"context"
	"math"
	"net"
	"runtime"
	"strings"
	"testing"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/engine/link"
	"github.com/stompwire/stompwire/engine/pump"
	"github.com/stompwire/stompwire/frame"
	"github.com/stompwire/stompwire/writer"
)

// The gates count what the whole process allocates, the broker's side included, over so many messages that a goroutine
// started now and then, or a pool emptied by the collector, is far below the mark. On a busy machine there may be more of
// that in one run; what a message allocates it does in every run, so the best of several counts.
const (
	gateMessages = 200_000
	gateMark     = 0.001 // allocations per message
	gateRuns     = 20
)

func gate(t *testing.T, run func(messages int)) {
	t.Helper()
	run(gateMessages / 10) // pools fill, buffers find their size
	var before, after runtime.MemStats
	least := uint64(math.MaxUint64)
	for try := 0; try < gateRuns && float64(least) > gateMark*gateMessages; try++ {
		runtime.ReadMemStats(&before)
		run(gateMessages)
		runtime.ReadMemStats(&after)
		least = min(least, after.Mallocs-before.Mallocs)
	}
	if float64(least) > gateMark*gateMessages {
		t.Errorf("%d allocations for %d messages", least, gateMessages)
	}
}

func discard(nc net.Conn) {
	buf := make([]byte, 64<<10)
	for {
		if _, err := nc.Read(buf); err != nil {
			return
		}
	}
}

// confirmer is the broker's end of a link: it answers each frame that asks for a receipt.
type confirmer struct {
	l *link.Link
}

func (b *confirmer) OnFrame(f *frame.Frame) error {
	id, ok := f.Header.Lookup(frame.HeaderReceipt)
	if !ok {
		return nil
	}
	buf, err := b.l.ReserveNow(64)
	if err != nil {
		return err
	}
	out, err := writer.AppendReceipt(buf, frame.Version12, id)
	if err != nil {
		out = buf
	}
	b.l.Commit(out)
	return err
}

func (b *confirmer) OnClose(error) {}

func confirm(nc net.Conn) {
	b := &confirmer{}
	b.l = link.New(nc, b, link.Options{})
	_ = pump.Driver{}.Start(b.l)
	<-b.l.Done()
}

func TestAllocProducerWithReceipts(t *testing.T) {
	for _, broker := range []conn.Broker{conn.UnknownBroker, conn.ActiveMQ} { // ActiveMQ's receipts are acknowledged at once
		t.Run("broker="+strings.ReplaceAll(broker.String(), " ", "-"), func(t *testing.T) {
			allocProducerWithReceipts(t, &conn.Config{Broker: broker})
		})
	}
}

func allocProducerWithReceipts(t *testing.T, cfg *conn.Config) {
	c := loopbackSessionWith(t, cfg, confirm)
	confirmed := 0
	p := producer(t, c, conn.ProducerConfig{
		Destination: "/queue/a",
		Window:      1000,
		OnOutcome: func(o conn.Outcome) {
			if o.Status == conn.Confirmed {
				confirmed++
			}
		},
	})
	body := make([]byte, 128)
	field := frame.Field{Name: "k", Value: "a:b"}
	sent := 0
	gate(t, func(messages int) {
		for range messages {
			if _, err := p.Send(context.Background(), body, field); err != nil {
				t.Fatal(err)
			}
		}
		sent += messages
		if err := p.Flush(context.Background()); err != nil {
			t.Fatal(err)
		}
	})
	if confirmed != sent {
		t.Errorf("%d of %d confirmed", confirmed, sent)
	}
}
