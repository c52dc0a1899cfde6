package cli

import (
	"github.com/stompwire/stompwire/cmd/stompbench/internal/completion"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/load"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/results"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/slo"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/verdict"
)

// Exit codes.
const (
	ExitOK          = 0
	ExitCannotRun   = 1   // no connection, no login, or the broker failed on the way
	ExitUsage       = 2   // flags that are wrong or contradict each other
	ExitIntegrity   = 3   // a message was lost, duplicated or corrupt
	ExitGenerator   = 4   // the generator could not keep the rate that was asked for
	ExitSLO         = 99  // what --slo demands was not met; the number is k6's
	ExitInterrupted = 130 // ^C
)

// exits are all of them, for the manual.
var exits = []completion.Exit{
	{Code: ExitOK, Meaning: "all is well"},
	{Code: ExitCannotRun, Meaning: "could not run: no connection, no login, or the broker failed on the way"},
	{Code: ExitUsage, Meaning: "flags that are wrong or contradict each other"},
	{Code: ExitIntegrity, Meaning: "a message was lost, duplicated or corrupt"},
	{Code: ExitGenerator, Meaning: "the generator itself could not keep the rate that was asked for, so the result is invalid"},
	{Code: ExitSLO, Meaning: "what --slo demands was not met"},
	{Code: ExitInterrupted, Meaning: "interrupted by ^C"},
}

// exitCode is the verdict on a run. What a failed broker did not deliver is not
// held against it as lost, but what came twice or damaged is.
func exitCode(r *load.Result) int {
	switch {
	case r.Failure != nil && r.Books.Duplicated == 0 && r.Corrupt == 0:
		return ExitCannotRun
	case !r.Intact():
		return ExitIntegrity
	case r.Interrupted:
		return ExitInterrupted
	case r.Refusal != nil:
		return ExitCannotRun
	}
	return ExitOK
}

// worst returns the code of several runs that weighs most.
func worst(codes ...int) (w int) {
	for _, code := range codes {
		w = results.Worse(w, code)
	}
	return w
}

// judgedCode is the exit code with the judgement on a run that went well: an
// invalid one has no result that an SLO could be held against.
func (s *settings) judgedCode(code int, v *verdict.Verdict, outcomes []slo.Outcome) int {
	switch {
	case code != ExitOK:
		return code
	case v.Invalid && !s.acceptLimited:
		return ExitGenerator
	case !s.plan.Shared() && !slo.Met(outcomes):
		return ExitSLO
	}
	return ExitOK
}
