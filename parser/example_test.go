package parser_test

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/stompwire/stompwire/frame"
	"github.com/stompwire/stompwire/parser"
)

func ExampleParser() {
	data := []byte("\nMESSAGE\ndestination:/queue/a\n\nhello\x00RECEIPT\nrec")
	var p parser.Parser
	for {
		f, n, err := p.Parse(data)
		data = data[n:]
		if err != nil {
			fmt.Println(err, p.Need())
			break
		}
		fmt.Println(f)
	}
	fmt.Printf("%q remains\n", data)
	// Output:
	// MESSAGE destination="/queue/a" body=5B
	// stomp: incomplete frame 2
	// "RECEIPT\nrec" remains
}

// printing prints frames.
type printing struct{}

func (printing) OnFrame(f *frame.Frame) error {
	fmt.Println(f)
	return nil
}

func ExampleStream() {
	var s parser.Stream
	for _, chunk := range []string{"MESSAGE\ndestination:/que", "ue/a\n\nhel", "lo\x00\n\nRECEIPT\nreceipt-id:1\n\n\x00"} {
		if _, err := s.Feed([]byte(chunk), printing{}); err != nil {
			fmt.Println(err)
		}
	}
	fmt.Println(s.HeartBeats(), "heart-beat, ended:", s.End())
	// Output:
	// MESSAGE destination="/queue/a" body=5B
	// RECEIPT receipt-id="1" body=0B
	// 1 heart-beat, ended: <nil>
}

// saving prints large bodies as they arrive.
type saving struct{ printing }

func (saving) OnBodyStart(f *frame.Frame, length int64) error {
	fmt.Println(f.Header.Text("destination"), length)
	return nil
}

func (saving) OnBodyChunk(b []byte) error {
	fmt.Printf("%q\n", b)
	return nil
}

func (saving) OnBodyEnd() error {
	fmt.Println("end")
	return nil
}

func ExampleBodyHandler() {
	s := parser.Stream{BodyThreshold: 8}
	for _, chunk := range []string{"SEND\ndestination:/queue/a\ncontent-length:12\n\n", "hello,", " world\x00"} {
		if _, err := s.Feed([]byte(chunk), saving{}); err != nil {
			fmt.Println(err)
		}
	}
	// Output:
	// /queue/a 12
	// "hello,"
	// " world"
	// end
}

func ExampleReader() {
	r := parser.NewReader(strings.NewReader("MESSAGE\nid:1\n\nhello\x00\nMESSAGE\nid:2\n\nworld\x00\n"))
	for {
		f, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			fmt.Println(err)
			break
		}
		fmt.Printf("%s %s\n", f.Header.Get("id"), f.Body)
	}
	// Output:
	// 1 hello
	// 2 world
}

// A broker that passes on what a sender wrote may send what no specification
// allows. Each deviation has a switch of its own.
func ExampleTolerance() {
	data := []byte("MESSAGE\nname:J\xfcrgen\n\n\x00")
	strict := parser.Parser{Version: frame.Version12}
	_, _, err := strict.Parse(data)
	fmt.Println(err, errors.Is(err, frame.ErrProtocol))

	lenient := parser.Parser{Version: frame.Version12, Tolerate: parser.TolerateInvalidUTF8}
	f, _, err := lenient.Parse(data)
	fmt.Println(f, err)
	// Output:
	// stomp: header is not UTF-8 in MESSAGE frame at offset 14 true
	// MESSAGE name="J\xfcrgen" body=0B <nil>
}
