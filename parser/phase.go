package parser

// phase says what the parser has read of the current frame. It is named for what
// lies behind, so that a phase says what may follow.
//
//	between ──► command ──► header ──┬──► counted ────┐
//	   ▲                             │       │        │
//	   │                             │       ▼        │
//	   │                             │    streamed ───┤
//	   │                             │       ▲        │
//	   │                             │       │        │
//	   │                             └──► uncounted ──┤
//	   └─────────────────── NUL ◄─────────────────────┘
//
// A body larger than a threshold leaves counted or uncounted for streamed. Every
// phase can end in failed, which nothing leaves but Reset.
type phase uint8

const (
	between   phase = iota // EOLs, or nothing
	command                // a part of the command line
	header                 // the command line and maybe header lines
	counted                // the header block, with content-length
	uncounted              // the header block, without
	streamed               // the header block and a part of a body that is not gathered
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
	}
	return "failed"
}
