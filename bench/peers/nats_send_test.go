package peers

import (
	"time"

	"testing"

	"github.com/nats-io/nats.go"
)

// subject is the destination as NATS writes it.
const subject = "queue.bench"

func dialNATS(tb testing.TB, url string) *nats.Conn {
	tb.Helper()
	nc, err := nats.Connect(url, nats.NoReconnect(), nats.Timeout(time.Minute))
	must(tb, err)
	tb.Cleanup(nc.Close)
	return nc
}

func natsSender(tb testing.TB, addr string) sender {
	nc := dialNATS(tb, "nats://"+addr)
	return sender{
		send:  func(body []byte) error { return nc.Publish(subject, body) },
		flush: noFlush, // its own flusher does
	}
}
