package pool_test

import (
	"fmt"
	"testing"

	"github.com/stompwire/stompwire/pool"
)

func TestGetHoldsSize(t *testing.T) {
	for _, size := range []int{0, 1, 255, 256, 257, 1024, 1025, 4096, 65536, 65537, pool.MaxPooled, pool.MaxPooled + 1} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			b := pool.Get(size)
			defer b.Release()
			if len(b.B) != 0 || cap(b.B) < size {
				t.Fatalf("len %d cap %d, want 0 and at least %d", len(b.B), cap(b.B), size)
			}
			if size > 0 && size <= pool.MaxPooled && cap(b.B) > 4*max(size, 256) {
				t.Fatalf("cap %d is more than four times %d", cap(b.B), size)
			}
		})
	}
}

func TestGrowKeepsBytes(t *testing.T) {
	b := pool.Get(10)
	defer b.Release()
	want := ""
	for i := range 3 * pool.MaxPooled / 1000 {
		line := fmt.Sprintf("%0999d\n", i)
		b.Grow(len(line))
		b.B = append(b.B, line...)
		want += line
		if i > 300 {
			break
		}
	}
	if string(b.B) != want {
		t.Fatal("bytes changed while growing")
	}
}

func TestInUseCountsReferences(t *testing.T) {
	before := pool.InUse()
	b := pool.Get(100)
	b.Retain()
	b.Release()
	if got := pool.InUse() - before; got != 1 {
		t.Fatalf("%d buffers in use after one of two releases, want 1", got)
	}
	b.Release()
	if got := pool.InUse() - before; got != 0 {
		t.Fatalf("%d buffers in use after both releases, want 0", got)
	}
}

func TestReleaseTwicePanics(t *testing.T) {
	b := pool.Get(100)
	b.Release()
	defer func() {
		if recover() == nil {
			t.Fatal("no panic")
		}
	}()
	b.Release()
}

func TestRetainAfterTheLastReleasePanics(t *testing.T) {
	b := pool.Get(100)
	b.Release()
	defer func() {
		if recover() == nil {
			t.Fatal("no panic")
		}
	}()
	b.Retain()
}

func ExampleBuffer() {
	b := pool.Get(64)
	defer b.Release()
	b.B = append(b.B, "kept beyond the read buffer"...)
	fmt.Println(string(b.B))
	// Output: kept beyond the read buffer
}
