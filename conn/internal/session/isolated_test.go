package session

import (
	"errors"
	"fmt"
	"testing"
)

// R3: the connections of their own are bounded. Further culprits share the last, and it closes
// when all of them have ended.
func TestIsolatedConnectionsAreBounded(t *testing.T) {
	w := newWorld()
	step := func(line string) {
		t.Helper()
		if _, err := w.step(line); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
	}
	step("start")
	step("c1 < CONNECTED")
	const culprits = maxIsolated + 3
	for n := range culprits {
		step(fmt.Sprintf("subscribe s%d /queue/x", n))
	}
	step("c2 < CONNECTED")
	for n := range culprits {
		step(fmt.Sprintf("c2 < RECEIPT r%d", n+1))
	}
	conn := w.conns["c2"].conn
	step("c2 lost")
	for n := range culprits {
		w.c.isolateSub(w.sub(fmt.Sprint("s", n)).sub, conn, errors.New("refused"))
	}
	w.calm()
	w.checkWorks()
	if got := w.isolated(); got != maxIsolated {
		t.Errorf("%d connections for %d culprits", got, culprits)
	}
	for n := range culprits {
		step(fmt.Sprintf("unsubscribe s%d", n))
	}
	w.calm()
	if got := w.isolated(); got != 0 {
		t.Errorf("%d connections are left", got)
	}
	for _, fault := range w.finish() {
		t.Error(fault)
	}
}

// isolated returns how many slots there are for culprits.
func (w *world) isolated() (n int) {
	for _, s := range w.c.Slots() {
		if s.Role == RoleIsolated {
			n++
		}
	}
	return n
}
