package cli

import (
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/flags"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/verb"
)

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
