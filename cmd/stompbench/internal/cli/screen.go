package cli

import (
	"io"
	"os"

	"golang.org/x/term"
)

// screen is the capabilities of an output stream.
type screen struct {
	terminal bool
	color    bool
	width    func() int // nil if unknown
}

func screenOf(w io.Writer) screen {
	file, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(file.Fd())) {
		return screen{}
	}
	_, noColor := os.LookupEnv("NO_COLOR")
	dumb := os.Getenv("TERM") == "dumb"
	return screen{
		terminal: !dumb,
		color:    !dumb && !noColor,
		width: func() int {
			width, _, err := term.GetSize(int(file.Fd()))
			if err != nil {
				return 0
			}
			return width
		},
	}
}
