package frame

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// HeartBeat is the pair of a heart-beat header: how often its sender can send something, and how
// often it would like to receive something. 0 means not at all. The wire has whole milliseconds.
// The zero value is that of an absent header.
type HeartBeat struct {
	Send, Receive time.Duration
}

// maxHeartBeat keeps the sum of a few intervals far from overflow. About 24 days.
const maxHeartBeat = (1<<31 - 1) * time.Millisecond

// ParseHeartBeat parses the value of a heart-beat header: two numbers of milliseconds with a comma
// between them, digits only (STOMP 1.2, Heart-beating). Values above 2^31-1 are reduced to that.
func ParseHeartBeat(s string) (HeartBeat, error) {
	send, receive, found := strings.Cut(s, ",")
	sx, ok1 := parseMillis(send)
	sy, ok2 := parseMillis(receive)
	if !found || !ok1 || !ok2 {
		return HeartBeat{}, fmt.Errorf("stomp: heart-beat %.40q is not two numbers with a comma between them: %w", s, ErrBadHeartBeat)
	}
	return HeartBeat{sx, sy}, nil
}

func parseMillis(s string) (time.Duration, bool) {
	if s == "" || strings.Trim(s, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.ParseInt(s, 10, 32)
	if err != nil { // digits only, so it can only be out of range
		return maxHeartBeat, true
	}
	return time.Duration(n) * time.Millisecond, true
}

// String returns the pair as it is written in the header. An interval that is not 0 is rounded up
// to a whole millisecond, so that it never becomes "not at all".
func (h HeartBeat) String() string {
	return strconv.FormatInt(millis(h.Send), 10) + "," + strconv.FormatInt(millis(h.Receive), 10)
}

func millis(d time.Duration) int64 {
	d = min(max(d, 0), maxHeartBeat)
	return int64((d + time.Millisecond - 1) / time.Millisecond)
}

// Negotiate returns the intervals for the side that sent h when its peer has answered peer: send
// something at least every Send, and expect something at least every Receive; 0 for no heart-beats
// in that direction. Each is 0 if either side said 0, else the larger of the two (STOMP 1.2,
// Heart-beating).
func (h HeartBeat) Negotiate(peer HeartBeat) HeartBeat {
	return HeartBeat{Send: agreed(h.Send, peer.Receive), Receive: agreed(h.Receive, peer.Send)}
}

func agreed(offer, wanted time.Duration) time.Duration {
	if offer <= 0 || wanted <= 0 {
		return 0
	}
	return min(max(offer, wanted), maxHeartBeat) // offer may be more than the wire can represent
}
