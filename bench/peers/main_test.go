package peers

import (
	"testing"

	"go.uber.org/goleak"
)

// TestMain fails if a goroutine is left, of ours or of a peer's. Those that packages
// start as they are loaded are not counted, and one that cannot be ended: the
// processor of go-stomp's server has no way out of its loop.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m,
		goleak.IgnoreCurrent(),
		goleak.IgnoreAnyFunction("github.com/go-stomp/stomp/v3/server.(*requestProcessor).Serve"))
}

// must ends a benchmark that did not do its work.
func must(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}
