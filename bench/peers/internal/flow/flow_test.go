package flow_test

import (
	"sync"
	"testing"

	"github.com/stompwire/stompwire/bench/peers/internal/flow"
)

func TestWindow(t *testing.T) {
	const size, rounds, receivers = 64, 20000, 4
	w := flow.NewWindow(size)
	messages := make(chan struct{}, size)
	var wg sync.WaitGroup
	for range receivers {
		wg.Go(func() {
			for range messages {
				w.Add(1)
			}
		})
	}
	for range rounds {
		if err := w.Take(1); err != nil {
			t.Fatal(err)
		}
		select {
		case messages <- struct{}{}:
		default:
			t.Fatal("more on the way than the window allows")
		}
	}
	if err := w.Drain(); err != nil {
		t.Fatal(err)
	}
	if n := w.Count(); n != rounds {
		t.Fatalf("%d arrivals of %d", n, rounds)
	}
	close(messages)
	wg.Wait()
}

func TestWindowFull(t *testing.T) {
	w := flow.NewWindow(2)
	for i, want := range []bool{false, false, true} {
		if w.Full() != want {
			t.Errorf("with %d on the way: Full is %v", i, !want)
		}
		if i < 2 {
			if err := w.Take(1); err != nil {
				t.Fatal(err)
			}
		}
	}
	w.Add(1)
	if w.Full() {
		t.Error("full with 1 of 2 on the way")
	}
}
