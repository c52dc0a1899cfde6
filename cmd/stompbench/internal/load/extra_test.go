package load_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/frame"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/load"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/transport"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/workload"
)

// oldBroker speaks STOMP 1.0, whatever it is offered.
type oldBroker struct{ fakeBroker }

type oldSession struct{ transport.Session }

func (oldSession) Agreed() conn.Session { return conn.Session{Version: frame.Version10} }

func (b *oldBroker) Dial(ctx context.Context, c transport.Connection, onFail func(error)) (transport.Session, error) {
	s, err := b.fakeBroker.Dial(ctx, c, onFail)
	return oldSession{s}, err
}

// What has to be escaped is not sent to a broker that knows no escapes; what has not, is.
func TestNoEscapesBelow11(t *testing.T) {
	for _, c := range []struct {
		share float64
		err   error
	}{{0, nil}, {0.5, load.ErrNoEscapes}} {
		p := plan(t, 20, func(p *workload.Plan) {
			p.DrainTimeout = 20 * time.Second
			p.Extra = workload.Extra{Count: workload.Fixed(3), Escapes: c.share}
		})
		var setup *load.SetupError
		if _, err := load.Run(t.Context(), load.Options{Plan: p, Dialer: &oldBroker{}}); !errors.Is(err, c.err) || c.err != nil && !errors.As(err, &setup) {
			t.Errorf("a share of %v: %v, want %v", c.share, err, c.err)
		}
	}
}
