package failover

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"runtime"
	"time"

	"github.com/stompwire/stompwire/broker"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/verb"
)

// RestartBroker ends a broker in this process and starts another one at its address after a while.
func RestartBroker(ctx context.Context, old *broker.Broker, down time.Duration) (*broker.Broker, error) {
	address := old.Addr().String()
	if err := errors.Join(old.Close(), pause(ctx, down)); err != nil {
		return old, err
	}
	return StartAgain(ctx, func() (*broker.Broker, error) { return verb.StartBroker(ctx, address) })
}

// StartAgain starts a broker on a port that was in use a moment ago, and retries for ten seconds while
// the system keeps it.
func StartAgain(ctx context.Context, start func() (*broker.Broker, error)) (*broker.Broker, error) {
	for began := time.Now(); ; {
		b, err := start()
		if err == nil || time.Since(began) > 10*time.Second {
			return b, err
		}
		if err := pause(ctx, 50*time.Millisecond); err != nil {
			return nil, err
		}
	}
}

// pause waits, or returns the error of ctx.
func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
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
	cmd.WaitDelay = 400 * time.Millisecond
	if err := cmd.Run(); err != nil && !errors.Is(err, exec.ErrWaitDelay) {
		return fmt.Errorf("%q: %w", command, err)
	}
	return nil
}
