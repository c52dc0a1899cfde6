package verb

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

// Keeper writes the files of a run, if a folder was given.
type Keeper struct {
	dir      string // "" to keep nothing
	recorder *series.Recorder
}

// KeepIn checks that dir can be written before the run begins.
func KeepIn(dir string) (*Keeper, error) {
	if dir == "" {
		return &Keeper{}, nil
	}
	if err := results.Prepare(dir); err != nil {
		return nil, err
	}
	return Record(dir), nil
}

// Record returns a Keeper that records samples even if dir is "", which it does not check.
func Record(dir string) *Keeper { return &Keeper{dir: dir, recorder: series.NewRecorder()} }

// Sample records a sample and passes it on.
func (k *Keeper) Sample(next func(*load.Sample)) func(*load.Sample) {
	if k.recorder == nil {
		return next
	}
	return func(s *load.Sample) {
		k.recorder.Add(s)
		next(s)
	}
}

// Keep writes all files to the folder, and says so to progress.
func (k *Keeper) Keep(progress io.Writer, rep *report.Report, result *load.Result) error {
	if k.recorder == nil {
		return nil
	}
	if err := WriteFolder(k.dir, k.Result(rep, result)); err != nil {
		return err
	}
	fmt.Fprintf(progress, "\nkept in %s\n", k.dir)
	return nil
}

// Result returns the report with everything that was recorded.
func (k *Keeper) Result(rep *report.Report, result *load.Result) *results.Result {
	return results.New(rep, result, k.recorder.Series())
}

// PageName is the name of the page next to its result.
const PageName = "report.html"

// WriteFolder writes all files of a result.
func WriteFolder(dir string, r *results.Result) error {
	return r.Write(dir, results.File{Name: PageName, Write: func(w io.Writer) error {
		return page.Write(w, []page.Run{{Name: filepath.Base(dir), Result: r}})
	}})
}
