//go:build unix

package peers

import (
	"syscall"
	"testing"
)

// cpuTime starts counting the processor time of this process, both ends of the
// benchmark included. The function that it returns reports it for each op: on a
// machine that does other things as well it varies less than ns/op.
func cpuTime(b *testing.B) (report func()) {
	start := processTime(b)
	return func() {
		b.ReportMetric(float64(processTime(b)-start)/float64(b.N), "cpu-ns/op")
	}
}

func processTime(tb testing.TB) int64 {
	var u syscall.Rusage
	must(tb, syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return syscall.TimevalToNsec(u.Utime) + syscall.TimevalToNsec(u.Stime)
}
