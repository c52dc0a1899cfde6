//go:build unix

package link_test

import (
	"fmt"
	"net"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stompwire/stompwire/engine/link"
	"github.com/stompwire/stompwire/frame"
)

// beaten is a connection that counts what is written to it.
type beaten struct {
	net.Conn // nil: nothing else is called
	beats    *atomic.Int64
}

func (c beaten) Write(p []byte) (int, error)    { c.beats.Add(int64(len(p))); return len(p), nil }
func (beaten) SetWriteDeadline(time.Time) error { return nil }
func (beaten) Close() error                     { return nil }

type silent struct{}

func (silent) OnFrame(*frame.Frame) error { return nil }
func (silent) OnClose(error)              {}

// BenchmarkHeartBeats measures the processor time of one heart-beat, timer and all,
// with few links and with many that beat as often in all. A link with nothing due has
// no timer running, and no timer looks at other links: so the time of a beat must not
// grow with their number.
func BenchmarkHeartBeats(b *testing.B) {
	for _, n := range []int{100, 1000, 10000} {
		b.Run(fmt.Sprintf("links=%d", n), func(b *testing.B) {
			const perSecond = 50_000
			interval := time.Duration(n) * time.Second / perSecond
			var beats atomic.Int64
			links := make([]*link.Link, n)
			for i := range links {
				links[i] = link.New(beaten{beats: &beats}, silent{}, link.Options{})
				links[i].SetHeartBeat(interval, 0)
				time.Sleep(interval / time.Duration(n)) // so that not all are due at once
			}
			start, from := processorTime(), beats.Load()
			b.ResetTimer()
			for beats.Load()-from < int64(b.N) {
				time.Sleep(time.Millisecond)
			}
			b.StopTimer()
			b.ReportMetric(float64(processorTime()-start)/float64(beats.Load()-from), "cpu-ns/beat")
			for _, l := range links {
				l.Close(nil)
			}
		})
	}
}

func processorTime() time.Duration {
	var use syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &use); err != nil {
		return 0
	}
	return time.Duration(use.Utime.Nano() + use.Stime.Nano())
}
