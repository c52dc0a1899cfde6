package report

import (
	"io"
	"os"
	"path/filepath"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/page"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/results"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/verb"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/verb/find"
)

// searchIn returns the find.json that report is asked for: that of a folder without result.json, or
// the file itself.
func searchIn(args []string) (path string, ok bool) {
	if len(args) != 1 {
		return "", false
	}
	path = args[0]
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		if _, err := os.Stat(filepath.Join(path, results.Name)); err == nil {
			return "", false
		}
		path = filepath.Join(path, find.FileName)
	}
	_, err := os.Stat(path)
	return path, err == nil && filepath.Base(path) == find.FileName
}

// search writes the page of a search again, or its text.
func (s *settings) search(path string) error {
	rep, err := page.ReadSearch(path)
	if err != nil {
		return err
	}
	if s.text {
		return s.Print(find.Text(rep))
	}
	out := s.out
	if out == "" {
		out = filepath.Join(filepath.Dir(path), verb.PageName)
	}
	return s.WriteTo(out, func(w io.Writer) error { return page.WriteSearch(w, rep) })
}
