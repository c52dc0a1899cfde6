package faults_test

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// victim is a real broker that a test may kill: an instance of its own, on other ports and with a store of its own, run by
// interop/brokers.sh.
type victim struct {
	t      *testing.T
	name   string
	offset uint64
	place  place
}

// killOffset is added to the ports of the brokers that others use. A run that finds another one at it adds killStep, some
// times.
const (
	killOffset = 1000
	killStep   = 10
)

// claim returns an offset that no other run of these tests uses, on this machine, until the test
// ends: the process that listens on the port below RabbitMQ's owns it.
func claim(t *testing.T) uint64 {
	t.Helper()
	base := number(t, "STOMPWIRE_PORT_OFFSET", 0) + killOffset
	for offset := base; offset < base+9*killStep; offset += killStep {
		l, err := net.Listen("tcp", fmt.Sprint("127.0.0.1:", 61612+offset))
		if err == nil {
			t.Cleanup(func() { _ = l.Close() })
			return offset
		}
	}
	t.Fatal("other runs of these tests have all ports")
	return 0
}

// startVictim starts a broker with an empty store, which is removed after the test. Without the broker it skips the test, or
// fails it where STOMPWIRE_REQUIRE_BROKERS=1.
func startVictim(t *testing.T, name string) *victim {
	t.Helper()
	v := &victim{t: t, name: name, offset: claim(t)}
	if _, err := v.script("remove"); err != nil { // of a run that was broken off
		t.Fatal(err)
	}
	if out, err := v.script("start", name); err != nil {
		_, _ = v.script("remove")
		absent := strings.Contains(out, "not installed")
		if absent && os.Getenv("STOMPWIRE_REQUIRE_BROKERS") != "1" {
			t.Skipf("there is no %s to kill; see interop/brokers.sh install", name)
		}
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := v.script("remove"); err != nil {
			t.Error(err)
		}
	})
	v.find()
	return v
}

// script runs interop/brokers.sh.
func (v *victim) script(args ...string) (string, error) {
	cmd := exec.Command("../brokers.sh", args...)
	cmd.Env = append(os.Environ(), fmt.Sprint("STOMPWIRE_PORT_OFFSET=", v.offset))
	out, err := cmd.CombinedOutput()
	if err != nil {
		return string(out), fmt.Errorf("brokers.sh %s: %w\n%s", strings.Join(args, " "), err, out)
	}
	return string(out), nil
}

// find reads address and login from what brokers.sh env prints.
func (v *victim) find() {
	v.t.Helper()
	out, err := v.script("env", v.name)
	if err != nil {
		v.t.Fatal(err)
	}
	for line := range strings.Lines(out) {
		value, ok := strings.CutPrefix(strings.TrimSpace(line), "export STOMPWIRE_"+strings.ToUpper(v.name)+"_URI=")
		if !ok {
			continue
		}
		v.place = place{uri: value}
		return
	}
	v.t.Fatalf("brokers.sh env names no %s:\n%s", v.name, out)
}

// kill sends SIGKILL to the broker and all its processes, and starts it again.
func (v *victim) kill() {
	v.t.Helper()
	for _, verb := range []string{"kill9", "start"} {
		if _, err := v.script(verb, v.name); err != nil {
			v.t.Fatal(err)
		}
	}
}
