// Package report is the verb report: it makes the page of results again.
package report

import (
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/flags"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/page"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/report"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/results"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/verb"
)

// settings are the values of the flags of report.
type settings struct {
	*verb.Env
	out  string
	text bool
}

// Command makes the verb report.
func Command(env *verb.Env) *cobra.Command {
	s := &settings{Env: env}
	cmd := &cobra.Command{Use: "report DIR...", Short: "make the page of results again; several are laid over each other", ValidArgsFunction: verb.Directories}
	cmd.RunE = func(_ *cobra.Command, args []string) error { return s.run(args) }
	f := flags.New(cmd.Flags())
	f.Add("out,o", "", "where to write the page; - is standard output; without it, next to the result", flags.Text(&s.out, "FILE"))
	f.Add("text", "false", "write the result as run writes it, and no page", flags.Switch(&s.text))
	f.Rename("output", "out")
	return cmd
}

func (s *settings) run(args []string) error {
	if path, ok := searchIn(args); ok {
		return s.search(path)
	}
	runs, err := verb.ReadAll(args)
	if err != nil {
		return err
	}
	if s.text {
		return s.writeText(runs)
	}
	named := make([]page.Run, len(runs))
	for i, name := range verb.Names(args) {
		named[i] = page.Run{Name: name, Result: runs[i]}
	}
	return s.WriteTo(target(s.out, args), func(w io.Writer) error { return page.Write(w, named) })
}

// writeText writes results as run writes them.
func (s *settings) writeText(runs []*results.Result) error {
	for i, r := range runs {
		if i > 0 {
			fmt.Fprintln(s.Stdout)
		}
		if err := r.WriteText(s.Stdout, report.Style{Color: verb.ScreenOf(s.Stdout).Color}); err != nil {
			return fmt.Errorf("cannot write the result: %w", err)
		}
	}
	return nil
}

// target returns the file for the page: next to the result, if it is of one folder.
func target(out string, inputs []string) string {
	if out == "" && len(inputs) == 1 {
		if info, err := os.Stat(inputs[0]); err == nil && info.IsDir() {
			return filepath.Join(inputs[0], verb.PageName)
		}
	}
	if out == "" {
		return verb.PageName
	}
	return out
}
