package fuzz

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stompwire/stompwire/frame"
	"github.com/stompwire/stompwire/fuzz/internal/reference"
)

// skipping is an outcome that has frames skipped whose header is above a limit.
type skipping struct{ *outcome }

func (skipping) SkipOversize(*frame.LimitError) bool { return true }

func (s skipping) OnOversize(f *frame.Frame, err *frame.LimitError) error {
	_ = s.OnFrame(f)
	last := &s.frames[len(s.frames)-1]
	*last = skippedLine(*last, err.What, err.Offset)
	return nil
}

func skippedLine(text string, rule error, offset int64) string {
	return fmt.Sprintf("%s above the limit: %v at %d", text, rule, offset)
}

// FuzzSkip: frames whose header is above a limit are skipped just as the reference decoder
// skips them, which reads them again without limits; what follows is found, and what breaks
// another rule is still refused, at the same octet.
func FuzzSkip(f *testing.F) {
	addSeeds(f)
	for i, s := range []string{
		"MESSAGE\nid:1\n" + strings.Repeat("a:b\n", 20) + "\nbody\x00\nMESSAGE\n\nb\x00",
		"MESSAGE\nid:1\na:" + strings.Repeat("x", 200) + "\ncontent-length:3\n\n\x00\x00\x00\x00MESSAGE\n\nb\x00",
		"MESSAGE\ncontent-length:3\n" + strings.Repeat("a\\n:\\\\b\r\n", 20) + "content-length:x\n\n\x00\x00\x00\x00\n\n",
		"MESSAGE\n" + strings.Repeat("a:b\n", 20) + "content-length:\r\n\n\x00",
		"MESSAGE\n" + strings.Repeat("a:b\n", 20) + "content-length: 1\n\nx\x00",
		"MESSAGE\n" + strings.Repeat("a:b\n", 20) + "content-length:" + strings.Repeat("0", 90) + "2\n\n\n\n\x00",
		"MESSAGE\na:" + strings.Repeat("x", 90) + "\nnocolon\n\n\x00",
		"MESSAGE\na:" + strings.Repeat("x", 90) + "\x00\n\n\x00",
		"MESSAGE\na:" + strings.Repeat("\\\\", 90) + "\n\n\x00RECEIPT\n\n\x00",
		"MESSAGE\na:" + strings.Repeat("\xc3\xa4", 90) + "\n\n\x00RECEIPT\n\n\x00",
		"RECEIPT\n" + strings.Repeat("a:b\n", 20) + "content-length:1\n\nx\x00",
		"RECEIPT\n" + strings.Repeat("a:b\n", 20) + "\nx\x00",
		"SEND\n" + strings.Repeat(strings.Repeat("k", 30)+":v\n", 15) + "\nx\x00SEND\n\nx\x00",
	} {
		for v := range uint8(4) {
			f.Add([]byte(s), v, uint64(i+1)*0x9e3779b97f4a7c15, true)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte, version uint8, cuts uint64, small bool) {
		v := frame.Version(version & 3)
		l := limitsOf(small)
		want := expected(reference.DecodeSkipping(data, v, l))
		for _, threshold := range []int{0, 1 + int(cuts>>56)} {
			for _, c := range []uint64{0, cuts | 1} {
				o := &outcome{}
				compare(t, feedTo(t, skipping{o}, o, data, v, l, c, threshold), want)
			}
		}
	})
}
