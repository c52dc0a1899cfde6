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

// Keeper records a run and writes its files, if a folder was given.
type Keeper struct {
	dir      string           // "" to write nothing
	recorder *series.Recorder // nil to record nothing
}

// KeepIn returns a Keeper that writes to dir. It checks now that it can. Without dir it does nothing.
func KeepIn(dir string) (*Keeper, error) {
	if dir == "" {
		return &Keeper{}, nil
	}
	return Record(dir)
}

// Record is KeepIn, but also records without dir.
func Record(dir string) (*Keeper, error) {
	if dir != "" {
		if err := results.Prepare(dir); err != nil {
			return nil, err
		}
	}
	return &Keeper{dir: dir, recorder: series.NewRecorder()}, nil
}

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
	if k.dir == "" {
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
