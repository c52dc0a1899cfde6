//go:build pooldebug

package pool_test

import (
	"bytes"
	"testing"

	"github.com/stompwire/stompwire/pool"
)

// The last Release overwrites the whole array, and no Release before it.
func TestReleaseOverwrites(t *testing.T) {
	b := pool.Get(1000)
	b.B = append(b.B, "kept by mistake"...)
	b.Retain()
	kept := b.B[:cap(b.B)]
	b.Release()
	if !bytes.HasPrefix(kept, []byte("kept by mistake")) {
		t.Fatalf("overwritten while it has an owner: %q", kept[:20])
	}
	b.Release()
	if want := bytes.Repeat([]byte{0xDB}, len(kept)); !bytes.Equal(kept, want) {
		t.Fatalf("not overwritten: %q", kept[:20])
	}
}

// Growing gives the smaller array back.
func TestGrowOverwrites(t *testing.T) {
	b := pool.Get(100)
	defer b.Release()
	b.B = append(b.B, "moved"...)
	kept := b.B
	b.Grow(1000)
	if string(b.B) != "moved" || string(kept) == "moved" {
		t.Fatalf("now %q, and before %q", b.B, kept)
	}
}
