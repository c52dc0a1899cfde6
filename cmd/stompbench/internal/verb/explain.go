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
	var usage *flags.UsageError
	var plan *workload.Invalid
	return errors.As(err, &usage) || errors.As(err, &plan) || errors.Is(err, results.ErrTaken)
}

// Sentence says in one line what is wrong and how to fix it.
func Sentence(err error) string {
	var setup *load.SetupError
	if !errors.As(err, &setup) {
		return OneLine(err.Error())
	}
	what, advice := diagnose(setup.Err)
	return OneLine(fmt.Sprintf("cannot %s: %s: %s", setup.Doing, what, advice))
}

// diagnose explains the usual reasons why a connection fails.
func diagnose(err error) (what, advice string) {
	var (
		dns     *net.DNSError
		server  *conn.ServerError
		op      *net.OpError
		hint    *dialect.HintError
		attempt *transport.ConnectError
	)
	at, reason := "", err
	if errors.As(err, &attempt) {
		reason = attempt.Unwrap()
	}
	if errors.As(err, &op) && op.Addr != nil {
		at = op.Addr.String()
	}
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
		return "nothing listens at " + at, "start the broker, or check the port in --uri"
	case errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE):
		return "too many open files", "raise the limit (ulimit -n), or use fewer connections"
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return reason.Error(), "check --source-address, or give several: each has some 28,000 ports"
	}
	if what, advice := diagnoseTLS(err); what != "" {
		return what, advice
	}
	switch {
	case errors.Is(err, context.DeadlineExceeded), isTimeout(err), errors.Is(err, conn.ErrUnknownOutcome) && !errors.Is(err, net.ErrClosed):
		return "no answer in time", "check that a STOMP broker listens there, or raise --connect-timeout"
	case errors.Is(err, frame.ErrProtocol):
		return "what answers there does not speak STOMP (" + reason.Error() + ")", "check scheme and port in --uri"
	case strings.Contains(reason.Error(), "WebSocket"):
		return reason.Error(), "check host, port and path in --uri"
	case errors.Is(err, io.EOF), errors.Is(err, syscall.ECONNRESET):
		return "the other side closed the connection", "check that scheme and port in --uri belong together: stomp is without TLS, stomps with it"
	case errors.Is(err, fs.ErrPermission):
		return reason.Error(), "check the port"
	}
	return reason.Error(), "check --uri and the broker's log"
}

// diagnoseTLS explains errors of certificates; "" for any other error.
func diagnoseTLS(err error) (what, advice string) {
	var (
		unknown x509.UnknownAuthorityError
		name    x509.HostnameError
		invalid x509.CertificateInvalidError
		record  tls.RecordHeaderError
		alert   tls.AlertError
	)
	switch {
	case errors.As(err, &unknown):
		return "this machine does not trust the CA of the broker's certificate", "give the CA with --tls-ca, or accept any certificate with --tls-insecure"
	case errors.As(err, &name):
		return "the broker's certificate is for another name: " + name.Error(), "check the host in --uri, or give the name by --tls-server-name"
	case errors.As(err, &invalid):
		return "the broker's certificate is not valid: " + invalid.Error(), "renew it, or accept any certificate with --tls-insecure"
	case errors.As(err, &record):
		return "what answers there does not speak TLS", "write stomp:// or ws:// in --uri, or check the port"
	case errors.As(err, &alert), strings.Contains(err.Error(), "remote error: tls:"):
		return "the broker refused the TLS handshake: " + alertText(err), "it may want a certificate: give --tls-cert and --tls-key"
	}
	return "", ""
}

// alertText returns the text of a TLS alert, without its prefixes.
func alertText(err error) string {
	text := err.Error()
	if i := strings.LastIndex(text, "tls: "); i >= 0 {
		return text[i+len("tls: "):]
	}
	return text
}

func isTimeout(err error) bool {
	var ne net.Error
	return errors.As(err, &ne) && ne.Timeout()
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
