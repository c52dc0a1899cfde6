package session

import (
	"errors"
	"fmt"
	"strings"
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

// R3: while first SUBSCRIBEs are refused again and again, those that are tried share a bounded number of connections, the good ones
// go to the connection of the others when they are cut, and that goes on.
func TestTrialsAreBounded(t *testing.T) {
	w := newWorld()
	step := func(format string, args ...any) {
		t.Helper()
		line := fmt.Sprintf(format, args...)
		if _, err := w.step(line); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
	}
	settle := func() { // a broker that refuses destinations that begin with /bad
		t.Helper()
		for range 4 {
			step("+200ms")
			for _, name := range sortedNames(w.conns) {
				end := w.conns[name]
				if !end.gone && end.conn.state == connDialing {
					step("%s < CONNECTED", name)
				}
				for !end.gone && len(end.asked) > 0 {
					receipt := end.asked[0]
					end.asked = end.asked[1:]
					number, _, _ := parseReceiptID([]byte(w.receiptID(receipt)[1:]))
					call := w.c.calls[number]
					if call != nil && strings.HasPrefix(call.sub.Destination, "/bad") {
						step("%s < ERROR message:not_found", name)
						if !end.gone {
							step("%s lost", name)
						}
					} else {
						step("%s < RECEIPT %s", name, receipt)
					}
				}
			}
		}
	}
	step("start")
	step("subscribe good /good")
	settle()
	step("subscribe bad /bad")
	settle()
	kept := w.c.consumer.conn
	const tried = maxIsolated + 4
	for n := range tried {
		step("subscribe s%d /good/%d", n, n)
	}
	settle()
	if got := w.isolated(); got != maxIsolated {
		t.Errorf("%d connections for trials", got)
	}
	for n := range 50 {
		step("subscribe bad%d /bad/%d", n, n)
		settle()
		if got := w.isolated(); got > maxIsolated {
			t.Errorf("%d connections", got)
		}
	}
	if w.c.consumer.conn != kept {
		t.Error("the connection of the good ones was cut")
	}
	for n := range tried {
		if sub := w.sub(fmt.Sprint("s", n)).sub; sub.state != subLive {
			t.Errorf("s%d is not alive", n)
		}
	}
	w.calm()
	w.checkWorks()
	for _, fault := range w.finish() {
		t.Error(fault)
	}
}
