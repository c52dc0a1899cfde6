// Package report is the verb report: it makes the page of results, or that of a search, again.
package report

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/flags"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/page"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/results"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/verb"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/verb/find"
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
	cmd := &cobra.Command{
		Use: "report DIR...", Short: "make the page of results again; several are laid over each other", ValidArgsFunction: verb.Directories,
		RunE: func(_ *cobra.Command, args []string) error { return s.run(args) },
	}
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
	named := make([]page.Run, len(runs))
	for i, name := range verb.Names(args) {
		named[i] = page.Run{Name: name, Result: runs[i]}
		if !s.text {
			continue
		}
		if i > 0 {
			fmt.Fprintln(s.Stdout)
		}
		if err := s.PrintReport(false, runs[i]); err != nil {
			return err
		}
	}
	if s.text {
		return nil
	}
	dir := ""
	if info, err := os.Stat(args[0]); err == nil && info.IsDir() && len(args) == 1 {
		dir = args[0]
	}
	return s.writePage(dir, func(w io.Writer) error { return page.Write(w, named) })
}

// writePage writes a page to --out, by default into dir.
func (s *settings) writePage(dir string, write func(io.Writer) error) error {
	return s.WriteTo(cmp.Or(s.out, filepath.Join(dir, verb.PageName)), write)
}

// searchIn returns the find.json that report is asked for: that of a folder without result.json, or
// the file itself.
func searchIn(args []string) (path string, ok bool) {
	if len(args) != 1 {
		return "", false
	}
	if path = args[0]; filepath.Base(path) != find.FileName {
		path = filepath.Join(path, find.FileName)
	}
	_, search := os.Stat(path)
	_, result := os.Stat(filepath.Join(args[0], results.Name))
	return path, search == nil && result != nil
}

// search writes the page of a search again, or its text.
func (s *settings) search(path string) error {
	rep, err := page.ReadSearch(path)
	switch {
	case err != nil:
		return err
	case s.text:
		return s.Print(find.Text(rep))
	}
	return s.writePage(filepath.Dir(path), func(w io.Writer) error { return page.WriteSearch(w, rep) })
}
