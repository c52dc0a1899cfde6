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
	if err := old.Close(); err != nil {
		return old, err
	}
	select {
	case <-time.After(down):
	case <-ctx.Done():
		return old, ctx.Err()
	}
	return StartAgain(ctx, func() (*broker.Broker, error) { return verb.StartBroker(ctx, address) })
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
