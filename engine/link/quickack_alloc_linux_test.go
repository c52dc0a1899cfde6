//go:build !race

package link_test

import (
	"testing"

	"github.com/stompwire/stompwire/engine/link"
)

func TestAllocQuickAck(t *testing.T) {
	ours, _ := socketPair(t, "tcp", "127.0.0.1:0")
	l := link.New(ours, silent{}, link.Options{QuickAck: true})
	defer l.Close(nil)
	read := []byte("MESSAGE\n\n\x00")
	if n := testing.AllocsPerRun(1000, func() {
		if _, err := l.Feed(read); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations for each read", n)
	}
}
