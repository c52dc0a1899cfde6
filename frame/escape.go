package frame

// NeedsEscape reports whether text has an octet that version v escapes in header names and values.
// 1.0 escapes nothing.
func NeedsEscape[T string | []byte](text T, v Version) bool {
	if v == Version10 {
		return false
	}
	for i := range len(text) {
		if escapeOf(text[i], v) != 0 {
			return true
		}
	}
	return false
}

// AppendEscaped appends text to dst as version v writes header names and values: 1.1 escapes
// backslash, LF and colon, 1.2 also CR, 1.0 nothing (Value Encoding in 1.1 and 1.2). It grows dst
// like append. It does not check whether v can represent text at all; the writer package does.
func AppendEscaped[T string | []byte](dst []byte, text T, v Version) []byte {
	if v == Version10 {
		return append(dst, text...)
	}
	start := 0
	for i := range len(text) {
		if e := escapeOf(text[i], v); e != 0 {
			dst = append(dst, text[start:i]...)
			dst = append(dst, '\\', e)
			start = i + 1
		}
	}
	return append(dst, text[start:]...)
}

// escapeOf returns the letter that stands for c after a backslash, 0 if c stands
// for itself.
func escapeOf(c byte, v Version) byte {
	switch c {
	case '\\':
		return '\\'
	case '\n':
		return 'n'
	case ':':
		return 'c'
	case '\r':
		if v != Version11 {
			return 'r'
		}
	}
	return 0
}

// AppendUnescaped appends text to dst with the escapes of version v resolved, in
// one pass. "Undefined escape sequences such as \t MUST be treated as a fatal
// protocol error" (STOMP 1.2, Value Encoding): then it returns an [*EscapeError]
// with the offset of the backslash in text, and dst holds what came before it.
// A lone backslash at the end is undefined too, and so is \r in 1.1.
func AppendUnescaped[T string | []byte](dst []byte, text T, v Version) ([]byte, error) {
	if v == Version10 {
		return append(dst, text...), nil
	}
	start := 0
	for i := 0; i < len(text); i++ {
		if text[i] != '\\' {
			continue
		}
		dst = append(dst, text[start:i]...)
		if i+1 == len(text) {
			return dst, &EscapeError{Offset: i}
		}
		c := unescapeOf(text[i+1], v)
		if c == 0 {
			return dst, &EscapeError{Offset: i, Letter: text[i+1]}
		}
		dst = append(dst, c)
		i++
		start = i + 1
	}
	return append(dst, text[start:]...), nil
}

// unescapeOf returns the octet that letter stands for after a backslash, 0 if the
// escape is undefined in v.
func unescapeOf(letter byte, v Version) byte {
	switch letter {
	case '\\':
		return '\\'
	case 'n':
		return '\n'
	case 'c':
		return ':'
	case 'r':
		if v != Version11 {
			return '\r'
		}
	}
	return 0
}
