package verb

import (
	"context"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/flags"
)

// Steps are the parts of a verb that sends load.
type Steps struct {
	// Complete completes the plan, and finds flags that contradict each other. If nil, it is that of the load.
	Complete func(f *pflag.FlagSet) (notes []string, err error)
	Check    func(f *pflag.FlagSet) error // of a complete plan; may be nil
	Plan     func(notes []string) any     // for --dry-run --json
	Text     func(notes []string) string  // for --dry-run
	Run      func(ctx context.Context) error
}

// RunE returns the RunE of a command with these steps and the flags of l.
func (e *Env) RunE(l *flags.Load, s Steps) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, _ []string) error {
		if err := l.Read(cmd); err != nil {
			return err
		}
		if s.Complete == nil {
			s.Complete = l.Complete
		}
		notes, err := s.Complete(cmd.Flags())
		if err == nil && s.Check != nil {
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
