package writer_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/stompwire/stompwire/frame"
	"github.com/stompwire/stompwire/writer"
)

// However the headers are divided between block and extra, the frame is that of
// AppendFrame.
func TestBlockAppendsWhatAppendFrameDoes(t *testing.T) {
	eachWireCase(t, func(t *testing.T, c wireCase) {
		for i := range len(c.fields) + 1 {
			if _, given := c.fields[:i].Lookup(frame.HeaderContentLength); given {
				continue
			}
			block, err := writer.Compile(c.version, c.command, c.fields[:i])
			if err != nil {
				t.Fatal(err)
			}
			for _, room := range []int{0, 1, 40, 20000} {
				got, err := block.Append(append(make([]byte, 0, room), '!'), c.fields[i:], []byte(c.body))
				check(t, got, err, "!"+c.wire)
			}
		}
	})
}

func TestBlockHead(t *testing.T) {
	h := frame.Fields{{Name: "destination", Value: "/queue/a"}}
	block, err := writer.Compile(frame.Version12, frame.CmdSend, h)
	check(t, block.AppendHead([]byte("\n")), err, "\nSEND\ndestination:/queue/a\n")
}

func TestBlockNoLength(t *testing.T) {
	block, err := writer.Compile(frame.Version12, frame.CmdSend, frame.Fields{{Name: "destination", Value: "/queue/a"}})
	if err != nil {
		t.Fatal(err)
	}
	got, err := block.AppendNoLength(nil, frame.Fields{{Name: "k", Value: "v:"}}, []byte("text"))
	check(t, got, err, "SEND\ndestination:/queue/a\nk:v\\c\n\ntext\x00")
}

func TestBlockKeepsNothingOfItsHeaders(t *testing.T) {
	h := frame.Fields{{Name: "a", Value: "1"}}
	block, err := writer.Compile(frame.Version12, frame.CmdBegin, h)
	h[0] = frame.Field{Name: "b", Value: "2"}
	check(t, block.AppendHead(nil), err, "BEGIN\na:1\n")
}

// Run with -race: the appends of many goroutines share one block.
func TestBlockIsSafeForConcurrentUse(t *testing.T) {
	block, err := writer.Compile(frame.Version12, frame.CmdSend, frame.Fields{{Name: "destination", Value: "/queue/a"}})
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			body := fmt.Sprint("body ", i)
			want := "SEND\ndestination:/queue/a\ncontent-length:6\n\n" + body + "\x00"
			var dst []byte
			for range 1000 {
				if dst, err := block.Append(dst[:0], nil, []byte(body)); err != nil || string(dst) != want {
					t.Errorf("got %q, %v", dst, err)
					return
				}
			}
		})
	}
	wg.Wait()
}
