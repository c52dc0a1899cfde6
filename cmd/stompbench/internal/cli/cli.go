package cli

import (
	"cmp"
	"context"
	"io"
	"strings"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/verb/broker"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/verb/calibrate"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/verb/churn"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/verb/compare"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/verb/failover"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/verb/find"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/verb/merge"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/verb/report"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/verb/sweep"

	"github.com/spf13/cobra"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/flags"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/verb"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/verb/run"
)

// verbs lists the verbs in the order of the help. The first one is the default.
func verbs() []func(*verb.Env) *cobra.Command {
	return []func(*verb.Env) *cobra.Command{
		run.Command,
		find.Command,
		sweep.Command,
		failover.Command,
		churn.Command,
		calibrate.Command,
		broker.Command,
		report.Command,
		compare.Command,
		merge.Command,
		schemaCommand, completionCommand, manCommand, versionCommand,
	}
}

func init() {
	cobra.EnableCommandSorting = false
	cobra.MousetrapHelpText = "" // it may be started from Windows Explorer
}

// Run runs stompbench with the arguments after its name and returns the exit code. When ctx ends it
// stops sending, receives what is on its way, and reports.
func Run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	env := &verb.Env{Stdout: stdout, Stderr: stderr}
	root := newRoot(env)
	args = withVerb(args)
	if isCompletion(args[0]) {
		completeValues(root)
	}
	root.SetArgs(args)
	var unwritten error // cobra's function for help returns none
	root.SetHelpFunc(func(cmd *cobra.Command, _ []string) { unwritten = env.Print(helpOf(cmd)) })
	return env.Fail(cmp.Or(root.ExecuteContext(ctx), unwritten))
}

// newRoot makes the tree of commands.
func newRoot(env *verb.Env) *cobra.Command {
	root := &cobra.Command{
		Use: "stompbench", Short: "send load to a STOMP broker and account for every message", Version: verb.Version(),
		SilenceErrors: true, SilenceUsage: true, SuggestionsMinimumDistance: 2, Args: cobra.ArbitraryArgs,
		RunE: unknownVerb,
	}
	root.CompletionOptions.DisableDefaultCmd = true
	root.SetOut(env.Stdout)
	root.SetErr(env.Stderr)
	root.SetVersionTemplate("stompbench {{.Version}}\n")
	root.SetFlagErrorFunc(flags.Explain)
	root.SetHelpCommand(helpCommand())
	for _, command := range verbs() {
		root.AddCommand(command(env))
	}
	root.InitDefaultHelpCmd()
	for _, cmd := range root.Commands() {
		if cmd.Flags().Lookup("help") == nil {
			cmd.Flags().BoolP("help", "h", false, "show this help")
		}
	}
	return root
}

// withVerb adds the default verb to arguments that name none, also in what a shell's completion asks.
func withVerb(args []string) []string {
	if len(args) > 1 && isCompletion(args[0]) && len(args[1]) > 1 && strings.HasPrefix(args[1], "-") {
		return append([]string{args[0], "run"}, args[1:]...)
	}
	if len(args) == 0 {
		return []string{"run"}
	}
	switch args[0] {
	case "-h", "--help", "--version":
		return args
	case "--help-all":
		return []string{"run", "--help"}
	}
	if args[0] == "" || args[0][0] == '-' {
		return append([]string{"run"}, args...)
	}
	return args
}

func isCompletion(arg string) bool {
	return arg == cobra.ShellCompRequestCmd || arg == cobra.ShellCompNoDescRequestCmd
}

// unknownVerb is what the root does: only a word that is no verb gets there.
func unknownVerb(root *cobra.Command, args []string) error {
	hint := ": see stompbench --help"
	if similar := root.SuggestionsFor(args[0]); len(similar) > 0 {
		hint = ": did you mean " + strings.Join(similar, " or ") + "?"
	}
	return flags.Unexpected(args[0], hint)
}
