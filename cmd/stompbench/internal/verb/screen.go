package verb

import (
	"io"
	"os"

	"golang.org/x/term"
)

// Screen is the capabilities of an output stream.
type Screen struct {
	Terminal bool
	Color    bool
	Width    func() int // nil if unknown
}

// ScreenOf returns what a stream can do: nothing, unless it is a terminal.
func ScreenOf(w io.Writer) Screen {
	file, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(file.Fd())) {
		return Screen{}
	}
	_, noColor := os.LookupEnv("NO_COLOR")
	dumb := os.Getenv("TERM") == "dumb"
	return Screen{
		Terminal: !dumb,
		Color:    !dumb && !noColor,
		Width: func() int {
			width, _, err := term.GetSize(int(file.Fd()))
			if err != nil {
				return 0
			}
			return width
		},
	}
}
