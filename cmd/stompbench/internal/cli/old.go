package cli

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/verb/report"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/flags"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/verb"
)

// This file lets verbs that have no package yet run below cobra.

type command struct {
	stdout, stderr io.Writer
	env            *verb.Env
	cobra          *cobra.Command
}

func old(name, short string, makeFlags func() *pflag.FlagSet, run func(*command, context.Context, []string) int) func(*verb.Env) *cobra.Command {
	return func(env *verb.Env) *cobra.Command {
		cmd := &cobra.Command{Use: name, Short: short, DisableFlagParsing: true}
		cmd.Flags().SortFlags = false
		makeFlags().VisitAll(func(f *pflag.Flag) { cmd.Flags().AddFlag(f) })
		cmd.RunE = func(cmd *cobra.Command, args []string) error {
			c := &command{env: env, stdout: env.Stdout, stderr: env.Stderr, cobra: cmd}
			return verb.Code(run(c, cmd.Context(), args))
		}
		return cmd
	}
}

type settings = flags.Load

type value = flags.Value

var usage = flags.Usage

const (
	defaultDestination = flags.DefaultDestination
	defaultTimeout     = flags.DefaultDrainTimeout
	helpWidthOld       = helpWidth
)

func (c *command) fail(err error) int            { return c.env.Fail(err) }
func (c *command) progress(quiet bool) io.Writer { return c.env.Progress(quiet) }
func (c *command) print(text string) int         { return c.env.Fail(c.env.Print(text)) }
func (c *command) printObject(v any) int         { return c.env.Fail(c.env.PrintObject(v)) }
func asUsage(err error) error                    { return flags.Usage("%s", strings.TrimSuffix(err.Error(), "\n")) }
func newFlagSet(name string) *pflag.FlagSet {
	f := sorted()
	f.Usage = func() {}
	f.BoolP("help", "h", false, "show help")
	return f
}

func borrow(f, from *pflag.FlagSet, names ...string) { flags.New(f).Borrow(from, names...) }

// parse parses the flags of a verb; done says that there is nothing more to do.
func (c *command) parse(f *pflag.FlagSet, args []string) (code int, done bool) {
	if err := f.Parse(args); err != nil {
		return c.fail(flags.Explain(c.cobra, err)), true
	}
	if help, _ := f.GetBool("help"); help {
		return c.print(helpOf(c.cobra)), true
	}
	return 0, false
}

// planOf reads the flags and the environment of a verb, and completes its plan; done says that there
// is nothing more to do.
func (c *command) planOf(f *pflag.FlagSet, args []string, complete func(*pflag.FlagSet) ([]string, error)) (notes []string, code int, done bool) {
	if code, done = c.parse(f, args); done {
		return nil, code, true
	}
	err := flags.FromEnvironment(c.with(f))
	if err == nil {
		notes, err = complete(f)
	}
	if err != nil {
		return nil, c.fail(err), true
	}
	return notes, verb.ExitOK, false
}

// with returns a command next to the current one that has the flags f.
func (c *command) with(f *pflag.FlagSet) *cobra.Command {
	one := &cobra.Command{Use: fmt.Sprint("with-", c.cobra.Name())}
	f.VisitAll(func(flag *pflag.Flag) { one.Flags().AddFlag(flag) })
	c.cobra.Root().AddCommand(one)
	return one
}

func init() { report.SearchText = searchText }
