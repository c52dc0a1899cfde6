// Package calibrate measures the limits of the generator on a machine: its rate against a sink that
// discards everything, in several settings, and how precisely it keeps a schedule. The report of a
// run then says how close the run came to that rate.
//
// Imports: the packages of stompbench that wait, measure and write.
package calibrate

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/histo"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/pacer"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/report"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/results"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/stamp"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/world"
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
	window := "no receipts"
	if s.Window > 0 {
		window = fmt.Sprintf("window %d", s.Window)
	}
	return fmt.Sprintf("%s, %d B, %s", report.Plural(s.Producers, "producer"), s.Size, window)
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

// Measure calls send for each setting, and measures the timers, each for the given time.
func Measure(ctx context.Context, version string, each time.Duration, send func(context.Context, Setting) (Point, error)) (*Ceiling, error) {
	c := newCeiling(version)
	for _, s := range Settings {
		p, err := send(ctx, s)
		if err = cmp.Or(err, ctx.Err()); err != nil {
			return nil, err
		}
		c.Points = append(c.Points, p)
	}
	for _, name := range []string{PacerTimer, RuntimeTimer} {
		t, err := measureTimer(ctx, name, each)
		if err != nil {
			return nil, err
		}
		c.Timers = append(c.Timers, t)
	}
	return c, nil
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

// Save writes the ceiling to the user's cache directory and returns the name of the file. A run that
// reads at the same time gets the old file or the new one, never a part.
func (c *Ceiling) Save() (name string, err error) {
	if name, err = path(); err == nil {
		err = os.MkdirAll(filepath.Dir(name), 0o755)
	}
	if err == nil {
		err = results.WriteFile(name, func(w io.Writer) error { return report.WriteObject(w, c) })
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

// Timer is how late a way to wait is, in nanoseconds, with 1,000 wake-ups a second.
type Timer struct {
	Name  string `json:"name"`
	P50   int64  `json:"p50_ns"`
	P99   int64  `json:"p99_ns"`
	Max   int64  `json:"max_ns"`
	Count uint64 `json:"count"`
}

// The ways to wait that a run chooses from.
const (
	PacerTimer   = "pacer" // up to 16 producers
	RuntimeTimer = "time.Sleep"
)

func measureTimer(ctx context.Context, name string, d time.Duration) (Timer, error) {
	sleep := time.Sleep
	if name == PacerTimer {
		sleep = world.Sleep(ctx)
	}
	h, clock := histo.New(), stamp.NewClock()
	p, start := pacer.New(clock.Now, sleep), clock.Now()
	for ms := time.Millisecond; ms <= d; ms += time.Millisecond {
		due := start + int64(ms)
		now, err := p.Wait(ctx, due)
		if err != nil {
			return Timer{}, err
		}
		h.Record(now - due)
	}
	return Timer{name, int64(h.Percentile(50)), int64(h.Percentile(99)), int64(h.Max()), h.Count()}, nil
}
