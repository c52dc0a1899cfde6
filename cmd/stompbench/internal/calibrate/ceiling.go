// Package calibrate measures the limits of the generator on a machine: its rate against a sink that
// discards everything, in several settings, and how precisely it keeps a schedule. The report of a
// run then says how close the run came to that rate.
//
// Imports: the pacer, histo, stamp and world packages of stompbench.
package calibrate

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"time"
)

// Setting is one way to send.
type Setting struct {
	Producers int `json:"producers"`
	Size      int `json:"size_bytes"`
	Window    int `json:"receipt_window"` // 0: no receipts
}

// Settings are measured by calibrate; each differs from the first in one respect.
var Settings = []Setting{
	{1, 128, 1}, {1, 128, 100}, {1, 128, 1000}, {1, 128, 0}, {4, 128, 1000}, {1, 1 << 10, 1000}, {1, 16 << 10, 1000}, {1, 256 << 10, 100},
}

// String describes the setting in a few words.
func (s Setting) String() string {
	producers, window := "1 producer", "no receipts"
	if s.Producers != 1 {
		producers = fmt.Sprintf("%d producers", s.Producers)
	}
	if s.Window > 0 {
		window = fmt.Sprintf("window %d", s.Window)
	}
	return fmt.Sprintf("%s, %d B, %s", producers, s.Size, window)
}

// Point is the result of one setting.
type Point struct {
	Setting
	PerSecond float64 `json:"sent_per_s"`
	CPUShare  float64 `json:"process_cpu_share"` // includes the sink, which runs in the same process
}

// Ceiling is the maximum that the generator reaches on a machine.
type Ceiling struct {
	Schema   int       `json:"schema"`
	Version  string    `json:"version"` // of stompbench
	Measured time.Time `json:"measured"`
	System   string    `json:"system"`
	Cores    int       `json:"cores"`
	Points   []Point   `json:"points"`
	Timers   []Timer   `json:"timers"`
}

func newCeiling(version string) *Ceiling {
	return &Ceiling{
		Schema: 1, Version: version, Measured: time.Now().UTC().Truncate(time.Second),
		System: runtime.GOOS + "/" + runtime.GOARCH, Cores: runtime.GOMAXPROCS(0),
	}
}

// Measure calls send for each setting, and measures the timers, each for the given time. It calls
// shown, which may be nil, after every point.
func Measure(ctx context.Context, version string, each time.Duration,
	send func(context.Context, Setting) (Point, error), shown func(Point)) (c *Ceiling, err error) {
	c = newCeiling(version)
	for _, s := range Settings {
		p, err := send(ctx, s)
		if err = errors.Join(err, ctx.Err()); err != nil {
			return nil, err
		}
		c.Points = append(c.Points, p)
		if shown != nil {
			shown(p)
		}
	}
	c.Timers, err = measureTimers(ctx, each)
	return c, err
}

// Nearest returns the point whose setting is most similar to s. ok is false if there is none that
// is comparable: with or without receipts, and with a window of one, a few or many.
func (c *Ceiling) Nearest(s Setting) (best Point, ok bool) {
	kind := func(window int) int { return min(window, 1) + min(window/10, 1) }
	least := math.Inf(1)
	for _, p := range c.Points {
		if d := distance(p.Setting, s); kind(p.Window) == kind(s.Window) && p.PerSecond > 0 && d < least {
			best, least, ok = p, d, true
		}
	}
	return best, ok
}

// distance returns the distance in doublings. The size has the largest weight.
func distance(a, b Setting) float64 {
	doublings := func(a, b int) float64 { return math.Abs(math.Log2(float64(max(a, 1)) / float64(max(b, 1)))) }
	return 4*doublings(a.Size, b.Size) + doublings(a.Producers, b.Producers) + doublings(a.Window, b.Window)/4
}

// path returns the file that a ceiling is saved in.
func path() (string, error) {
	dir, err := os.UserCacheDir()
	return filepath.Join(dir, "stompbench", "ceiling.json"), err
}

// Save writes the ceiling to the user's cache directory and returns the name of the file.
func (c *Ceiling) Save() (name string, err error) {
	if name, err = path(); err != nil {
		return "", err
	}
	data, err := json.MarshalIndent(c, "", "  ")
	if err != nil {
		return "", err
	}
	// A run that reads at the same time gets the old file or the new one, never a part.
	err = os.MkdirAll(filepath.Dir(name), 0o755)
	if err == nil {
		err = os.WriteFile(name+".new", append(data, '\n'), 0o644)
	}
	if err == nil {
		err = os.Rename(name+".new", name)
	}
	return name, err
}

// Load returns the saved ceiling. An error that Is fs.ErrNotExist means that none was saved, or
// that it was measured on another kind of machine.
func Load() (*Ceiling, error) {
	name, err := path()
	if err != nil {
		return nil, err
	}
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	c, here := &Ceiling{}, newCeiling("")
	if err := json.Unmarshal(data, c); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if c.Schema != here.Schema || c.System != here.System || c.Cores != here.Cores {
		return nil, fmt.Errorf("%w: %s is of another machine or version", fs.ErrNotExist, name)
	}
	return c, nil
}
