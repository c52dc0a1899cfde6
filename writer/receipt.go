package writer

import "github.com/stompwire/stompwire/frame"

// AppendReceipt appends a RECEIPT frame for the frame whose receipt header had the value id, which
// is borrowed for the call. An error is a [*HeaderError], and dst is returned with its old length.
func AppendReceipt(dst []byte, v frame.Version, id []byte) ([]byte, error) {
	out := AppendCommand(dst, frame.CmdReceipt)
	out, err := appendHeader(out, v, frame.CmdReceipt, frame.HeaderReceiptID, textOf(id))
	if err != nil {
		return dst, err
	}
	return AppendBody(out, nil), nil
}
