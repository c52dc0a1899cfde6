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
	ExitCannotRun   = 1   // no connection, no login, or the broker failed during the run
	ExitUsage       = 2   // flags that are wrong or contradict each other
	ExitIntegrity   = 3   // a message was lost, duplicated or corrupt
	ExitGenerator   = 4   // the generator could not keep the requested rate
	ExitRate        = 5   // the broker did not keep the requested rate
	ExitSLO         = 99  // a condition of --slo was not met; the number is k6's
	ExitInterrupted = 130 // ^C
)

// exits lists all exit codes, for the manual.
var exits = []completion.Exit{
	{Code: ExitOK, Meaning: "all is well"},
	{Code: ExitCannotRun, Meaning: "could not run: no connection, no login, or the broker failed on the way"},
	{Code: ExitUsage, Meaning: "flags that are wrong or contradict each other"},
	{Code: ExitIntegrity, Meaning: "a message was lost, duplicated or corrupt"},
	{Code: ExitGenerator, Meaning: "the generator itself could not keep the rate that was asked for, so the result is invalid"},
	{Code: ExitRate, Meaning: "the broker did not keep the rate that was asked for: more than --rate-tolerance of the messages that were due were not sent in time"},
	{Code: ExitSLO, Meaning: "what --slo demands was not met"},
	{Code: ExitInterrupted, Meaning: "interrupted by ^C"},
}

// exitCode returns the exit code of a run. Messages that a failed broker did not deliver do not
// count as lost, but duplicate and damaged ones count.
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

// worst returns the most severe of several exit codes.
func worst(codes ...int) (w int) {
	for _, code := range codes {
		w = results.Worse(w, code)
	}
	return w
}

// judgedCode adds the judgement to the exit code of a run that went well. An invalid run cannot be
// compared with an SLO.
func (s *settings) judgedCode(code int, v *verdict.Verdict, outcomes []slo.Outcome) int {
	switch {
	case code != ExitOK:
		return code
	case v.Invalid && !s.acceptLimited:
		return ExitGenerator
	case !s.plan.Shared() && !slo.Met(outcomes):
		return ExitSLO
	case s.plan.Rate > 0 && !v.RateKept && !v.Invalid:
		return ExitRate
	}
	return ExitOK
}
