package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime/debug"

	"github.com/spf13/pflag"
)

// command is one invocation.
type command struct {
	stdout, stderr io.Writer
	verb           verb // the verb that is carried out
}

// progress returns the stream for the live lines.
func (c *command) progress(quiet bool) io.Writer {
	if quiet {
		return io.Discard
	}
	return c.stderr
}

// Run runs stompbench with the arguments after its name and returns the exit code. When ctx ends it
// stops sending, receives what is on its way, and reports.
func Run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	c := &command{stdout: stdout, stderr: stderr}
	name := "run"
	if len(args) > 0 && args[0] != "" && args[0][0] != '-' {
		name, args = args[0], args[1:]
	}
	if v, ok := findVerb(name); ok {
		c.verb = v
		return v.run(c, ctx, args)
	}
	return c.fail(usage("there is no command %q: see stompbench --help", name))
}

func (c *command) version() int {
	return c.print("stompbench " + Version() + "\n")
}

// Version returns the version of the module that this program was built from.
func Version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" {
		return "(devel)"
	}
	return info.Main.Version
}

// fail writes the error as one sentence and returns its exit code.
func (c *command) fail(err error) int {
	if errors.Is(err, pflag.ErrHelp) {
		return c.help()
	}
	fmt.Fprintln(c.stderr, "stompbench:", sentence(err))
	if isUsage(err) {
		return ExitUsage
	}
	return ExitCannotRun
}

// parse parses the flags of a verb; done says that there is nothing more to do.
func (c *command) parse(f *pflag.FlagSet, args []string) (code int, done bool) {
	if err := f.Parse(args); err != nil {
		return c.fail(asUsage(err)), true
	}
	if help, _ := f.GetBool("help"); help {
		return c.helpVerb(f), true
	}
	if f.Lookup("help-all") != nil {
		if all, _ := f.GetBool("help-all"); all {
			return c.helpAll(), true
		}
	}
	if f.Lookup("version") != nil {
		if version, _ := f.GetBool("version"); version {
			return c.version(), true
		}
	}
	return 0, false
}

// planOf reads the flags and the environment of a verb, and completes its plan; done says that there
// is nothing more to do.
func (c *command) planOf(f *pflag.FlagSet, args []string, complete func(*pflag.FlagSet) ([]string, error)) (notes []string, code int, done bool) {
	if code, done = c.parse(f, args); done {
		return nil, code, true
	}
	err := fromEnvironment(f)
	if err == nil {
		notes, err = complete(f)
	}
	if err != nil {
		return nil, c.fail(err), true
	}
	return notes, ExitOK, false
}

// asError is errors.As for one type.
func asError[T error](err error, target *T) bool { return errors.As(err, target) }
