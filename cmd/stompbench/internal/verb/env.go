package verb

import (
	"context"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"golang.org/x/term"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/flags"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/live"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/report"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/results"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/workload"
	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/frame"
)

// Env is the streams of a verb: the result goes to Stdout, everything else to Stderr.
type Env struct{ Stdout, Stderr io.Writer }

// Progress returns the stream for the live lines.
func (e *Env) Progress(quiet bool) io.Writer {
	if quiet {
		return io.Discard
	}
	return e.Stderr
}

// Print writes the result.
func (e *Env) Print(text string) error {
	_, err := io.WriteString(e.Stdout, report.Printable(text))
	return written(err)
}

// Tell writes the result, as JSON or as text.
func (e *Env) Tell(asJSON bool, object any, text func() string) error {
	if asJSON {
		return written(report.WriteObject(e.Stdout, object))
	}
	return e.Print(text())
}

// PrintReport writes the result of a run, as JSON or as text.
func (e *Env) PrintReport(asJSON bool, r *results.Result) error {
	return e.Tell(asJSON, r.Summary(), func() string {
		var b strings.Builder
		_ = r.WriteText(&b, report.Style{Color: ScreenOf(e.Stdout).Color}) // a Builder cannot fail
		return b.String()
	})
}

// WriteTo writes the result to a file; "" and - are Stdout.
func (e *Env) WriteTo(path string, write func(io.Writer) error) error {
	if path == "" || path == "-" {
		return written(write(e.Stdout))
	}
	if err := results.WriteFile(path, write); err != nil {
		return fmt.Errorf("cannot write the result: %w: name another file with --out", err)
	}
	fmt.Fprintln(e.Stderr, "written:", path)
	return nil
}

func written(err error) error {
	if err != nil {
		return fmt.Errorf("cannot write the result: %w", err)
	}
	return nil
}

// ScreenOf returns what a stream can do: nothing, unless it is a terminal.
func ScreenOf(w io.Writer) live.Options {
	file, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(file.Fd())) {
		return live.Options{}
	}
	_, plain := os.LookupEnv("NO_COLOR")
	able := os.Getenv("TERM") != "dumb"
	return live.Options{Terminal: able, Color: able && !plain, Width: func() int {
		width, _, err := term.GetSize(int(file.Fd()))
		if err != nil {
			return 0
		}
		return width
	}}
}

// NoArgs refuses arguments that are no flags.
func NoArgs(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	return flags.Unexpected(args[0], ": see "+cmd.CommandPath()+" --help")
}

// Version returns the version of the module that this program was built from.
func Version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" {
		return "(devel)"
	}
	return info.Main.Version
}

// Directories tells completion that the arguments of a verb are folders.
func Directories(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
	return nil, cobra.ShellCompDirectiveFilterDirs
}

// Steps are the parts of a verb that sends load.
type Steps struct {
	// Complete completes the plan, and finds flags that contradict each other. If nil, it is that of the load.
	Complete func(f *pflag.FlagSet) (notes []string, err error)
	Check    func(f *pflag.FlagSet) error // of a complete plan; may be nil
	Plan     func(notes []string) any     // for --dry-run --json
	Text     func(notes []string) string  // for --dry-run
	Run      func(ctx context.Context) error
}

// RunE returns the RunE of a command with these steps and the flags of l.
func (e *Env) RunE(l *flags.Load, s Steps) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, _ []string) error {
		if err := l.Read(cmd); err != nil {
			return err
		}
		if s.Complete == nil {
			s.Complete = l.Complete
		}
		notes, err := s.Complete(cmd.Flags())
		if err == nil && s.Check != nil {
			err = s.Check(cmd.Flags())
		}
		switch {
		case err != nil:
			return err
		case l.DryRun:
			return e.Tell(l.JSON, s.Plan(notes), func() string { return s.Text(notes) })
		}
		return s.Run(cmd.Context())
	}
}

// Head is what the result of a verb with a driver of its own begins with.
type Head struct{ results.Head }

// HeadOf begins the result of a verb. p is nil for several plans.
func HeadOf(verb string, p *workload.Plan) Head {
	h := Head{results.Head{Schema: 1, Tool: "stompbench " + verb, Version: Version()}}
	if p != nil {
		h.Broker = results.Broker{URI: p.Broker.String(), Embedded: p.Embedded}
	}
	return h
}

// Met adds what the broker said of itself.
func (h *Head) Met(s conn.Session) {
	h.Broker.Server, h.Broker.STOMP = s.Headers.Get(frame.HeaderServer), s.Version.String()
}

// Begin begins the text of a result.
func (h *Head) Begin() *Rows {
	r := new(Rows)
	if h.Partial {
		r.WriteString("PARTIAL RESULT: interrupted\n")
	}
	r.WriteByte('\n')
	return r
}
