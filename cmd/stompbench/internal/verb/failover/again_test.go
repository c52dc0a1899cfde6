package failover_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stompwire/stompwire/broker"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/verb/failover"
)

var errInUse = errors.New("address already in use")

// A port that the system holds on to is asked for again, for a while.
func TestStartAgain(t *testing.T) {
	started := &broker.Broker{}
	for name, c := range map[string]struct {
		after, patience time.Duration // until the port is free, and until the context ends
		err             error
	}{
		"at once":   {0, time.Hour, nil},
		"later":     {5 * time.Second, time.Hour, nil},
		"never":     {time.Hour, time.Hour, errInUse},
		"cancelled": {time.Hour, time.Second, context.DeadlineExceeded},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), c.patience)
				defer cancel()
				began := time.Now()
				b, err := failover.StartAgain(ctx, func() (*broker.Broker, error) {
					if time.Since(began) < c.after {
						return nil, errInUse
					}
					return started, nil
				})
				took := time.Since(began)
				if !errors.Is(err, c.err) || (b == started) != (c.err == nil) || took < min(c.after, c.patience, 10*time.Second) || took > 11*time.Second {
					t.Errorf("%v, %v after %v", b, err, took)
				}
			})
		})
	}
}
