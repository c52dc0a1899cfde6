package interop_test

import (
	"flag"
	"testing"

	"github.com/stompwire/stompwire/internal/leaktest"
)

// TestMain also fails on what the connections leave behind. The tests wait for brokers and for time to pass, hardly ever
// for a processor, so as many run at once as would otherwise need as many processors; -parallel still has the last word.
func TestMain(m *testing.M) {
	if err := flag.Set("test.parallel", "24"); err != nil {
		panic(err)
	}
	leaktest.Main(m)
}
