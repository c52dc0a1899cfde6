// Package flags is what the verbs of stompbench share of their command lines: values and how they are
// parsed, groups for the help, rules about flags that need others, environment variables, scenario
// files, and the flags that describe a load.
//
// A flag is declared once, by [Set.Add]: name, default, help, and a [Value] that knows its kind, its
// range and the words it takes. Help, completion, the manual and the range check derive from that.
//
// Imports: pflag and cobra for the flags, yaml for scenarios, and the packages of stompbench that
// define the syntax of values: workload, uri and slo.
package flags

import (
	"cmp"
	"slices"
	"strings"

	"github.com/spf13/pflag"
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
	if v.kind == "" {
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
