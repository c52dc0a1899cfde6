package verb

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/flags"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/page"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/report"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/results"
)

// ReadAll reads results; at least one is required.
func ReadAll(paths []string) (all []*results.Result, err error) {
	if len(paths) == 0 {
		return nil, flags.Usage("name the folder of a result, or its result.json: see stompbench --help")
	}
	for _, path := range paths {
		r, err := results.Read(path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil, fmt.Errorf("%w: name the folder that --out wrote", err)
		case err != nil:
			return nil, err
		}
		all = append(all, r)
	}
	return all, nil
}

// Below returns the folders of results inside a folder that is not a result itself.
func Below(path string) []string {
	_, err := os.Stat(filepath.Join(path, results.Name))
	inner, _ := fs.Glob(os.DirFS(path), "*/"+results.Name) // without any, path is all there is
	if err == nil || len(inner) == 0 {
		return []string{path}
	}
	for i, name := range inner {
		inner[i] = filepath.Join(path, filepath.Dir(name))
	}
	return inner
}

// Names returns names for the inputs, as short as they can be without being ambiguous.
func Names(paths []string) []string {
	out := make([]string, len(paths))
	for depth := 1; depth < 64; depth++ {
		for i, path := range paths {
			out[i] = tail(path, depth)
		}
		if len(slices.Compact(slices.Sorted(slices.Values(out)))) == len(out) {
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
	if abs, err := filepath.Abs(path); err == nil {
		path = abs
	}
	parts := strings.Split(strings.TrimSuffix(filepath.ToSlash(path), "/"+results.Name), "/")
	return strings.Join(parts[max(0, len(parts)-depth):], "/")
}

// PageName is the name of the page next to its result.
const PageName = "report.html"

// WriteFolder writes all files of a result.
func WriteFolder(dir string, r *results.Result) error {
	return r.Write(dir, results.File{Name: PageName, Write: func(w io.Writer) error {
		return page.Write(w, []page.Run{{Name: filepath.Base(dir), Result: r}})
	}})
}

// Conclude writes the common result of several runs: as text or, with --json, as an object, and with --out
// the files and the object as file, which is written last: if it exists, all files do. The error has
// the exit code.
func (e *Env) Conclude(l *flags.Load, code int, text func() string, file string, object any, files ...results.File) error {
	progress := e.Progress(l.Quiet)
	fmt.Fprintln(progress)
	err := e.Tell(l.JSON, object, text)
	if l.Out != "" {
		files = append(files, results.File{Name: file, Write: func(w io.Writer) error { return report.WriteObject(w, object) }})
		if err := results.WriteFiles(l.Out, files...); err != nil {
			return Failed(err, code)
		}
		fmt.Fprintf(progress, "\nkept in %s\n", l.Out)
	}
	if err != nil {
		return Failed(err, code)
	}
	return Code(code)
}
