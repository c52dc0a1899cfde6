package cli

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/pflag"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/completion"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/metric"
)

// described is the command line as completion and the manual describe it.
func described() *completion.Command {
	d := &completion.Command{
		Name: "stompbench", Summary: "send load to a STOMP broker and account for every message", Exits: exits,
		Notes: []string{
			"Each flag of run, find, sweep, failover and churn can also be set by an environment variable: STOMPBENCH_CONSUME_FROM for --consume-from, and so on. " +
				"STOMPBENCH_PASSCODE holds a password that the URI leaves out. NO_COLOR turns colours off.",
			"The result goes to standard output, everything else to standard error.",
			"Metrics of --slo: " + metrics() + ".",
			"With calibrate --save, what this machine can send is kept in the user's cache directory, and run says how near it came to that.",
		},
	}
	for _, v := range verbs() {
		x := completion.Verb{Name: v.name, Summary: v.summary}
		if v.flags != nil {
			v.flags().VisitAll(func(f *pflag.Flag) { x.Flags = append(x.Flags, describe(f)) })
		}
		switch v.name {
		case "completion":
			x.Args = completion.Shells
		case "report", "compare", "merge":
			x.Dirs = true
		}
		d.Verbs = append(d.Verbs, x)
	}
	return d
}

// choices are the possible values of flags that have only a few.
var choices = map[string][]string{
	"ack":      {"auto", "client", "client-individual"},
	"delivery": {"auto", "shared", "each"},
	"stomp":    {"1.0", "1.1", "1.2"},

	"header-values": {"random", "fixed"},
	"slo":           metric.Names(), // what a condition begins with
}

func describe(f *pflag.Flag) completion.Flag {
	d := completion.Flag{Name: f.Name, Letter: f.Shorthand, Help: f.Usage, Values: choices[f.Name], Default: f.DefValue}
	if d.Kind = f.Value.Type(); d.Kind == "bool" {
		d.Kind, d.Default = "", ""
	}
	d.Dir = d.Kind == "DIR"
	return d
}

// completion is the verb completion.
func (c *command) completion(_ context.Context, args []string) int {
	if len(args) == 1 {
		if script, ok := described().Script(args[0]); ok {
			return c.print(script)
		}
	}
	return c.fail(usage("which shell? Write stompbench completion bash, zsh or fish"))
}

// man is the verb man.
func (c *command) man(_ context.Context, args []string) int {
	if len(args) > 0 {
		return c.fail(usage("%q is too much: write stompbench man, and pipe it into man -l -", args[0]))
	}
	return c.print(described().Man(Version()))
}

func (c *command) print(text string) int {
	if _, err := io.WriteString(c.stdout, text); err != nil {
		return c.fail(fmt.Errorf("cannot write: %w", err))
	}
	return ExitOK
}
