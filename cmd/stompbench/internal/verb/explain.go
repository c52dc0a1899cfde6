package verb

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"strings"
	"syscall"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/conn/dialect"
	"github.com/stompwire/stompwire/frame"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/flags"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/load"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/results"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/transport"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/workload"
)

// isUsage reports whether the user can fix err by changing the command line.
func isUsage(err error) bool {
	return is[*flags.UsageError](err) || is[*workload.Invalid](err) || errors.Is(err, results.ErrTaken)
}

// is reports whether err is, or wraps, an error of type T.
func is[T error](err error) bool {
	var x T
	return errors.As(err, &x)
}

// Sentence says in one line what is wrong and how to fix it.
func Sentence(err error) string {
	var setup *load.SetupError
	if !errors.As(err, &setup) {
		return OneLine(err.Error())
	}
	what, advice := Diagnose(setup.Err)
	return OneLine(fmt.Sprintf("cannot %s: %s: %s", setup.Doing, what, advice))
}

// NoAnswer is what Diagnose returns if the broker did not answer in time.
const NoAnswer = "no answer in time"

// Diagnose explains the usual reasons why a connection fails.
func Diagnose(err error) (what, advice string) {
	var (
		dns     *net.DNSError
		server  *conn.ServerError
		op      *net.OpError
		hint    *dialect.HintError
		attempt *transport.ConnectError
		name    x509.HostnameError
		invalid x509.CertificateInvalidError
		wait    net.Error
	)
	reason := err
	if errors.As(err, &attempt) {
		reason = attempt.Unwrap()
	}
	said := reason.Error()
	switch {
	case errors.As(err, &dns):
		return fmt.Sprintf("host %q cannot be found", dns.Name), "check the host in --uri"
	case errors.As(err, &server):
		return server.Error(), "check user, password, virtual host and destination"
	case errors.Is(err, load.ErrPrefetchAuto):
		return load.ErrPrefetchAuto.Error(), "choose --ack client or client-individual, or leave --prefetch out"
	case errors.Is(err, load.ErrNoEscapes):
		return load.ErrNoEscapes.Error(), "leave --header-escape out"
	case errors.As(err, &hint):
		return fmt.Sprintf("no header for --%s is known of this broker", strings.ToLower(hint.Hint)), "name it by --broker, or leave that flag out"
	case errors.Is(err, syscall.ECONNREFUSED):
		what = "nothing listens there"
		if errors.As(err, &op) && op.Addr != nil {
			what = "nothing listens at " + op.Addr.String()
		}
		return what, "start the broker, or check the port in --uri"
	case errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE):
		return "too many open files", "raise the limit (ulimit -n), or use fewer connections"
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return said, "check --source-address, or give several: each has some 28,000 ports"
	case is[x509.UnknownAuthorityError](err):
		return "this machine does not trust the CA of the broker's certificate", "give the CA with --tls-ca, or accept any certificate with --tls-insecure"
	case errors.As(err, &name):
		return "the broker's certificate is for another name: " + name.Error(), "check the host in --uri, or give the name by --tls-server-name"
	case errors.As(err, &invalid):
		return "the broker's certificate is not valid: " + invalid.Error(), "renew it, or accept any certificate with --tls-insecure"
	case is[tls.RecordHeaderError](err):
		return "what answers there does not speak TLS", "write stomp:// or ws:// in --uri, or check the port"
	case is[tls.AlertError](err), strings.Contains(said, "remote error: tls:"):
		return "the broker refused the TLS handshake: " + said[strings.LastIndex(said, "tls: ")+len("tls: "):], "it may want a certificate: give --tls-cert and --tls-key"
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &wait) && wait.Timeout(), errors.Is(err, conn.ErrUnknownOutcome) && !errors.Is(err, net.ErrClosed):
		return NoAnswer, "check that a STOMP broker listens there, or raise --connect-timeout"
	case errors.Is(err, frame.ErrProtocol):
		return "what answers there does not speak STOMP (" + said + ")", "check scheme and port in --uri"
	case strings.Contains(said, "WebSocket"):
		return said, "check host, port and path in --uri"
	case errors.Is(err, io.EOF), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return "the other side closed the connection", "check that scheme and port in --uri belong together: stomp is without TLS, stomps with it"
	case errors.Is(err, fs.ErrPermission):
		return said, "check the port"
	}
	return said, "check --uri and the broker's log"
}

// Broke returns why a run ended early.
func Broke(err error) string {
	var server *conn.ServerError
	switch {
	case errors.As(err, &server):
		return OneLine(server.Error())
	case errors.Is(err, io.EOF), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return "the broker closed the connection"
	}
	return OneLine(err.Error())
}

// OneLine removes line ends and control characters that a terminal might interpret: some of the
// text comes from the broker.
func OneLine(s string) string {
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f }), " ")
}
