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

// A service that ends in good order on SIGTERM: it takes no more work, waits for the outcomes of what
// it has sent, sends DISCONNECT, and gives all of that five seconds.
func Example_gracefulShutdown() {
	b := startExample()
	defer b.Close()

	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()

	c, err := conn.Dial(ctx, b.URI(), &conn.Config{DisconnectTimeout: 5 * time.Second})
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	var confirmed atomic.Int64
	p, err := c.NewProducer(conn.ProducerConfig{
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

	// ctx has ended, so this needs another one; DisconnectTimeout bounds it.
	if err := c.Disconnect(context.Background()); err != nil {
		log.Fatal(err) // a *conn.OutcomeError if a send was not confirmed
	}
	fmt.Println("all confirmed:", confirmed.Load() == sent)
	// Output: all confirmed: true
}
