package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/pflag"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/page"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/report"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/results"
)

// pageName is the name of the page next to its result.
const pageName = "report.html"

// reporting is the values of the flags of report.
type reporting struct {
	output string
	text   bool
}

func newReportFlags() (*pflag.FlagSet, *reporting) {
	s := &reporting{}
	f := newFlagSet("report")
	output := parsed(&s.output, asIs)
	output.kind = "FILE"
	f.VarP(output, "output", "o", "where to write the page; - is standard output")
	addSwitch(f, &s.text, "text", "", "write the result as run writes it, and no page")
	return f, s
}

// report is the verb report: it writes the page again, of one result or of several overlaid.
func (c *command) report(_ context.Context, args []string) int {
	f, s := newReportFlags()
	if code, done := c.parse(f, args); done {
		return code
	}
	if path, ok := searchIn(f.Args()); ok {
		return c.reportSearch(path, s)
	}
	runs, err := readAll(f.Args())
	if err != nil {
		return c.fail(err)
	}
	if s.text {
		return c.text(runs)
	}
	named := make([]page.Run, len(runs))
	for i, name := range names(f.Args()) {
		named[i] = page.Run{Name: name, Result: runs[i]}
	}
	return c.writePage(target(s.output, f.Args()), func(w io.Writer) error { return page.Write(w, named) })
}

// writePage writes a page to a file, or to standard output.
func (c *command) writePage(path string, write func(io.Writer) error) int {
	var err error
	switch path {
	case "-":
		err = write(c.stdout)
	default:
		if err = results.WriteFile(path, write); err == nil {
			fmt.Fprintln(c.stderr, "written:", path)
		}
	}
	if err != nil {
		return c.fail(fmt.Errorf("cannot write the page: %w: name another file with --output", err))
	}
	return ExitOK
}

// text writes results as run writes them.
func (c *command) text(runs []*results.Result) int {
	for i, r := range runs {
		if i > 0 {
			fmt.Fprintln(c.stdout)
		}
		if err := r.WriteText(c.stdout, report.Style{Color: screenOf(c.stdout).color}); err != nil {
			return c.fail(fmt.Errorf("cannot write the result: %w", err))
		}
	}
	return ExitOK
}

// target returns the file for the page: next to the result, if it is of one folder.
func target(out string, inputs []string) string {
	if out == "" && len(inputs) == 1 {
		if info, err := os.Stat(inputs[0]); err == nil && info.IsDir() {
			return filepath.Join(inputs[0], pageName)
		}
	}
	if out == "" {
		return pageName
	}
	return out
}

// readAll reads results; at least one is required.
func readAll(paths []string) (all []*results.Result, err error) {
	if len(paths) == 0 {
		return nil, usage("name the folder of a result, or its result.json: see stompbench --help")
	}
	for _, path := range paths {
		r, err := results.Read(path)
		if err != nil {
			return nil, explainRead(err)
		}
		all = append(all, r)
	}
	return all, nil
}

func explainRead(err error) error {
	if errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("%w: name the folder that --out wrote", err)
	}
	return err
}

// names returns names for the inputs, as short as they can be without being ambiguous.
func names(paths []string) []string {
	out := make([]string, len(paths))
	for depth := 1; depth < 64; depth++ {
		seen := map[string]bool{}
		for i, path := range paths {
			out[i] = tail(path, depth)
			seen[out[i]] = true
		}
		if len(seen) == len(paths) {
			return out
		}
	}
	for i := range out { // the same input twice
		out[i] = fmt.Sprintf("%s (%d)", tail(paths[i], 1), i+1)
	}
	return out
}

// tail returns the last elements of the path of a result's folder.
func tail(path string, depth int) string {
	path, err := filepath.Abs(path)
	if err != nil {
		return path
	}
	if filepath.Base(path) == results.Name {
		path = filepath.Dir(path)
	}
	rest := path
	for range depth {
		rest = filepath.Dir(rest)
	}
	short, err := filepath.Rel(rest, path)
	if err != nil {
		return path
	}
	return filepath.ToSlash(short)
}
