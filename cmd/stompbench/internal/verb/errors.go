// Package verb is what the verbs of stompbench share when they are carried out: the streams that they
// write to, what errors mean to the user, the description of a plan, the embedded broker,
// and the folder of a result. Each verb is a package below this one, with a function Command that
// makes its cobra command; package cli lists them.
//
// A verb returns an error: a usage error, any other error, or that of [Code] for a result that it has
// reported already.
//
// Imports: x/term, to detect a terminal and its width; broker, conn and frame of stompwire; and the
// packages of stompbench that make a run and its report.
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
	"slices"
	"strings"
	"syscall"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/exit"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/load"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/transport"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/workload"
	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/conn/dialect"
	"github.com/stompwire/stompwire/frame"
)

// failure is an error with an exit code.
type failure struct {
	error
	code int
}

func (f *failure) Unwrap() error { return f.error }

// errReported is the error of a failure about which all has been said.
var errReported = errors.New("see the report")

// Interrupted: the user ended the verb before there was a result.
var Interrupted error = &failure{errors.New("interrupted before the first message"), exit.Interrupted}

// Code returns an exit code as an error, nil for OK: the verb has reported everything else.
func Code(code int) error {
	if code == exit.OK {
		return nil
	}
	return &failure{errReported, code}
}

// Failed gives err the worse of its own exit code and code.
func Failed(err error, code int) error { return &failure{err, exit.Worst(codeOf(err), code)} }

// codeOf returns the exit code of an error. The user can fix a usage error by changing the command
// line.
func codeOf(err error) int {
	var fail *failure
	switch {
	case err == nil:
		return exit.OK
	case errors.As(err, &fail):
		return fail.code
	case as[*workload.Invalid](err):
		return exit.Usage
	}
	return exit.CannotRun
}

// Fail writes what is wrong as one sentence and returns the exit code of err.
func (e *Env) Fail(err error) int {
	if err != nil && !errors.Is(err, errReported) {
		fmt.Fprintln(e.Stderr, "stompbench:", Sentence(err))
	}
	return codeOf(err)
}

// NoAnswer is what Diagnose returns if the broker did not answer in time.
const NoAnswer = "no answer in time"

// reason is why a connection fails, and what to do about it. In what, %s is the text of the error.
type reason struct {
	match        func(error) bool
	what, advice string
}

// reasons are the usual ones. The first that matches counts, and the last matches all.
var reasons = []reason{
	{as[*net.DNSError], "the host cannot be found: %s", "check the host in --uri"},
	{as[*conn.ServerError], "%s", "check user, password, virtual host and destination"},
	{is(load.ErrPrefetchAuto), "%s", "choose --ack client or client-individual, or leave --prefetch out"},
	{is(load.ErrNoEscapes), "%s", "leave --header-escape out"},
	{as[*dialect.HintError], "this broker has no header for a flag: %s", "name the broker by --broker, or leave that flag out"},
	{is(syscall.ECONNREFUSED), "nothing listens at %s", "start the broker, or check the port in --uri"},
	{is(syscall.EMFILE, syscall.ENFILE), "too many open files", "raise the limit (ulimit -n), or use fewer connections"},
	{is(syscall.EADDRNOTAVAIL), "%s", "check --source-address, or give several: each has some 28,000 ports"},
	{as[x509.UnknownAuthorityError], "this machine does not trust the CA of the broker's certificate", "give the CA with --tls-ca, or accept any certificate with --tls-insecure"},
	{as[x509.HostnameError], "the broker's certificate is for another name: %s", "check the host in --uri, or give the name by --tls-server-name"},
	{as[x509.CertificateInvalidError], "the broker's certificate is not valid: %s", "renew it, or accept any certificate with --tls-insecure"},
	{as[tls.RecordHeaderError], "what answers there does not speak TLS", "write stomp:// or ws:// in --uri, or check the port"},
	{as[tls.AlertError], "the broker refused the TLS handshake: %s", "it may want a certificate: give --tls-cert and --tls-key"},
	{says("remote error: tls:"), "the broker refused the TLS handshake: %s", "it may want a certificate: give --tls-cert and --tls-key"},
	{timedOut, NoAnswer, "check that a STOMP broker listens there, or raise --connect-timeout"},
	{is(frame.ErrProtocol), "what answers there does not speak STOMP: %s", "check scheme and port in --uri"},
	{says("WebSocket"), "%s", "check host, port and path in --uri"},
	{is(io.EOF, syscall.ECONNRESET, syscall.EPIPE), "the other side closed the connection", "check that scheme and port in --uri belong together: stomp is without TLS, stomps with it"},
	{is(fs.ErrPermission), "%s", "check the port"},
	{func(error) bool { return true }, "%s", "check --uri and the broker's log"},
}

func as[T error](err error) bool {
	var x T
	return errors.As(err, &x)
}

func is(targets ...error) func(error) bool {
	return func(err error) bool {
		return slices.ContainsFunc(targets, func(target error) bool { return errors.Is(err, target) })
	}
}

func says(text string) func(error) bool {
	return func(err error) bool { return strings.Contains(err.Error(), text) }
}

func timedOut(err error) bool {
	var wait net.Error
	return errors.Is(err, context.DeadlineExceeded) || errors.As(err, &wait) && wait.Timeout() ||
		errors.Is(err, conn.ErrUnknownOutcome) && !errors.Is(err, net.ErrClosed)
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

// Diagnose explains why a connection fails.
func Diagnose(err error) (what, advice string) {
	said := err.Error()
	var attempt *transport.ConnectError
	if errors.As(err, &attempt) {
		said = attempt.Unwrap().Error()
	}
	var op *net.OpError
	if is(syscall.ECONNREFUSED)(err) && errors.As(err, &op) && op.Addr != nil {
		said = op.Addr.String()
	}
	i := slices.IndexFunc(reasons, func(r reason) bool { return r.match(err) })
	return strings.Replace(reasons[i].what, "%s", said, 1), reasons[i].advice
}

// Broke returns why a run ended early.
func Broke(err error) string {
	var server *conn.ServerError
	switch {
	case errors.As(err, &server):
		return OneLine(server.Error())
	case is(io.EOF, syscall.ECONNRESET, syscall.EPIPE)(err):
		return "the broker closed the connection"
	}
	return OneLine(err.Error())
}

// OneLine removes line ends and control characters that a terminal might interpret: some of the
// text comes from the broker.
func OneLine(s string) string {
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f }), " ")
}
