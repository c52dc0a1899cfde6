package frame

// Field is one header line to send: name and value, not escaped.
type Field struct {
	Name, Value string
}

// Fields is an ordered list of header lines to send. Names may repeat.
type Fields []Field

// Lookup returns the value of the first field with this name.
func (fs Fields) Lookup(name string) (value string, ok bool) {
	for i := range fs {
		if fs[i].Name == name {
			return fs[i].Value, true
		}
	}
	return "", false
}

// Get returns the value of the first field with this name, "" if there is none.
func (fs Fields) Get(name string) string {
	value, _ := fs.Lookup(name)
	return value
}

// Header returns an owned Header with these lines. It allocates.
func (fs Fields) Header() Header {
	size := 0
	for _, f := range fs {
		size += len(f.Name) + len(f.Value) + 2
	}
	text := make([]byte, 0, size)
	spans := make([]Span, 0, len(fs))
	for _, f := range fs {
		start := uint32(len(text))
		text = append(text, f.Name...)
		colon := uint32(len(text))
		text = append(text, ':')
		text = append(text, f.Value...)
		spans = append(spans, Span{Start: start, Colon: colon, End: uint32(len(text))})
		text = append(text, '\n')
	}
	return Header{text: text, spans: spans}
}
