package flags

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// UsageError is an error in the command line. Its text says what to change.
type UsageError struct{ reason string }

func (e *UsageError) Error() string { return e.reason }

// Usage returns a [*UsageError].
func Usage(format string, args ...any) error { return &UsageError{fmt.Sprintf(format, args...)} }

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
		return Usage("%s", reason(err))
	case !errors.As(err, &unknown):
		return Usage("%s: see %s --help", err, cmd.CommandPath())
	}
	name := unknown.GetSpecifiedName()
	if letters := unknown.GetSpecifiedShortnames(); letters != "" {
		return Usage("there is no flag -%.8s: see %s --help", name, cmd.CommandPath())
	}
	return Usage("there is no flag --%.64s%s", name, didYouMean(cmd.Flags(), name, "--"))
}

// reason returns what is wrong, with the name of the flag and without its value.
func reason(err error) string {
	var bad *pflag.InvalidValueError
	if errors.As(err, &bad) {
		return fmt.Sprintf("--%s: %v", bad.GetFlag().Name, bad.Unwrap())
	}
	return err.Error()
}

// didYouMean suggests flags whose names are similar.
func didYouMean(f *pflag.FlagSet, name, dashes string) string {
	// cobra compares names of commands.
	names := &cobra.Command{SuggestionsMinimumDistance: 2}
	same := ""
	f.VisitAll(func(flag *pflag.Flag) {
		if flag.Shorthand == name || plain(flag.Name) == plain(name) {
			same = flag.Name
		}
		names.AddCommand(&cobra.Command{Use: flag.Name, Run: func(*cobra.Command, []string) {}})
	})
	similar := names.SuggestionsFor(name)
	switch {
	case same != "":
		similar = []string{same}
	case len(similar) == 0:
		return ": see stompbench --help-all"
	}
	return ": did you mean " + dashes + strings.Join(similar[:min(len(similar), 3)], " or "+dashes) + "?"
}

// plain removes what is easily confused in a name.
func plain(name string) string {
	return strings.TrimSuffix(strings.NewReplacer("-", "", "_", "").Replace(strings.ToLower(name)), "s")
}
