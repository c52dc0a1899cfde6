package verb

import (
	"errors"
	"fmt"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/results"
)

// Exit codes.
const (
	ExitOK          = 0
	ExitCannotRun   = 1   // no connection, no login, or the broker failed during the run
	ExitUsage       = 2   // flags that are wrong or contradict each other
	ExitIntegrity   = 3   // a message was lost, duplicated or corrupt
	ExitGenerator   = 4   // the generator could not keep the requested rate
	ExitRate        = 5   // the broker did not keep the requested rate
	ExitSLO         = 99  // a condition of --slo was not met; the number is k6's
	ExitInterrupted = 130 // ^C
)

// Exits lists all exit codes and their meanings, for the help and the manual.
var Exits = []struct {
	Code    int
	Meaning string
}{
	{ExitOK, "all is well"},
	{ExitCannotRun, "could not run: no connection, no login, or the broker failed on the way"},
	{ExitUsage, "flags that are wrong or contradict each other"},
	{ExitIntegrity, "a message was lost, duplicated or corrupt"},
	{ExitGenerator, "the generator itself could not keep the --rate, or was what find ended at, so the result is invalid"},
	{ExitRate, "the broker did not keep the --rate: more than --rate-tolerance of the messages that were due were not sent in time"},
	{ExitSLO, "--slo was not met, or a condition of compare --fail-if came true"},
	{ExitInterrupted, "interrupted by ^C"},
}

// Exit is an exit code as an error: the verb has reported everything else.
type Exit int

func (e Exit) Error() string { return fmt.Sprintf("exit code %d", int(e)) }

// Code returns an exit code as an error, nil for ExitOK.
func Code(code int) error {
	if code == ExitOK {
		return nil
	}
	return Exit(code)
}

// failure is an error with an exit code.
type failure struct {
	error
	code int
}

func (f *failure) Unwrap() error { return f.error }

// Interrupted: the user ended the verb before there was a result.
var Interrupted error = &failure{errors.New("interrupted before the first message"), ExitInterrupted}

// Failed gives err the worse of its own exit code and code.
func Failed(err error, code int) error {
	own := ExitCannotRun
	if isUsage(err) {
		own = ExitUsage
	}
	return &failure{err, Worst(own, code)}
}

// Worst returns the most severe of several exit codes.
func Worst(codes ...int) (w int) {
	for _, code := range codes {
		w = results.Worse(w, code)
	}
	return w
}
