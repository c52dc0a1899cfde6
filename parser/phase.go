package parser

// phase is what the parser has read of the current frame. It is named for what was read, which
// decides what may follow.
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
// A body larger than a threshold leads from counted or uncounted to streamed. A header above a
// limit leads from header to skipped, if the handler wants that, and from skipped to streamed,
// where its body is dropped. Every phase can end in failed, which only Reset leaves.
type phase uint8

const (
	between   phase = iota // EOLs, or nothing
	command                // a part of the command line
	header                 // the command line and maybe header lines
	counted                // the header block, with content-length
	uncounted              // the header block, without
	streamed               // the header block and a part of a streamed body
	skipped                // a part of a skipped header block
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
