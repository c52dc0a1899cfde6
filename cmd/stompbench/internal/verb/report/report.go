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

// Command makes the verb report.
func Command(env *verb.Env) *cobra.Command {
	var out string
	var text bool
	cmd := &cobra.Command{
		Use: "report DIR...", Short: "make the page of results again; several are laid over each other", ValidArgsFunction: verb.Directories,
		RunE: func(_ *cobra.Command, args []string) error {
			if text {
				return printAll(env, args)
			}
			dir, write, err := pageOf(args)
			if err != nil {
				return err
			}
			return env.WriteTo(cmp.Or(out, filepath.Join(dir, verb.PageName)), write)
		},
	}
	f := flags.New(cmd.Flags())
	f.Add("out,o", "", "where to write the page; - is standard output; without it, next to the result", flags.Text(&out, "FILE"))
	f.Add("text", "false", "write the result as run writes it, and no page", flags.Switch(&text))
	f.Rename("output", "out")
	return cmd
}

// printAll writes the texts of results, or that of a search.
func printAll(env *verb.Env, args []string) error {
	if path, ok := searchIn(args); ok {
		rep, err := page.ReadSearch(path)
		if err != nil {
			return err
		}
		return env.Print(find.Text(rep))
	}
	all, err := verb.ReadAll(args)
	for i, r := range all {
		if i > 0 {
			fmt.Fprintln(env.Stdout)
		}
		err = cmp.Or(err, env.PrintReport(false, r))
	}
	return err
}

// pageOf returns the folder for the page of results or of a search, "" for the current one, and what
// writes it.
func pageOf(args []string) (dir string, write func(io.Writer) error, err error) {
	if path, ok := searchIn(args); ok {
		rep, err := page.ReadSearch(path)
		return filepath.Dir(path), func(w io.Writer) error { return page.WriteSearch(w, rep) }, err
	}
	all, err := verb.ReadAll(args)
	if err != nil {
		return "", nil, err
	}
	runs := make([]page.Run, len(all))
	for i, name := range verb.Names(args) {
		runs[i] = page.Run{Name: name, Result: all[i]}
	}
	if info, err := os.Stat(args[0]); err == nil && info.IsDir() && len(args) == 1 {
		dir = args[0]
	}
	return dir, func(w io.Writer) error { return page.Write(w, runs) }, nil
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
