package peers

import (
	"errors"
	"fmt"
	"net"
	"sync"
	"testing"

	"github.com/go-stomp/stomp/v3"
	"github.com/go-stomp/stomp/v3/server"
)

// goStomp is go-stomp's server with go-stomp's clients. The server cannot do
// acknowledgements: it does not know the ACK of 1.2, matches none of mode
// client-individual, and panics at the second message of mode client.
type goStomp struct{ addr string }

func goStompBus(tb testing.TB) bus {
	tb.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(tb, err)
	go (&server.Server{Log: silence{}}).Serve(l) // without end; see TestMain
	tb.Cleanup(func() { l.Close() })
	return goStomp{l.Addr().String()}
}

func (g goStomp) topic() string      { return "/topic/bench" }
func (g goStomp) queue(i int) string { return fmt.Sprintf("/queue/bench%d", i) }

func (g goStomp) publisher(tb testing.TB, destination string) func(body []byte) error {
	conn := dialGoStomp(tb, g.addr)
	return func(body []byte) error { return conn.Send(destination, "", body) }
}

func (g goStomp) subscribe(tb testing.TB, destination string, ack bool, handle func(body []byte)) {
	if ack {
		tb.Fatal(errors.ErrUnsupported)
	}
	// Cleanups run last first: the connection closes, which ends the channel, and
	// then the handler's goroutine is waited for.
	var wg sync.WaitGroup
	tb.Cleanup(wg.Wait)
	conn := dialGoStomp(tb, g.addr)
	sub, err := conn.Subscribe(destination, stomp.AckAuto)
	must(tb, err)
	wg.Go(func() {
		for m := range sub.C {
			if m.Err == nil { // else the connection has ended, and the channel will
				handle(m.Body)
			}
		}
	})
	// The server does not confirm SUBSCRIBE, but it takes the frames of a connection
	// one after the other, and this one it confirms. It is in a transaction, where it
	// stays: the server confirms other messages before it queues them, and hangs if
	// that finds its queue full of what is to go to this very connection.
	tx, err := conn.BeginWithError()
	must(tb, err)
	must(tb, tx.Send("/topic/nobody", "", nil, stomp.SendOpt.Receipt))
}
