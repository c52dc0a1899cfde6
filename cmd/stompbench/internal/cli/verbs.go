package cli

import (
	"context"
	"fmt"

	"github.com/spf13/pflag"
)

// verb is a command of stompbench.
type verb struct {
	name, summary string
	// flags returns the flags of the verb, for help and completion; nil if it has none.
	flags func() *pflag.FlagSet
	run   func(c *command, ctx context.Context, args []string) int
}

// verbs lists all verbs. The first one is the default.
func verbs() []verb {
	return []verb{
		{"run", "send, receive, and report", func() *pflag.FlagSet { f, _ := newFlags(); return f }, (*command).run},
		{"find", "search for the highest rate that meets an SLO, and say how sure it is", func() *pflag.FlagSet { f, _ := newFindFlags(); return f }, (*command).find},
		{"sweep", "run once for each value of a flag, and put the results into one table", func() *pflag.FlagSet { f, _ := newSweepFlags(); return f }, (*command).sweep},
		{"failover", "send at a steady rate while the broker restarts", func() *pflag.FlagSet { f, _ := newFailoverFlags(); return f }, (*command).failover},
		{"churn", "open and close connections and subscriptions", func() *pflag.FlagSet { f, _ := newChurnFlags(); return f }, (*command).churn},
		{"calibrate", "measure what this machine can send at all", func() *pflag.FlagSet { f, _ := newCalibrateFlags(); return f }, (*command).calibrate},
		{"broker", "run the embedded broker alone", func() *pflag.FlagSet { f, _ := newBrokerFlags(); return f }, (*command).broker},
		{"report", "make the page of results again", func() *pflag.FlagSet { f, _ := newReportFlags(); return f }, (*command).report},
		{"compare", "tell the difference between results from noise", func() *pflag.FlagSet { f, _ := newCompareFlags(); return f }, (*command).compare},
		{"merge", "make one result of those of several machines", func() *pflag.FlagSet { f, _ := newMergeFlags(); return f }, (*command).merge},
		{"schema", "print the JSON Schema of result.json", nil, (*command).schema},
		{"completion", "write a completion script for bash, zsh or fish", nil, (*command).completion},
		{"man", "write the manual page", nil, (*command).man},
		{"version", "show the version", nil, func(c *command, _ context.Context, _ []string) int { return c.version() }},
		{"help", "show the help", nil, func(c *command, _ context.Context, _ []string) int { return c.help() }},
	}
}

func findVerb(name string) (verb, bool) {
	for _, v := range verbs() {
		if v.name == name {
			return v, true
		}
	}
	return verb{}, false
}

// newFlagSet returns an empty flag set for a verb.
func newFlagSet(name string) *pflag.FlagSet {
	f := pflag.NewFlagSet("stompbench "+name, pflag.ContinueOnError)
	f.SortFlags = false
	f.Usage = func() {}
	f.BoolP("help", "h", false, "show help")
	return f
}

// borrow adds flags of run to those of another verb.
func borrow(f, from *pflag.FlagSet, names ...string) {
	for _, name := range names {
		f.AddFlag(from.Lookup(name))
	}
}

// tlsFlags are the flags of a connection with TLS.
var tlsFlags = []string{"tls-ca", "tls-cert", "tls-key", "tls-server-name", "tls-insecure"}

// helpVerb prints the help of the current verb.
func (c *command) helpVerb(f *pflag.FlagSet) int {
	if c.verb.name == "run" {
		return c.help()
	}
	return c.print(fmt.Sprintf("stompbench %s: %s\n\nFlags:\n%s", c.verb.name, c.verb.summary, f.FlagUsagesWrapped(helpWidth)))
}
