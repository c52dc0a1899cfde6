package cli

import "github.com/stompwire/stompwire/cmd/stompbench/internal/load"

// Exit codes.
const (
	ExitOK          = 0
	ExitCannotRun   = 1   // no connection, no login, or the broker failed on the way
	ExitUsage       = 2   // flags that are wrong or contradict each other
	ExitIntegrity   = 3   // a message was lost, duplicated or corrupt
	ExitInterrupted = 130 // ^C
)

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
