package conn_test

import (
	"testing"

	"go.uber.org/goleak"
)

// A connection that has ended leaves no goroutine behind, whatever ended it. Those that run before the first test are two
// of a worker pool that gnet makes when it is imported and never uses here.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m, goleak.IgnoreCurrent()) }
