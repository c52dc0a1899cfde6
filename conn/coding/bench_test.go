package coding_test

import (
	"fmt"
	"testing"

	"github.com/stompwire/stompwire/conn/coding"
)

func BenchmarkDecode(b *testing.B) {
	for _, name := range names {
		body := encode(b, name, prose)
		b.Run(fmt.Sprintf("coding=%s/size=%d/coded=%d", name, len(prose), len(body)), func(b *testing.B) {
			dst := make([]byte, 0, 2*len(prose))
			b.SetBytes(int64(len(prose)))
			b.ReportAllocs()
			for b.Loop() {
				if out, _, err := coding.Decode(dst, body, name, 1<<20); err != nil || len(out) != len(prose) {
					b.Fatal(len(out), err)
				}
			}
		})
	}
}

func BenchmarkEncode(b *testing.B) {
	for _, name := range names {
		b.Run(fmt.Sprintf("coding=%s/size=%d", name, len(prose)), func(b *testing.B) {
			e := encoder(b, name, coding.LevelDefault)
			dst := make([]byte, 0, 2*len(prose))
			b.SetBytes(int64(len(prose)))
			b.ReportAllocs()
			for b.Loop() {
				if _, ok := e.AppendEncoded(dst, prose); !ok {
					b.Fatal("it does not get shorter")
				}
			}
		})
	}
}
