package peers

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
)

// natsServer is an embedded nats-server with nats.go. NATS has one kind of subject;
// as a queue it serves subscribers of one queue group.
type natsServer struct{ url string }

func natsBus(tb testing.TB) bus {
	tb.Helper()
	s, err := server.NewServer(&server.Options{
		Host: "127.0.0.1", Port: server.RANDOM_PORT, NoLog: true, NoSigs: true, WriteDeadline: time.Minute,
	})
	must(tb, err)
	s.Start()
	tb.Cleanup(func() {
		s.Shutdown()
		s.WaitForShutdown()
	})
	if !s.ReadyForConnections(time.Minute) {
		tb.Fatal("nats-server does not listen")
	}
	return natsServer{s.ClientURL()}
}

func (s natsServer) topic() string      { return "topic.bench" }
func (s natsServer) queue(i int) string { return fmt.Sprintf("queue.bench%d", i) }

func (s natsServer) publisher(tb testing.TB, destination string) func(body []byte) error {
	nc := dialNATS(tb, s.url)
	return func(body []byte) error { return nc.Publish(destination, body) }
}

func (s natsServer) subscribe(tb testing.TB, destination string, ack bool, handle func(body []byte)) {
	if ack {
		tb.Fatal(errors.ErrUnsupported)
	}
	nc := dialNATS(tb, s.url)
	callback := func(m *nats.Msg) { handle(m.Data) }
	var err error
	if destination == s.topic() {
		_, err = nc.Subscribe(destination, callback)
	} else {
		_, err = nc.QueueSubscribe(destination, "workers", callback)
	}
	must(tb, err)
	must(tb, nc.FlushTimeout(time.Minute)) // a PING: the server has the subscription
}
