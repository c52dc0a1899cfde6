package verb

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/flags"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/results"
)

// ReadAll reads results; at least one is required.
func ReadAll(paths []string) (all []*results.Result, err error) {
	if len(paths) == 0 {
		return nil, flags.Usage("name the folder of a result, or its result.json: see stompbench --help")
	}
	for _, path := range paths {
		r, err := results.Read(path)
		if err != nil {
			return nil, explainRead(err)
		}
		all = append(all, r)
	}
	return all, nil
}

func explainRead(err error) error {
	if errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("%w: name the folder that --out wrote", err)
	}
	return err
}

// Names returns names for the inputs, as short as they can be without being ambiguous.
func Names(paths []string) []string {
	out := make([]string, len(paths))
	for depth := 1; depth < 64; depth++ {
		seen := map[string]bool{}
		for i, path := range paths {
			out[i] = tail(path, depth)
			seen[out[i]] = true
		}
		if len(seen) == len(paths) {
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
	path, err := filepath.Abs(path)
	if err != nil {
		return path
	}
	if filepath.Base(path) == results.Name {
		path = filepath.Dir(path)
	}
	rest := path
	for range depth {
		rest = filepath.Dir(rest)
	}
	short, err := filepath.Rel(rest, path)
	if err != nil {
		return path
	}
	return filepath.ToSlash(short)
}

// Below returns the folders of results inside a folder that is not a result itself.
func Below(path string) []string {
	if _, err := os.Stat(filepath.Join(path, results.Name)); err == nil {
		return []string{path}
	}
	inner, err := filepath.Glob(filepath.Join(escapeGlob(path), "*", results.Name))
	if err != nil || len(inner) == 0 {
		return []string{path}
	}
	return inner
}

// escapeGlob escapes the characters that are special in a pattern of filepath.Glob.
func escapeGlob(path string) string {
	if filepath.Separator == '\\' {
		return path // on Windows a backslash is not an escape
	}
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(path)
}
