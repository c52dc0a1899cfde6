package cli

import (
	"fmt"
	"io"
	"path/filepath"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/load"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/page"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/report"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/results"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/series"
)

// keeper writes the files of a run, if a folder was given.
type keeper struct {
	dir      string // "" to keep nothing
	recorder *series.Recorder
}

// keepIn checks that dir can be written before the run begins.
func keepIn(dir string) (*keeper, error) {
	if dir == "" {
		return &keeper{}, nil
	}
	if err := results.Prepare(dir); err != nil {
		return nil, err
	}
	return &keeper{dir: dir, recorder: series.NewRecorder()}, nil
}

// sample records a sample and passes it on.
func (k *keeper) sample(next func(*load.Sample)) func(*load.Sample) {
	if k.recorder == nil {
		return next
	}
	return func(s *load.Sample) {
		k.recorder.Add(s)
		next(s)
	}
}

// write writes all files to the folder.
func (c *command) keep(k *keeper, quiet bool, rep *report.Report, result *load.Result) error {
	if k.recorder == nil {
		return nil
	}
	if err := writeFolder(k.dir, results.New(rep, result, k.recorder.Series())); err != nil {
		return err
	}
	if !quiet {
		fmt.Fprintf(c.stderr, "\nkept in %s\n", k.dir)
	}
	return nil
}

// writeFolder writes all files of a result.
func writeFolder(dir string, r *results.Result) error {
	return r.Write(dir, results.File{Name: pageName, Write: func(w io.Writer) error {
		return page.Write(w, []page.Run{{Name: filepath.Base(dir), Result: r}})
	}})
}
