package parser_test

import (
	"testing"

	"github.com/stompwire/stompwire/parser"
)

// beatCases are streams with the heart-beats that they hold (R10).
var beatCases = []struct {
	wire string
	want uint64
}{
	{"\n", 1}, // before the first frame there is none that it could belong to
	{"\r\n\n", 2},
	{"MESSAGE\n\n\x00", 0},
	{"MESSAGE\n\n\x00\n", 0},
	{"MESSAGE\n\n\x00\r\n", 0},
	{"MESSAGE\n\n\x00\n\n", 1},
	{"MESSAGE\n\n\x00\r\n\r\n", 1},
	{"MESSAGE\n\n\x00MESSAGE\n\n\x00\n", 0},
	{"MESSAGE\n\n\x00\nMESSAGE\n\n\x00\n", 0},
	{"\nMESSAGE\n\n\x00\n\nMESSAGE\n\n\x00\n\n\n", 4},
	{"MESSAGE\n\nbody\x00\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n", 16},
	{"MESSAGE\ncontent-length:4\n\nbody\x00\n", 0},
	{"MESSAGE\ncontent-length:4\n\n\n\n\n\n\x00\n\n", 1},
}

// The EOL behind a frame is a part of it, wherever the stream is cut and however the body is
// delivered (R10).
func TestEndOfFrameIsNoHeartBeat(t *testing.T) {
	for _, c := range beatCases {
		for cut := range len(c.wire) {
			for _, threshold := range []int{0, 1} {
				s := parser.Stream{BodyThreshold: threshold}
				mustFeed(t, &s, &parts{}, c.wire[:cut])
				mustFeed(t, &s, &parts{}, c.wire[cut:])
				if got := s.HeartBeats(); got != c.want {
					t.Errorf("%q cut at %d, threshold %d: %d heart-beats, want %d", c.wire, cut, threshold, got, c.want)
				}
			}
		}
	}
}

// A stream that begins anew has no frame whose EOL is to come (R10).
func TestResetForgetsTheEndOfAFrame(t *testing.T) {
	var s parser.Stream
	mustFeed(t, &s, &drawing{}, "MESSAGE\n\n\x00")
	s.Reset()
	mustFeed(t, &s, &drawing{}, "\n")
	if got := s.HeartBeats(); got != 1 {
		t.Errorf("%d heart-beats, want 1", got)
	}
}
