package calibrate_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"testing"
	"time"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/calibrate"
)

// send pretends a rate that tells the setting.
func send(_ context.Context, s calibrate.Setting) (calibrate.Point, error) {
	return calibrate.Point{Setting: s, PerSecond: float64(s.Size + s.Window)}, nil
}

func measured(t *testing.T) *calibrate.Ceiling {
	t.Helper()
	c, err := calibrate.Measure(t.Context(), "v1", 20*time.Millisecond, send)
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Points) != len(calibrate.Settings) || c.Cores != runtime.GOMAXPROCS(0) {
		t.Errorf("%+v", c)
	}
	return c
}

func TestTimers(t *testing.T) {
	c := measured(t)
	if len(c.Timers) != 2 {
		t.Fatalf("%+v", c.Timers)
	}
	for _, timer := range c.Timers {
		if timer.Count != 20 || timer.P50 <= 0 || timer.Max < timer.P50 {
			t.Errorf("%+v", timer)
		}
	}
}

func TestNearest(t *testing.T) {
	c := measured(t)
	for s, want := range map[calibrate.Setting]calibrate.Setting{
		{Producers: 1, Size: 128, Window: 1000}:    {Producers: 1, Size: 128, Window: 1000},
		{Producers: 1, Size: 56, Window: 2}:        {Producers: 1, Size: 128, Window: 1},
		{Producers: 10, Size: 200, Window: 500}:    {Producers: 4, Size: 128, Window: 1000},
		{Producers: 2, Size: 12_000, Window: 5000}: {Producers: 1, Size: 16 << 10, Window: 1000},
		{Producers: 1, Size: 1 << 20, Window: 0}:   {Producers: 1, Size: 128, Window: 0},
		{Producers: 1, Size: 1 << 20, Window: 64}:  {Producers: 1, Size: 256 << 10, Window: 100},
	} {
		if got, ok := c.Nearest(s); !ok || got.Setting != want {
			t.Errorf("%v is nearest to %v, want %v", s, got.Setting, want)
		}
	}
	if _, ok := (&calibrate.Ceiling{}).Nearest(calibrate.Setting{}); ok {
		t.Error("nothing is near")
	}
}

func TestSaveAndLoad(t *testing.T) {
	dir := t.TempDir()
	for _, env := range []string{"XDG_CACHE_HOME", "HOME", "LocalAppData"} {
		t.Setenv(env, dir)
	}
	if _, err := calibrate.Load(); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("nothing was saved: %v", err)
	}
	c := measured(t)
	name, err := c.Save()
	if err != nil {
		t.Fatal(err)
	}
	if rel, err := filepath.Rel(dir, name); err != nil || rel == "" || rel[0] == '.' && rel[1] == '.' {
		t.Errorf("saved as %s", name)
	}
	got, err := calibrate.Load()
	if err != nil || !reflect.DeepEqual(got, c) {
		t.Errorf("%v\n got %+v\nwant %+v", err, got, c)
	}
	// That of a machine with more processors is none.
	c.Cores++
	if _, err := c.Save(); err != nil {
		t.Fatal(err)
	}
	if _, err := calibrate.Load(); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("of another machine: %v", err)
	}
	if err := os.WriteFile(name, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := calibrate.Load(); err == nil {
		t.Error("half a file was read")
	}
}

func TestMeasureFails(t *testing.T) {
	broken := errors.New("broken")
	_, err := calibrate.Measure(t.Context(), "v1", time.Millisecond, func(context.Context, calibrate.Setting) (calibrate.Point, error) {
		return calibrate.Point{}, broken
	})
	if !errors.Is(err, broken) {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := calibrate.Measure(ctx, "v1", time.Hour, send); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
