package calibrate

import (
	"context"
	"fmt"
	"math"
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
	{Producers: 1, Size: 128, Window: 1},
	{Producers: 1, Size: 128, Window: 100},
	{Producers: 1, Size: 128, Window: 1000},
	{Producers: 1, Size: 128, Window: 0},
	{Producers: 4, Size: 128, Window: 1000},
	{Producers: 1, Size: 1 << 10, Window: 1000},
	{Producers: 1, Size: 16 << 10, Window: 1000},
	{Producers: 1, Size: 256 << 10, Window: 100},
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

const schema = 1

func system() string { return runtime.GOOS + "/" + runtime.GOARCH }

// Measure calls send for each setting, and measures the timers, each for the given time. It calls
// shown after every point; shown may be nil.
func Measure(ctx context.Context, version string, each time.Duration,
	send func(context.Context, Setting) (Point, error), shown func(Point)) (*Ceiling, error) {
	c := &Ceiling{Schema: schema, Version: version, Measured: time.Now().UTC().Truncate(time.Second), System: system(), Cores: runtime.GOMAXPROCS(0)}
	for _, s := range Settings {
		p, err := send(ctx, s)
		if err != nil {
			return nil, err
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		c.Points = append(c.Points, p)
		if shown != nil {
			shown(p)
		}
	}
	var err error
	c.Timers, err = measureTimers(ctx, each)
	return c, err
}

// Nearest returns the point whose setting is most similar to s. ok is false if there is none that
// is comparable: with or without receipts, and with a window of one, a few or many.
func (c *Ceiling) Nearest(s Setting) (best Point, ok bool) {
	least := math.Inf(1)
	for _, p := range c.Points {
		if kind(p.Window) != kind(s.Window) || p.PerSecond <= 0 {
			continue
		}
		if d := distance(p.Setting, s); d < least {
			best, least, ok = p, d, true
		}
	}
	return best, ok
}

func kind(window int) int {
	switch {
	case window == 0:
		return 0
	case window < 10:
		return 1
	}
	return 2
}

// distance returns the distance in doublings. The size has the largest weight.
func distance(a, b Setting) float64 {
	d := 4 * doublings(a.Size, b.Size)
	d += doublings(a.Producers, b.Producers)
	return d + doublings(a.Window, b.Window)/4
}

func doublings(a, b int) float64 {
	return math.Abs(math.Log2(float64(max(a, 1)) / float64(max(b, 1))))
}

// String describes the setting in a few words.
func (s Setting) String() string {
	producers := "1 producer"
	if s.Producers != 1 {
		producers = fmt.Sprintf("%d producers", s.Producers)
	}
	if s.Window == 0 {
		return fmt.Sprintf("%s, %d B, no receipts", producers, s.Size)
	}
	return fmt.Sprintf("%s, %d B, window %d", producers, s.Size, s.Window)
}
