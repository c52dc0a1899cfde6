package churn

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"syscall"

	"github.com/stompwire/stompwire/conn"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/transport"
)

func (c *churning) fail(step Step, err error) {
	c.failed.Add(1)
	c.mu.Lock()
	defer c.mu.Unlock()
	key := Failure{Step: step.String(), Reason: reason(err)}
	if _, known := c.failures[key]; !known && len(c.failures) >= maxReasons {
		key.Reason = "other"
	}
	c.failures[key]++
}

// reason returns one text for errors that differ only in ports and numbers.
func reason(err error) string {
	var server *conn.ServerError
	switch {
	case errors.As(err, &server):
		return fmt.Sprintf("the broker says: %.100s", server.Message)
	case errors.Is(err, syscall.ECONNREFUSED):
		return "connection refused"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return "connection reset"
	case errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE):
		return "too many open files"
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return "no port is left to connect from, or --source-address is not of this machine"
	case errors.Is(err, context.DeadlineExceeded), isTimeout(err), errors.Is(err, conn.ErrUnknownOutcome) && !errors.Is(err, net.ErrClosed):
		return "no answer in time"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, net.ErrClosed):
		return "the broker closed the connection"
	}
	return fmt.Sprintf("%.100s", withoutAddress(err))
}

// withoutAddress returns the cause of a failed connection attempt.
func withoutAddress(err error) error {
	var attempt *transport.ConnectError
	var op *net.OpError
	if errors.As(err, &attempt) {
		err = attempt.Unwrap()
	}
	if errors.As(err, &op) {
		err = op.Err
	}
	return err
}

func isTimeout(err error) bool {
	var ne net.Error
	return errors.As(err, &ne) && ne.Timeout()
}
