// Package cli is the command line of stompbench: the list of its verbs, their help, completion and
// manual. Each verb is a package below package verb.
//
// Imports: cobra, for the tree of commands, suggestions and completion; and the verbs.
package cli

import (
	"cmp"
	"context"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/flags"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/verb"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/verb/broker"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/verb/calibrate"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/verb/churn"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/verb/compare"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/verb/failover"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/verb/find"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/verb/merge"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/verb/report"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/verb/run"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/verb/sweep"
	"github.com/stompwire/stompwire/cmd/stompbench/schema"
)

// verbs makes the verbs in the order of the help. The first one is the default.
func verbs(env *verb.Env) []*cobra.Command {
	return []*cobra.Command{
		run.Command(env),
		find.Command(env),
		sweep.Command(env),
		failover.Command(env),
		churn.Command(env),
		calibrate.Command(env),
		broker.Command(env),
		report.Command(env),
		compare.Command(env),
		merge.Command(env),
		printer(env, "schema", "print the JSON Schema of result.json", func(*cobra.Command) string { return string(schema.ResultV1) }),
		completionCommand(env),
		printer(env, "man", "write the manual page", manual),
		printer(env, "version", "show the version", func(root *cobra.Command) string { return "stompbench " + root.Version + "\n" }),
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
		SilenceErrors: true, SilenceUsage: true, SuggestionsMinimumDistance: 2, Args: cobra.ArbitraryArgs, RunE: unknownVerb,
		CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: true},
	}
	root.SetOut(env.Stdout)
	root.SetErr(env.Stderr)
	root.SetVersionTemplate("stompbench {{.Version}}\n")
	root.SetFlagErrorFunc(flags.Explain)
	root.SetHelpCommand(helpCommand())
	root.AddCommand(verbs(env)...)
	root.InitDefaultHelpCmd()
	for _, cmd := range root.Commands() {
		cmd.Flags().BoolP("help", "h", false, "show this help")
	}
	return root
}

// withVerb adds the default verb to arguments that name none, also in what a shell's completion asks.
func withVerb(args []string) []string {
	switch {
	case len(args) > 1 && isCompletion(args[0]) && len(args[1]) > 1 && args[1][0] == '-':
		return append([]string{args[0], "run"}, args[1:]...)
	case len(args) > 0 && args[0] == "--help-all":
		return []string{"run", "--help"}
	case len(args) == 0 || args[0] == "" || args[0][0] == '-' && args[0] != "-h" && args[0] != "--help" && args[0] != "--version":
		return append([]string{"run"}, args...)
	}
	return args
}

func isCompletion(arg string) bool {
	return arg == cobra.ShellCompRequestCmd || arg == cobra.ShellCompNoDescRequestCmd
}

// unknownVerb is what the root does: only a word that is no verb gets there.
func unknownVerb(root *cobra.Command, args []string) error {
	if similar := root.SuggestionsFor(args[0]); len(similar) > 0 {
		return flags.Unexpected(args[0], ": did you mean "+strings.Join(similar, " or ")+"?")
	}
	return flags.Unexpected(args[0], ": see stompbench --help")
}

// printer makes a verb that only prints a text.
func printer(env *verb.Env, name, short string, text func(root *cobra.Command) string) *cobra.Command {
	return &cobra.Command{Use: name, Short: short, Args: verb.NoArgs, RunE: func(cmd *cobra.Command, _ []string) error {
		return env.Print(text(cmd.Root()))
	}}
}

// helpCommand makes the verb help.
func helpCommand() *cobra.Command {
	return &cobra.Command{Use: "help [COMMAND]", Short: "show the help of a command", RunE: func(cmd *cobra.Command, args []string) error {
		about, rest, err := cmd.Root().Find(args)
		switch {
		case err != nil:
			return flags.Usage("%v", err)
		case len(rest) > 0:
			return unknownVerb(cmd.Root(), rest)
		}
		return about.Help()
	}}
}

// completionCommand makes the verb completion.
func completionCommand(env *verb.Env) *cobra.Command {
	shells := []string{"bash", "zsh", "fish", "powershell"}
	return &cobra.Command{
		Use: "completion SHELL", Short: "write a completion script for bash, zsh, fish or powershell", ValidArgs: shells,
		RunE: func(cmd *cobra.Command, args []string) error {
			root := cmd.Root()
			switch strings.Join(args, " ") {
			case "bash":
				return root.GenBashCompletionV2(env.Stdout, true)
			case "zsh":
				return root.GenZshCompletion(env.Stdout)
			case "fish":
				return root.GenFishCompletion(env.Stdout, true)
			case "powershell":
				return root.GenPowerShellCompletionWithDesc(env.Stdout)
			}
			return flags.Usage("which shell? Write stompbench completion and one of %s", strings.Join(shells, ", "))
		},
	}
}

// completeValues tells the shell's completion which values flags have. What it tells is kept by
// package cobra for the life of the process.
func completeValues(root *cobra.Command) {
	for _, cmd := range root.Commands() {
		cmd.Flags().VisitAll(func(flag *pflag.Flag) {
			_ = cmd.RegisterFlagCompletionFunc(flag.Name, valuesOf(flag)) // fails where a flag is shared, and is known
		})
	}
}

func valuesOf(flag *pflag.Flag) cobra.CompletionFunc {
	switch kind := flag.Value.Type(); {
	case kind == "DIR":
		return verb.Directories
	case strings.HasPrefix(kind, "FILE"):
		return nil // the shell's own: names of files
	}
	var words []string
	if v, ok := flag.Value.(*flags.Value); ok {
		words = v.Choices
	}
	return cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp)
}
