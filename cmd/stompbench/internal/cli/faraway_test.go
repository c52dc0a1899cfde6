package cli_test

import (
	"net"
	"sync"
	"testing"
	"time"
)

// farAway returns the address of a broker whose every answer, messages included,
// takes so long to come.
func farAway(t testing.TB, delay time.Duration) string {
	return between(t, func(dst, src net.Conn) { late(dst, src, delay) })
}

// late copies from src to dst, each octet not before the delay is over.
func late(dst, src net.Conn, delay time.Duration) {
	type chunk struct {
		at    time.Time
		bytes []byte
	}
	queue := make(chan chunk, 1<<12)
	var wg sync.WaitGroup
	wg.Go(func() {
		defer dst.Close()
		for c := range queue {
			time.Sleep(time.Until(c.at))
			_, _ = dst.Write(c.bytes) // when it fails, src ends too
		}
	})
	for {
		buf := make([]byte, 16<<10)
		n, err := src.Read(buf)
		if n > 0 {
			queue <- chunk{time.Now().Add(delay), buf[:n]}
		}
		if err != nil {
			break
		}
	}
	close(queue)
	wg.Wait()
	_ = src.Close()
}
