package cli

import "github.com/stompwire/stompwire/cmd/stompbench/internal/exit"

// Exit codes.
const (
	ExitOK          = exit.OK
	ExitCannotRun   = exit.CannotRun
	ExitUsage       = exit.Usage
	ExitIntegrity   = exit.Integrity
	ExitGenerator   = exit.Generator
	ExitRate        = exit.Rate
	ExitSLO         = exit.SLO
	ExitInterrupted = exit.Interrupted
)
