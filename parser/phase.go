package parser

// phase says what the parser has read of the current frame. It is named for what
// lies behind, so that a phase says what may follow.
//
//	between ──► command ──► header ──┬──► counted ────┐
//	   ▲                      │      │       │        │
//	   │                      ▼      │       ▼        │
//	   │                   skipped ──┼──► streamed ───┤
//	   │                             │       ▲        │
//	   │                             │       │        │
//	   │                             └──► uncounted ──┤
//	   └─────────────────── NUL ◄─────────────────────┘
//
// A body larger than a threshold leaves counted or uncounted for streamed. A header above
// a limit leaves header for skipped, if the handler wants that, and skipped for streamed,
// as which its body is dropped. Every phase can end in failed, which nothing leaves but Reset.
type phase uint8

const (
	between   phase = iota // EOLs, or nothing
	command                // a part of the command line
	header                 // the command line and maybe header lines
	counted                // the header block, with content-length
	uncounted              // the header block, without
	streamed               // the header block and a part of a body that is not gathered
	skipped                // a part of a header block that is not kept
	failed
)

func (p phase) String() string {
	switch p {
	case between:
		return "between frames"
	case command:
		return "in the command line"
	case header:
		return "in the header"
	case counted:
		return "in a counted body"
	case uncounted:
		return "in a body"
	case streamed:
		return "in a streamed body"
	case skipped:
		return "in a skipped header"
	}
	return "failed"
}
