//go:build unix

package conn_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/stompwire/stompwire/conn"
)

// A service that ends when it is told to: it stops taking work, waits for the outcomes of what it has sent, says
// DISCONNECT, and gives all that five seconds.
func Example_gracefulShutdown() {
	b, dialer := startExample()
	defer b.Close()

	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()

	client, err := conn.NewClient(conn.ClientConfig{
		Dial: dialer.Dial,
		Conn: conn.Config{DisconnectTimeout: 5 * time.Second},
	})
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	if err := client.Connect(ctx); err != nil {
		log.Fatal(err)
	}
	var confirmed atomic.Int64
	p, err := client.NewProducer(conn.ClientProducerConfig{
		Destination: "/queue/ticks", Redeliver: true,
		OnOutcome: func(o conn.Outcome) {
			if o.Status == conn.Confirmed {
				confirmed.Add(1)
			}
		},
	})
	if err != nil {
		log.Fatal(err)
	}

	sent := int64(0)
	for ctx.Err() == nil {
		if _, err := p.Send(ctx, []byte("tick")); err != nil {
			break // ctx has ended, and nothing was sent
		}
		if sent++; sent == 500 {
			_ = syscall.Kill(os.Getpid(), syscall.SIGTERM) // as an operator would
			<-ctx.Done()
		}
	}

	// ctx has ended, so this needs one of its own; DisconnectTimeout bounds it.
	if err := client.Disconnect(context.Background()); err != nil {
		log.Fatal(err) // something was left without an outcome
	}
	fmt.Println("all confirmed:", confirmed.Load() == sent)
	// Output: all confirmed: true
}
