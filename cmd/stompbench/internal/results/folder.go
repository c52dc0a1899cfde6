package results

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/series"
)

// Name is the file that contains everything.
const Name = "result.json"

// ErrTaken: the folder contains a result already.
var ErrTaken = errors.New("it holds a result already")

// FolderError says why a result cannot be written to a folder.
type FolderError struct {
	Dir string
	Err error
}

func (e *FolderError) Error() string {
	if errors.Is(e.Err, ErrTaken) {
		return fmt.Sprintf("%s holds a result already: name another folder, or remove %s from it", e.Dir, Name)
	}
	return fmt.Sprintf("cannot write results to %s: %v: name a folder that can be written", e.Dir, reason(e.Err))
}

// Unwrap returns the cause.
func (e *FolderError) Unwrap() error { return e.Err }

// reason removes what a path error repeats.
func reason(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}

// Prepare makes the folder and checks that a result can be written to it and that it contains none.
// The error is a [*FolderError].
func Prepare(dir string) error {
	if err := prepare(dir); err != nil {
		return &FolderError{dir, err}
	}
	return nil
}

func prepare(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	if _, err := os.Lstat(filepath.Join(dir, Name)); err == nil {
		return ErrTaken
	}
	probe, err := os.CreateTemp(dir, ".stompbench-*")
	if err != nil {
		return err
	}
	_ = probe.Close()
	return os.Remove(probe.Name())
}

// File is a file to be written, with its writer.
type File struct {
	Name  string
	Write func(io.Writer) error
}

// Write writes all files of the result, and more files, to a folder. Each file is complete or
// absent. result.json is written last: if it exists, all files do. The error is a [*FolderError].
func (r *Result) Write(dir string, more ...File) error {
	files := append(r.files(), more...)
	for _, f := range append(files, File{Name, r.WriteJSON}) {
		if err := WriteFile(filepath.Join(dir, f.Name), f.Write); err != nil {
			return &FolderError{dir, err}
		}
	}
	return nil
}

// WriteFile writes a file that is complete or absent.
func WriteFile(name string, write func(io.Writer) error) (err error) {
	f, err := os.CreateTemp(filepath.Dir(name), ".stompbench-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = f.Close()
			_ = os.Remove(f.Name())
		}
	}()
	if err := write(f); err != nil {
		return err
	}
	if err := f.Chmod(0o644); err != nil && !errors.Is(err, errors.ErrUnsupported) {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), name)
}

// files returns the files of the result except result.json.
func (r *Result) files() []File {
	files := []File{{"series.csv", r.WriteCSV}}
	for _, kind := range series.Kinds() {
		_, measured := r.Histograms[kind]
		if measured || r.Series.HasWarmup(kind) {
			files = append(files, File{string(kind) + ".hlog", func(w io.Writer) error { return r.WriteLog(w, kind) }})
		}
		if measured {
			files = append(files, File{string(kind) + ".hgrm", func(w io.Writer) error { return r.WritePercentiles(w, kind) }})
		}
	}
	return files
}
