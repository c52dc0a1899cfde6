package writer

import "github.com/stompwire/stompwire/frame"

// commandLines holds each command with its line end. Every byte is a valid index, which saves a
// bounds check on the hot path.
var commandLines = func() (lines [256]string) {
	for i := range lines {
		if name := frame.Command(i).String(); name != "" {
			lines[i] = name + "\n"
		}
	}
	return lines
}()

// AppendCommand appends the command and its line end, with which a frame begins.
func AppendCommand(dst []byte, cmd frame.Command) []byte {
	return append(dst, commandLines[cmd]...)
}

// checkCommand returns an error if v has no such command, or if the frame must not have its body.
func checkCommand(v frame.Version, cmd frame.Command, hasBody bool) error {
	switch {
	case commandLines[cmd] == "", cmd == frame.CmdNack && v == frame.Version10:
		return &FrameError{Command: cmd, Version: v, Reason: ErrCommand}
	case hasBody && !cmd.AllowsBody(v):
		// "Only the SEND, MESSAGE, and ERROR frames MAY have a body" (1.2, Body)
		return &FrameError{Command: cmd, Version: v, Reason: ErrBodyNotAllowed}
	}
	return nil
}
