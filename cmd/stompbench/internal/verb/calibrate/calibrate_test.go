package calibrate

import (
	"testing"
	"time"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/calibrate"
)

func TestEachSettingSendsItsSize(t *testing.T) {
	for _, s := range calibrate.Settings {
		p, err := planOf(s, "127.0.0.1:61613", time.Second)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := p.NewBodies(0).Next()
		if len(body) != s.Size || p.Producers != s.Producers || p.Window != s.Window || p.Consumers != 0 {
			t.Errorf("%v: %d B, %d producers, window %d, %d consumers", s, len(body), p.Producers, p.Window, p.Consumers)
		}
	}
}
