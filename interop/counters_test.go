package interop_test

import (
	"context"
	"sync/atomic"
	"testing"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/frame"
)

// R10. The EOL that brokers write behind each frame is no heart-beat: a connection without heart-beats counts none.
func TestR10NoHeartBeatsAreCounted(t *testing.T) {
	overEach(t, func(t *testing.T, tg target) {
		overVersions(t, frame.Version11, func(t *testing.T, v frame.Version) {
			var told atomic.Int64
			c := tg.dial(t, func(cfg *conn.Config) {
				cfg.Versions, cfg.HeartBeat = frame.VersionsOf(v), frame.HeartBeat{Send: -1, Receive: -1}
				cfg.Trace = func(_ context.Context, e *conn.Event) {
					if e.Kind == conn.EventHeartBeat {
						told.Add(1)
					}
				}
			})
			in := subscribe(t, c, queue(), frame.AckAuto)
			for range 20 {
				confirm(t, c, in.sub.Destination(), "one of many")
				in.expect(t, "one of many")
			}
			if s := c.Stats(); s.BeatsIn != 0 || told.Load() != 0 || s.FramesIn < 40 {
				t.Errorf("%d heart-beats, %d told, %d frames", s.BeatsIn, told.Load(), s.FramesIn)
			}
			disconnect(t, c)
		})
	})
}
