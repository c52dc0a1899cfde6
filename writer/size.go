package writer

import "github.com/stompwire/stompwire/frame"

// Size returns how many bytes [AppendFrame] appends for the same arguments, so that memory can be
// reserved or refused beforehand. It does not check anything: for a frame that AppendFrame refuses
// the number has no meaning.
func Size(v frame.Version, cmd frame.Command, h []frame.Field, body []byte) int {
	r := rulesFor(v, cmd)
	size := len(cmd.String()) + len("\n\n\x00") + len(body)
	counted := false
	for i := range h {
		f := &h[i]
		counted = counted || f.Name == frame.HeaderContentLength
		size += textSize(r.name, f.Name) + textSize(r.value, f.Value) + len(":\n")
	}
	if len(body) > 0 && !counted {
		size += len(frame.HeaderContentLength) + len(":\n") + digits(uint64(len(body)))
	}
	return size
}

// textSize returns the length of text with its escapes.
func textSize(act *actions, text string) int {
	size := len(text)
	for i := range len(text) {
		if act[text[i]] > refuseColon {
			size++
		}
	}
	return size
}

// digits returns how many decimal digits n has.
func digits(n uint64) int {
	count := 1
	for ; n >= 10; n /= 10 {
		count++
	}
	return count
}
