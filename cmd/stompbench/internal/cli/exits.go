package cli

import "github.com/stompwire/stompwire/cmd/stompbench/internal/verb"

// Exit codes, for tests.
const (
	ExitOK          = verb.ExitOK
	ExitCannotRun   = verb.ExitCannotRun
	ExitUsage       = verb.ExitUsage
	ExitIntegrity   = verb.ExitIntegrity
	ExitGenerator   = verb.ExitGenerator
	ExitRate        = verb.ExitRate
	ExitSLO         = verb.ExitSLO
	ExitInterrupted = verb.ExitInterrupted
)
