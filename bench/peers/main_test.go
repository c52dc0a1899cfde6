package peers

import (
	"fmt"
	"os"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// TestMain fails if a goroutine is left, of ours or of a peer's. Those that packages
// start as they are loaded are not counted, and one that cannot be ended: the
// processor of go-stomp's server has no way out of its loop.
//
// They may take a while to end, on a busy machine.
func TestMain(m *testing.M) {
	current := goleak.IgnoreCurrent()
	code := m.Run()
	var err error
	for deadline := time.Now().Add(30 * time.Second); code == 0 && time.Now().Before(deadline); {
		err = goleak.Find(current, goleak.IgnoreAnyFunction("github.com/go-stomp/stomp/v3/server.(*requestProcessor).Serve"))
		if err == nil {
			break
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// must ends a benchmark that did not do its work.
func must(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}
