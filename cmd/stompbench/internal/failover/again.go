package failover

import (
	"context"
	"time"

	"github.com/stompwire/stompwire/broker"
)

// startFor is how long StartAgain retries.
const startFor = 10 * time.Second

// StartAgain starts a broker on a port that was in use a moment ago, and retries while the system
// keeps it.
func StartAgain(ctx context.Context, start func() (*broker.Broker, error)) (*broker.Broker, error) {
	for began := time.Now(); ; {
		b, err := start()
		if err == nil || time.Since(began) > startFor {
			return b, err
		}
		select {
		case <-time.After(50 * time.Millisecond):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}
