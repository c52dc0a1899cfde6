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
	"errors"
	"fmt"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/exit"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/results"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/workload"
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
	case as[*workload.Invalid](err), errors.Is(err, results.ErrTaken):
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
