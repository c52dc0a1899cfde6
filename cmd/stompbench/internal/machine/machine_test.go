package machine_test

import (
	"runtime"
	"testing"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/machine"
)

func TestDescribe(t *testing.T) {
	m := machine.Describe()
	if m.OS != runtime.GOOS || m.Arch != runtime.GOARCH || m.CPUs < 1 || m.MaxProcs < 1 || m.Go == "" {
		t.Errorf("%+v", m)
	}
	if runtime.GOOS == "linux" && (m.Kernel == "" || m.Memory < 1<<20) {
		t.Errorf("%+v", m)
	}
	if m.LimitCPUs < 0 {
		t.Errorf("%+v", m)
	}
	t.Logf("%+v", m)
}
