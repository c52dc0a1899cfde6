// Package flags is what the verbs of stompbench share of their command lines.
//
// A flag is declared once, by [Set.Add]: name, default, help, and a [Value] that knows its kind, its
// range and the words it takes. Help, completion, the manual and the range check derive from that.
//
// Imports: pflag and cobra for the flags, yaml for scenarios, and the packages of stompbench that
// define the syntax of values: workload, uri and slo.
package flags

import (
	"cmp"
	"errors"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/workload"
)

// Set is the flags of a verb. They keep their order, and belong to groups in the help.
type Set struct {
	*pflag.FlagSet
	Group string // of the flags that are added next
}

// New returns a Set that adds to f.
func New(f *pflag.FlagSet) *Set {
	f.SortFlags = false
	return &Set{FlagSet: f, Group: "Flags"}
}

// GroupKey is the annotation that holds the group of a flag.
const GroupKey = "group"

// Add adds a flag and sets its value to def, unless that is "". The name may be followed by a comma
// and a letter.
func (s *Set) Add(name, def, help string, v *Value) {
	if def != "" {
		if err := v.set(def); err != nil {
			panic("--" + name + ": " + err.Error())
		}
	}
	v.text = def
	name, letter, _ := strings.Cut(name, ",")
	flag := s.VarPF(v, name, letter, help)
	flag.Annotations = map[string][]string{GroupKey: {s.Group}}
	if v.kind == "bool" {
		flag.NoOptDefVal = "true"
	}
}

// Rename keeps the old name of a flag working, without showing it.
func (s *Set) Rename(old, name string) {
	s.SetNormalizeFunc(func(_ *pflag.FlagSet, given string) pflag.NormalizedName {
		if given == old {
			given = name
		}
		return pflag.NormalizedName(given)
	})
}

// Borrow adds flags of another set, with the values that they fill.
func (s *Set) Borrow(from *pflag.FlagSet, names ...string) {
	for _, name := range names {
		s.AddFlag(from.Lookup(name))
	}
}

// BorrowAll adds all flags of another set, except those that are there already and those named.
func (s *Set) BorrowAll(from *pflag.FlagSet, except ...string) {
	from.VisitAll(func(flag *pflag.Flag) {
		if s.Lookup(flag.Name) == nil && !slices.Contains(except, flag.Name) {
			s.AddFlag(flag)
		}
	})
}

// Replay sets in one set what was set in another one, in the same order.
func Replay(to, from *pflag.FlagSet) (err error) {
	from.Visit(func(flag *pflag.Flag) {
		if v, ok := flag.Value.(*Value); ok && to.Lookup(flag.Name) != nil {
			for _, text := range v.texts {
				err = cmp.Or(err, assign(to, flag.Name, text))
			}
		}
	})
	return err
}

// Refuse returns a usage error about the first of the named flags that is set, if bad. Its text is
// "--flag " and the reason.
func Refuse(f *pflag.FlagSet, bad bool, reason string, names ...string) error {
	for _, name := range names {
		if bad && f.Changed(name) {
			return Usage("--%s %s", name, reason)
		}
	}
	return nil
}

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
	bad, wrong := errors.AsType[*pflag.InvalidValueError](err)
	unknown, ok := errors.AsType[*pflag.NotExistError](err)
	switch {
	case wrong:
		return Usage("--%s: %v", bad.GetFlag().Name, bad.Unwrap())
	case !ok:
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
