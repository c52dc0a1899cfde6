package writer

import "github.com/stompwire/stompwire/frame"

// rules say how each octet of header text is written.
type rules struct {
	name, value *actions
	utf8        bool // text must be UTF-8
}

// actions has an action for each octet: 0 copies it, one of the refuse constants refuses the text,
// any other value is the letter to write after a backslash.
type actions [256]byte

const (
	refuseNUL byte = 1 + iota
	refuseLineBreak
	refuseColon
)

// reasonOf holds the error for each refuse constant.
var reasonOf = [...]error{
	refuseNUL:       ErrNUL,
	refuseLineBreak: ErrLineBreak,
	refuseColon:     ErrColonInName,
}

var (
	rawValue  = actions{0: refuseNUL, '\n': refuseLineBreak, '\r': refuseLineBreak}
	rawName   = actions{0: refuseNUL, '\n': refuseLineBreak, '\r': refuseLineBreak, ':': refuseColon}
	escaped11 = actions{0: refuseNUL, '\n': 'n', ':': 'c', '\\': '\\'}
	escaped12 = actions{0: refuseNUL, '\n': 'n', ':': 'c', '\\': '\\', '\r': 'r'}

	rules10  = rules{name: &rawName, value: &rawValue}
	rulesRaw = rules{name: &rawName, value: &rawValue, utf8: true}
	rules11  = rules{name: &escaped11, value: &escaped11, utf8: true}
	rules12  = rules{name: &escaped12, value: &escaped12, utf8: true}
)

// rulesFor returns the rules for the headers of cmd in version v.
func rulesFor(v frame.Version, cmd frame.Command) *rules {
	switch {
	case v == frame.Version10: // nothing is escaped
		return &rules10
	case cmd.Unescaped(): // "except the CONNECT and CONNECTED frames" (1.2, Value Encoding)
		return &rulesRaw
	case v == frame.Version11: // CR is data and has no escape
		return &rules11
	}
	return &rules12
}
