package histo_test

import (
	"testing"
	"time"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/histo"
)

func TestBarsAndOver(t *testing.T) {
	h := histo.New()
	if h.Over(0) != 0 {
		t.Error("an empty histogram has samples over 0")
	}
	for ms := range int64(1000) {
		h.Record((ms + 1) * int64(time.Millisecond))
	}
	var n uint64
	last := time.Duration(-1)
	for value, count := range h.Bars() {
		if value <= last {
			t.Fatalf("%v comes after %v", value, last)
		}
		last, n = value, n+count
	}
	if n != 1000 || last < time.Second || last > 1001*time.Millisecond {
		t.Errorf("%d samples up to %v", n, last)
	}
	for d, want := range map[time.Duration]uint64{
		0: 1000, 900*time.Millisecond + 500*time.Microsecond: 100, 2 * time.Second: 0,
	} {
		if got := h.Over(d); got < want-min(want, 1) || got > want+1 {
			t.Errorf("%d samples over %v, want %d", got, d, want)
		}
	}
}
