package frame

import "iter"

// Span locates one header line inside the text of a header block: text[Start:Colon] is the name and
// text[Colon+1:End] the value. Parsers produce spans instead of slices: they take 12 bytes a
// header, have no pointers, and stay right when the text moves to a larger buffer.
type Span struct {
	Start, Colon, End uint32
}

// Header is a read-only view of the header lines of a frame, in wire order,
// unescaped. It borrows its text; see the package comment. The zero value has no
// lines. Any number of goroutines may read it while the text is valid.
type Header struct {
	text  []byte
	spans []Span
}

// NewHeader makes a view of the lines that spans locate in text. It keeps both
// slices. It is meant for parsers; [Fields.Header] makes a Header from strings.
func NewHeader(text []byte, spans []Span) Header {
	return Header{text: text, spans: spans}
}

// View sets h to what NewHeader returns. Setting the fields one by one costs less than assigning a
// whole Header, and a parser does it for each frame.
func (h *Header) View(text []byte, spans []Span) { h.text, h.spans = text, spans }

// Len returns the number of header lines, repeated ones included.
func (h Header) Len() int { return len(h.spans) }

// At returns line i. Both slices are borrowed.
func (h Header) At(i int) (name, value []byte) {
	s := h.spans[i]
	return h.text[s.Start:s.Colon:s.Colon], h.text[s.Colon+1 : s.End : s.End]
}

// Lookup returns the value of the first line with this name and whether there is
// one: "if a client or a server receives repeated frame header entries, only the
// first header entry SHOULD be used" (STOMP 1.2, Repeated Header Entries). The
// value is borrowed. It does not allocate.
func (h Header) Lookup(name string) (value []byte, ok bool) {
	for i := range h.spans {
		s := &h.spans[i]
		// The length decides nearly always; comparing text is the exception.
		if int(s.Colon-s.Start) == len(name) && string(h.text[s.Start:s.Colon]) == name {
			return h.text[s.Colon+1 : s.End : s.End], true
		}
	}
	return nil, false
}

// Get is Lookup that returns an empty value for an absent header. The value is borrowed.
func (h Header) Get(name string) []byte {
	value, _ := h.Lookup(name)
	return value
}

// Text returns the value of the first line with this name as a string, "" if there is none. It
// allocates.
func (h Header) Text(name string) string { return string(h.Get(name)) }

// Values yields the values of all lines with this name, in wire order: the first
// is the value of the header, later ones are its history. They are borrowed.
func (h Header) Values(name string) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		for i := range h.spans {
			if n, v := h.At(i); string(n) == name && !yield(v) {
				return
			}
		}
	}
}

// All yields every line in wire order. Names and values are borrowed.
func (h Header) All() iter.Seq2[[]byte, []byte] {
	return func(yield func(name, value []byte) bool) {
		for i := range h.spans {
			if !yield(h.At(i)) {
				return
			}
		}
	}
}

// Fields returns owned copies of the lines. It allocates.
func (h Header) Fields() Fields {
	fields := make(Fields, 0, len(h.spans))
	for name, value := range h.All() {
		fields = append(fields, Field{string(name), string(value)})
	}
	return fields
}

// Clone returns a Header that owns a copy of the lines.
func (h Header) Clone() Header { return h.Fields().Header() }

// AcceptVersions returns the versions that a CONNECT or STOMP frame offers. "If
// the accept-version header is missing", it is 1.0 alone (STOMP 1.1 and 1.2,
// Protocol Negotiation).
func (h Header) AcceptVersions() Versions {
	list, ok := h.Lookup(HeaderAcceptVersion)
	if !ok {
		return VersionsOf(Version10)
	}
	return ParseVersions(string(list))
}
