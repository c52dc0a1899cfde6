package verb

import (
	"context"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/flags"
)

// Steps are the parts of a verb with a driver of its own.
type Steps struct {
	Check func(f *pflag.FlagSet) error // finds flags that contradict each other, in a complete plan
	Plan  func(notes []string) any     // for --dry-run --json
	Text  func(notes []string) string  // for --dry-run
	Run   func(ctx context.Context) error
}

// RunE returns the RunE of a command with these steps and the flags of l.
func (e *Env) RunE(l *flags.Load, s Steps) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, _ []string) error {
		if err := l.Read(cmd); err != nil {
			return err
		}
		notes, err := l.Complete(cmd.Flags())
		if err == nil {
			err = s.Check(cmd.Flags())
		}
		switch {
		case err != nil:
			return err
		case l.DryRun:
			return e.Tell(l.JSON, s.Plan(notes), func() string { return s.Text(notes) })
		}
		return s.Run(cmd.Context())
	}
}
