package failover

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"runtime"
	"sync"
	"time"

	"github.com/stompwire/stompwire/broker"
)

// Embedded is an embedded broker. Each restart makes a new one, with Start.
type Embedded struct {
	Broker *broker.Broker // nil if there is none
	Start  func(ctx context.Context, address string) (*broker.Broker, error)
	mu     sync.Mutex
}

// Restart ends the broker and starts another one at its address after a while.
func (e *Embedded) Restart(ctx context.Context, down time.Duration) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	address := e.Broker.Addr().String()
	if err := e.Broker.Close(); err != nil {
		return err
	}
	select {
	case <-time.After(down):
	case <-ctx.Done():
		return ctx.Err()
	}
	b, err := StartAgain(ctx, func() (*broker.Broker, error) { return e.Start(ctx, address) })
	if err == nil {
		e.Broker = b
	}
	return err
}

// Close ends the broker.
func (e *Embedded) Close() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.Broker != nil {
		_ = e.Broker.Close()
	}
}

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

// Shell runs a command of the user's, in the user's shell. When ctx ends it is killed. It may leave a
// server behind that keeps its output open.
func Shell(ctx context.Context, command string, output io.Writer) error {
	shell, flag := "sh", "-c"
	if runtime.GOOS == "windows" {
		shell, flag = "cmd", "/c"
	}
	cmd := exec.CommandContext(ctx, shell, flag, command)
	if output != io.Discard { // which would be a pipe
		cmd.Stdout, cmd.Stderr = output, output
	}
	cmd.WaitDelay = grace
	if err := cmd.Run(); err != nil && !errors.Is(err, exec.ErrWaitDelay) {
		return fmt.Errorf("%q: %w", command, err)
	}
	return nil
}
