package churn

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"syscall"

	"github.com/stompwire/stompwire/conn"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/transport"
)

// Failure is how often something failed for a reason.
type Failure struct {
	Step   string `json:"step,omitempty"`
	Reason string `json:"reason"`
	Count  uint64 `json:"count"`
}

// tally counts failures; the keys have no count.
type tally map[Failure]uint64

// maxReasons bounds the number of different failures; more count as "other".
const maxReasons = 100

func (t tally) add(step, reason string) {
	key := Failure{Step: step, Reason: reason}
	if _, known := t[key]; !known && len(t) >= maxReasons {
		key.Reason = "other"
	}
	t[key]++
}

// list returns the failures, the most frequent first.
func (t tally) list() []Failure {
	out := []Failure{}
	for f, n := range t {
		f.Count = n
		out = append(out, f)
	}
	slices.SortFunc(out, func(a, b Failure) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), strings.Compare(a.Step, b.Step), strings.Compare(a.Reason, b.Reason))
	})
	return out
}

// noAnswer is the reason of a step that waited for its whole timeout.
const noAnswer = "no answer in time"

// reason returns one text for errors that differ only in ports and numbers.
func reason(err error) string {
	var server *conn.ServerError
	var timeout net.Error
	switch {
	case err == nil:
		return ""
	case errors.As(err, &server):
		return fmt.Sprintf("the broker says: %.100s", server.Message)
	case errors.Is(err, syscall.ECONNREFUSED):
		return "connection refused"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return "connection reset"
	case errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE):
		return "too many open files: raise the limit (ulimit -n), or lower --open"
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return "no port is left to connect from, or --source-address is not of this machine"
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout(),
		errors.Is(err, conn.ErrUnknownOutcome) && !errors.Is(err, net.ErrClosed):
		return noAnswer
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
