package calibrate

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

// path returns the file that a ceiling is saved in.
func path() (string, error) {
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	return filepath.Join(dir, "stompbench", "ceiling.json"), nil
}

// Save writes the ceiling to the user's cache directory and returns the name of the file.
func (c *Ceiling) Save() (name string, err error) {
	if name, err = path(); err != nil {
		return "", err
	}
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return "", err
	}
	data, err := json.MarshalIndent(c, "", "  ")
	if err != nil {
		return "", err
	}
	// A run that reads at the same time gets the old file or the new one, never a part.
	tmp := name + ".new"
	if err := os.WriteFile(tmp, append(data, '\n'), 0o644); err != nil {
		return "", err
	}
	return name, os.Rename(tmp, name)
}

// maxFile bounds the file that Load reads, in bytes.
const maxFile = 1 << 20

// Load returns the saved ceiling. An error that Is fs.ErrNotExist means that none was saved, or
// that it was measured on another kind of machine.
func Load() (*Ceiling, error) {
	name, err := path()
	if err != nil {
		return nil, err
	}
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if info.Size() > maxFile {
		return nil, fmt.Errorf("%s is too large", name)
	}
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	c := &Ceiling{}
	if err := json.Unmarshal(data, c); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if c.Schema != schema || c.System != system() || c.Cores != runtime.GOMAXPROCS(0) {
		return nil, errors.Join(fs.ErrNotExist, errors.New(name+" is of another machine or version"))
	}
	return c, nil
}
