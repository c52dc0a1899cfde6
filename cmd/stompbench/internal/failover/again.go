package failover

import (
	"context"
	"time"

	"github.com/stompwire/stompwire/broker"
)

// startFor is how long to try to have a port back.
const startFor = 10 * time.Second

// StartAgain starts a broker on a port that was just in use, and tries again while
// the system holds on to it.
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
