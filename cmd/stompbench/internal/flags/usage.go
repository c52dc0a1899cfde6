package flags

import (
	"errors"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/workload"
)

// Usage returns an error in the command line: a [*workload.Invalid]. Its text says what to change.
func Usage(format string, args ...any) error { return workload.Refuse(format, args...) }

// Unexpected refuses a word that is no flag. An address is not repeated: it may contain a password.
func Unexpected(word, hint string) error {
	if strings.Contains(word, "://") || strings.Contains(word, "@") {
		return Usage("an address is neither a flag nor a command: write --uri before it")
	}
	return Usage("%.64q is neither a flag nor a command%s", word, hint)
}

// Explain converts an error of the flag library to a usage error. The library's own text repeats the
// value, which may contain a password.
func Explain(cmd *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	var bad *pflag.InvalidValueError
	switch {
	case errors.As(err, &bad):
		return Usage("--%s: %v", bad.GetFlag().Name, bad.Unwrap())
	case !errors.As(err, &unknown):
		return Usage("%s: see %s --help", err, cmd.CommandPath())
	case unknown.GetSpecifiedShortnames() != "":
		return Usage("there is no flag -%.8s: see %s --help", unknown.GetSpecifiedName(), cmd.CommandPath())
	}
	name := unknown.GetSpecifiedName()
	return Usage("there is no flag --%.64s%s", name, didYouMean(cmd.Flags(), name, "--"))
}

// assign sets a flag that exists, with the error of [Explain].
func assign(f *pflag.FlagSet, name, text string) error {
	if err := f.Set(name, text); err != nil {
		return Explain(nil, err)
	}
	return nil
}

// didYouMean suggests flags whose names are similar.
func didYouMean(f *pflag.FlagSet, name, dashes string) string {
	names := &cobra.Command{SuggestionsMinimumDistance: 2} // cobra compares names of commands
	var similar []string
	f.VisitAll(func(flag *pflag.Flag) {
		if flag.Shorthand == name || plain(flag.Name) == plain(name) {
			similar = []string{flag.Name}
		}
		names.AddCommand(&cobra.Command{Use: flag.Name, Run: func(*cobra.Command, []string) {}})
	})
	if similar == nil {
		similar = names.SuggestionsFor(name)
	}
	if len(similar) == 0 {
		return ": see stompbench --help-all"
	}
	return ": did you mean " + dashes + strings.Join(similar[:min(len(similar), 3)], " or "+dashes) + "?"
}

// plain removes what is easily confused in a name.
func plain(name string) string {
	return strings.TrimSuffix(strings.NewReplacer("-", "", "_", "").Replace(strings.ToLower(name)), "s")
}
