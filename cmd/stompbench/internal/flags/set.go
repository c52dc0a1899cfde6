package flags

import (
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

// Annotations of a flag.
const (
	GroupKey  = "group"
	CommonKey = "common" // the flag is in the short help
)

// Add adds a flag. Its name may be followed by a comma and a letter. def is the text of its default.
func (s *Set) Add(name, def, help string, v *Value) {
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

// Common marks flags for the short help.
func (s *Set) Common(names ...string) {
	for _, name := range names {
		s.Lookup(name).Annotations[CommonKey] = nil
	}
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
		v, ok := flag.Value.(*Value)
		if !ok || to.Lookup(flag.Name) == nil {
			return
		}
		for _, text := range v.texts {
			if e := to.Set(flag.Name, text); e != nil && err == nil {
				err = Usage("%s", reason(e))
			}
		}
	})
	return err
}
