//go:build purego || !amd64

package writer

import "github.com/stompwire/stompwire/frame"

func putPlainLines(p []byte, h []frame.Field) (size, lines int) { return putPlainLinesPortable(p, h) }
