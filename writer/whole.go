package writer

import "github.com/stompwire/stompwire/frame"

// AppendFrame appends a whole frame: command, headers in their order, body and NUL. It adds a
// content-length line after h if the body is not empty and h has none; any in h must give the
// length of the body. h and body are borrowed for the call. An error is a [*HeaderError] or
// [*FrameError], and dst is returned with its old length.
func AppendFrame(dst []byte, v frame.Version, cmd frame.Command, h []frame.Field, body []byte) ([]byte, error) {
	if err := checkCommand(v, cmd, len(body) > 0); err != nil {
		return dst, err
	}
	return appendRest(dst, AppendCommand(dst, cmd), v, cmd, h, body)
}

// AppendFrameNoLength is [AppendFrame] without content-length, which h must not have either.
// ActiveMQ turns such a SEND into a text message, and any other into a bytes message. A body with
// NUL is refused, because its first NUL would end the frame.
func AppendFrameNoLength(dst []byte, v frame.Version, cmd frame.Command, h []frame.Field, body []byte) ([]byte, error) {
	if err := checkCommand(v, cmd, len(body) > 0); err != nil {
		return dst, err
	}
	return appendRestNoLength(dst, AppendCommand(dst, cmd), v, cmd, h, body)
}

// AppendSend appends a SEND frame: [AppendFrame] with a destination header before
// h, which SEND requires (STOMP 1.2, SEND).
func AppendSend(dst []byte, v frame.Version, destination string, h []frame.Field, body []byte) ([]byte, error) {
	out := AppendCommand(dst, frame.CmdSend)
	out, err := appendRequired(out, v, frame.CmdSend, frame.HeaderDestination, destination)
	if err != nil {
		return dst, err
	}
	return appendRest(dst, out, v, frame.CmdSend, h, body)
}

// appendRest appends the headers h, content-length where it is needed, and the body to out. On an
// error it returns dst.
func appendRest(dst, out []byte, v frame.Version, cmd frame.Command, h []frame.Field, body []byte) ([]byte, error) {
	counted := false
	if size, lines := putPlainLines(out[len(out):cap(out)], h); lines == len(h) {
		out = out[:len(out)+size]
	} else {
		var err error
		if out, counted, err = appendFields(out, v, cmd, h, int64(len(body))); err != nil {
			return dst, err
		}
	}
	if counted || len(body) == 0 {
		return AppendBody(out, body), nil
	}
	return appendCounted(out, body), nil
}

// appendRestNoLength is appendRest without content-length.
func appendRestNoLength(dst, out []byte, v frame.Version, cmd frame.Command, h []frame.Field, body []byte) ([]byte, error) {
	if err := checkUncounted(v, cmd, body); err != nil {
		return dst, err
	}
	out, _, err := appendFields(out, v, cmd, h, noLength)
	if err != nil {
		return dst, err
	}
	return AppendBody(out, body), nil
}
