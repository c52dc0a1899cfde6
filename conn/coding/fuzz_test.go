package coding_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/stompwire/stompwire/conn/coding"
)

// Whatever comes: no panic, never more than the bound, only typed errors, and dst left as it was with one. What was
// decoded can be encoded and decoded again.
func FuzzDecode(f *testing.F) {
	for _, name := range names {
		good := encode(f, name, prose[:300])
		f.Add(name, good, uint16(300))
		f.Add(name, good, uint16(299))
		f.Add(name, good[:len(good)/2], uint16(1000))
		f.Add("identity, "+name, append(good, good...), uint16(1000))
	}
	f.Add("gzip, zstd", encode(f, coding.Zstd, append(bytes.Repeat([]byte("x"), 500), noise[:10]...)), uint16(500))
	f.Add("br", []byte("x"), uint16(1))
	f.Fuzz(func(t *testing.T, encoding string, body []byte, bound uint16) {
		most := int(bound) + 1
		out, known, err := coding.Decode([]byte("dst"), body, encoding, most)
		if !bytes.HasPrefix(out, []byte("dst")) || len(out) > len("dst")+most || (!known || err != nil) && len(out) != len("dst") {
			t.Fatalf("%d bytes, bound %d, known %v, %v", len(out), most, known, err)
		}
		var large *coding.TooLargeError
		var corrupt *coding.CorruptError
		if err != nil && !errors.As(err, &large) && !errors.As(err, &corrupt) {
			t.Fatalf("error of type %T", err)
		}
		decoded := out[len("dst"):]
		if len(decoded) == 0 {
			return
		}
		for _, name := range names {
			again, ok := fuzzEncoders[name].AppendEncoded(nil, decoded)
			if !ok {
				continue
			}
			if got, _, err := coding.Decode(nil, again, name, len(decoded)); err != nil || !bytes.Equal(got, decoded) {
				t.Fatalf("%s: %d bytes come back as %d: %v", name, len(decoded), len(got), err)
			}
		}
	})
}

var fuzzEncoders = func() map[string]*coding.Encoder {
	all := map[string]*coding.Encoder{}
	for _, name := range names {
		all[name], _ = coding.NewEncoder(coding.EncoderConfig{Coding: name, Level: coding.LevelFastest, MinSize: -1})
	}
	return all
}()
