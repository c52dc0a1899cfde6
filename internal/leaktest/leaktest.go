// Package leaktest fails a test binary that leaves goroutines or pooled buffers behind.
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

// patience is how long goroutines may take to end, and buffers to be released, after the last test.
// It is long enough for a busy machine.
const patience = 30 * time.Second

func check() int {
	var err error
	for deadline := time.Now().Add(patience); ; {
		if err = find(); err == nil || time.Now().After(deadline) {
			break
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// find looks for goroutines for about half a second, and then for buffers.
func find() error {
	// gnet starts these two when it is imported and never ends them.
	err := goleak.Find(
		goleak.IgnoreTopFunction("github.com/panjf2000/ants/v2.(*poolCommon).purgeStaleWorkers"),
		goleak.IgnoreTopFunction("github.com/panjf2000/ants/v2.(*poolCommon).ticktock"),
	)
	if n := pool.InUse(); err == nil && n != 0 {
		time.Sleep(10 * time.Millisecond) // the last release may come shortly after the last goroutine has ended
		err = fmt.Errorf("%d pooled buffers are not released", n)
	}
	return err
}
