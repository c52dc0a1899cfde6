// Package leaktest fails a test binary that leaves goroutines or pooled buffers
// behind.
package leaktest

import (
	"fmt"
	"os"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/stompwire/stompwire/pool"
)

// Main is the TestMain of packages that open connections.
func Main(m *testing.M) {
	code := m.Run()
	if code == 0 {
		code = check()
	}
	os.Exit(code)
}

func check() int {
	// gnet starts these two when it is imported and never ends them.
	err := goleak.Find(
		goleak.IgnoreTopFunction("github.com/panjf2000/ants/v2.(*poolCommon).purgeStaleWorkers"),
		goleak.IgnoreTopFunction("github.com/panjf2000/ants/v2.(*poolCommon).ticktock"),
	)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	for range 100 { // the last release may be a moment behind the last goroutine
		if pool.InUse() == 0 {
			return 0
		}
		time.Sleep(10 * time.Millisecond)
	}
	fmt.Fprintf(os.Stderr, "%d pooled buffers are not released\n", pool.InUse())
	return 1
}
