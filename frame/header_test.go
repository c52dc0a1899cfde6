package frame_test

import (
	"fmt"
	"reflect"
	"testing"

	"github.com/stompwire/stompwire/frame"
)

func TestFirstOfRepeatedHeadersIsTheValue(t *testing.T) {
	h := frame.Fields{{"a", "1"}, {"b", ""}, {"a", "2"}, {"A", "3"}}.Header()
	if got := h.Text("a"); got != "1" {
		t.Errorf("a is %q, want the first", got)
	}
	var all []string
	for v := range h.Values("a") {
		all = append(all, string(v))
	}
	if !reflect.DeepEqual(all, []string{"1", "2"}) {
		t.Errorf("values of a: %q", all)
	}
	if v, ok := h.Lookup("b"); !ok || len(v) != 0 {
		t.Errorf("empty value: %q, %v", v, ok)
	}
	if _, ok := h.Lookup("c"); ok {
		t.Error("c is there")
	}
	if got := h.Text("A"); got != "3" {
		t.Errorf("A is %q: names are case-sensitive", got)
	}
}

func TestHeaderKeepsWireOrder(t *testing.T) {
	want := frame.Fields{{"b", "1"}, {"a", "2"}, {"b", "3"}, {"c:", ":\n"}}
	h := want.Header()
	if got := h.Fields(); !reflect.DeepEqual(got, want) {
		t.Fatalf("%q, want %q", got, want)
	}
	if h.Len() != 4 {
		t.Fatal(h.Len())
	}
	for name := range h.All() {
		if string(name) == "a" {
			break // an iteration may end early
		}
	}
}

func TestValuesCannotBeAppendedInto(t *testing.T) {
	h := frame.Fields{{"a", "1"}, {"b", "2"}}.Header()
	_ = append(h.Get("a"), "overwritten"...)
	if got := h.Text("b"); got != "2" {
		t.Fatalf("appending to the value of a changed b to %q", got)
	}
}

func TestCloneOwnsItsBytes(t *testing.T) {
	text := []byte("a:1\nb:2\n")
	f := &frame.Frame{
		Command: frame.CmdSend,
		Header:  frame.NewHeader(text, []frame.Span{{Start: 0, Colon: 1, End: 3}, {Start: 4, Colon: 5, End: 7}}),
		Body:    []byte("body"),
	}
	c := f.Clone()
	for i := range text {
		text[i] = 'x'
	}
	copy(f.Body, "xxxx")
	if got := c.String() + " " + string(c.Body); got != `SEND a="1" b="2" body=4B body` {
		t.Fatal(got)
	}
}

func ExampleHeader() {
	h := frame.Fields{{"destination", "/queue/a"}, {"retry", "2"}, {"retry", "1"}}.Header()
	fmt.Println(h.Text("destination"))
	fmt.Println(h.Text("retry"))
	for v := range h.Values("retry") {
		fmt.Print(string(v), " ")
	}
	// Output:
	// /queue/a
	// 2
	// 2 1
}
