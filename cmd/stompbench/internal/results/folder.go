package results

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/metric"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/report"
)

// Name is the file that contains everything.
const Name = "result.json"

// ErrTaken: the folder contains a result already.
var ErrTaken = errors.New("holds a result already")

// cannotWrite says why a result cannot be written to a folder.
func cannotWrite(dir string, err error) error {
	return fmt.Errorf("cannot write results to %s: %w: name a folder that can be written", dir, reason(err))
}

// reason removes what a path error repeats.
func reason(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}

// Prepare makes the folder and checks that a result can be written to it and that it contains none.
func Prepare(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return cannotWrite(dir, err)
	}
	if _, err := os.Lstat(filepath.Join(dir, Name)); err == nil {
		return fmt.Errorf("%s %w: name another folder, or remove %s from it", dir, ErrTaken, Name)
	}
	probe, err := os.CreateTemp(dir, ".stompbench-*")
	if err != nil {
		return cannotWrite(dir, err)
	}
	_ = probe.Close()
	return os.Remove(probe.Name())
}

// File is a file to be written, with its writer.
type File struct {
	Name  string
	Write func(io.Writer) error
}

// Write writes all files of the result, and more files, to a folder. result.json is written last: if
// it exists, all files do.
func (r *Result) Write(dir string, more ...File) error {
	files := []File{{"series.csv", r.WriteCSV}}
	for _, kind := range metric.Latencies() {
		_, measured := r.Histograms[kind]
		if measured || r.Series.Has(kind) {
			files = append(files, File{string(kind) + ".hlog", func(w io.Writer) error { return r.WriteLog(w, kind) }})
		}
		if measured {
			files = append(files, File{string(kind) + ".hgrm", func(w io.Writer) error { return r.Histogram(kind).WritePercentiles(w, ticks) }})
		}
	}
	all := append(files, more...)
	return WriteFiles(dir, append(all, File{Name, func(w io.Writer) error { return report.WriteObject(w, r) }})...)
}

// WriteFiles writes files to a folder, one after the other. Each is complete or absent.
func WriteFiles(dir string, files ...File) error {
	for _, f := range files {
		if err := WriteFile(filepath.Join(dir, f.Name), f.Write); err != nil {
			return cannotWrite(dir, err)
		}
	}
	return nil
}

// WriteFile writes a file that is complete or absent.
func WriteFile(name string, write func(io.Writer) error) error {
	f, err := os.CreateTemp(filepath.Dir(name), ".stompbench-*")
	if err != nil {
		return err
	}
	defer func() {
		_ = f.Close()
		_ = os.Remove(f.Name()) // there is none after the renaming
	}()
	if err := write(f); err != nil {
		return err
	}
	if err := f.Chmod(0o644); err != nil && !errors.Is(err, errors.ErrUnsupported) {
		return err
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), name)
}
