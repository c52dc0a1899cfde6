package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"strings"
	"syscall"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/frame"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/load"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/results"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/workload"
)

// isUsage reports whether err is for the user's command line to mend.
func isUsage(err error) bool {
	var flags *usageError
	var plan *workload.Invalid
	return errors.As(err, &flags) || errors.As(err, &plan) || errors.Is(err, results.ErrTaken)
}

// asUsage makes a usage error of what the flag library says.
func asUsage(err error) error { return usage("%s: see stompbench --help", reason(err)) }

// sentence says in one line what is wrong and what to change.
func sentence(err error) string {
	var setup *load.SetupError
	if !errors.As(err, &setup) {
		return oneLine(err.Error())
	}
	what, advice := diagnose(setup.Err)
	return oneLine(fmt.Sprintf("cannot %s: %s: %s", setup.Doing, what, advice))
}

// diagnose knows the usual reasons why there is no connection.
func diagnose(err error) (what, advice string) {
	var (
		dns    *net.DNSError
		server *conn.ServerError
		op     *net.OpError
	)
	at := ""
	if errors.As(err, &op) && op.Addr != nil {
		at = op.Addr.String()
	}
	switch {
	case errors.As(err, &dns):
		return fmt.Sprintf("host %q cannot be found", dns.Name), "check the host in --uri"
	case errors.As(err, &server):
		return serverSays(server), "check user, password, virtual host and destination"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "nobody listens at " + at, "start the broker, or check the port in --uri"
	case errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE):
		return "too many open files", "raise the limit (ulimit -n), or use fewer producers and consumers"
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, conn.ErrUnknownOutcome) && !errors.Is(err, net.ErrClosed):
		return "no answer in time", "check that a STOMP broker listens there, or raise --connect-timeout"
	case errors.Is(err, frame.ErrProtocol):
		return "what answers there does not speak STOMP (" + err.Error() + ")", "check the port in --uri"
	case errors.Is(err, io.EOF), errors.Is(err, syscall.ECONNRESET):
		return "the other side closed the connection", "check that the port in --uri is for STOMP without TLS"
	case errors.Is(err, fs.ErrPermission):
		return err.Error(), "check the port"
	}
	return err.Error(), "check --uri and the broker's log"
}

func serverSays(e *conn.ServerError) string {
	text := e.Error()
	if body := strings.TrimSpace(string(e.Body)); body != "" && !strings.Contains(text, body) && len(e.Message) > 0 {
		return text + fmt.Sprintf(" (%.200s)", body)
	}
	return text
}

// broke says why a run ended early.
func broke(err error) string {
	var server *conn.ServerError
	switch {
	case errors.As(err, &server):
		return oneLine(serverSays(server))
	case errors.Is(err, io.EOF), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return "the broker closed the connection"
	}
	return oneLine(err.Error())
}

// oneLine drops line ends and what a terminal might take for commands: some of
// the text is the broker's.
func oneLine(s string) string {
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f }), " ")
}
