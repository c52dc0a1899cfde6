package cli

import "github.com/stompwire/stompwire/cmd/stompbench/internal/verb"

// Exit codes.
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
