package frame

// Command is the first line of a frame. Commands are case-sensitive (STOMP 1.2, STOMP Frames). The
// zero value is CmdNone.
type Command uint8

// The commands of STOMP 1.0, 1.1 and 1.2.
const (
	CmdNone Command = iota

	// Sent by clients.
	CmdConnect
	CmdStomp // CONNECT's other name, since 1.1
	CmdSend
	CmdSubscribe
	CmdUnsubscribe
	CmdAck
	CmdNack // since 1.1
	CmdBegin
	CmdCommit
	CmdAbort
	CmdDisconnect

	// Sent by servers.
	CmdConnected
	CmdMessage
	CmdReceipt
	CmdError

	numCommands
)

var commandNames = [numCommands]string{
	CmdNone:        "",
	CmdConnect:     "CONNECT",
	CmdStomp:       "STOMP",
	CmdSend:        "SEND",
	CmdSubscribe:   "SUBSCRIBE",
	CmdUnsubscribe: "UNSUBSCRIBE",
	CmdAck:         "ACK",
	CmdNack:        "NACK",
	CmdBegin:       "BEGIN",
	CmdCommit:      "COMMIT",
	CmdAbort:       "ABORT",
	CmdDisconnect:  "DISCONNECT",
	CmdConnected:   "CONNECTED",
	CmdMessage:     "MESSAGE",
	CmdReceipt:     "RECEIPT",
	CmdError:       "ERROR",
}

// String returns the command as it is written on the wire, "" for [CmdNone].
func (c Command) String() string {
	if c < numCommands {
		return commandNames[c]
	}
	return ""
}

// ParseCommand returns the command that name spells, CmdNone if it spells none. It does not
// allocate.
func ParseCommand(name []byte) Command {
	// The length leaves at most four candidates; comparing with the constant
	// strings of a switch costs a few machine words and no conversion.
	switch len(name) {
	case 3:
		if string(name) == "ACK" {
			return CmdAck
		}
	case 4:
		switch string(name) {
		case "SEND":
			return CmdSend
		case "NACK":
			return CmdNack
		}
	case 5:
		switch string(name) {
		case "STOMP":
			return CmdStomp
		case "BEGIN":
			return CmdBegin
		case "ABORT":
			return CmdAbort
		case "ERROR":
			return CmdError
		}
	case 6:
		if string(name) == "COMMIT" {
			return CmdCommit
		}
	case 7:
		switch string(name) {
		case "MESSAGE":
			return CmdMessage
		case "RECEIPT":
			return CmdReceipt
		case "CONNECT":
			return CmdConnect
		}
	case 9:
		switch string(name) {
		case "CONNECTED":
			return CmdConnected
		case "SUBSCRIBE":
			return CmdSubscribe
		}
	case 10:
		if string(name) == "DISCONNECT" {
			return CmdDisconnect
		}
	case 11:
		if string(name) == "UNSUBSCRIBE" {
			return CmdUnsubscribe
		}
	}
	return CmdNone
}

// IsClient reports whether a client sends this command.
func (c Command) IsClient() bool { return c >= CmdConnect && c <= CmdDisconnect }

// IsServer reports whether a server sends this command.
func (c Command) IsServer() bool { return c >= CmdConnected && c <= CmdError }

// AllowsBody reports whether a frame of this command may have a body in
// version v. "Only the SEND, MESSAGE, and ERROR frames MAY have a body"
// (STOMP 1.2, Body; the same in 1.1); 1.0 lets any frame carry content.
func (c Command) AllowsBody(v Version) bool {
	return c == CmdSend || c == CmdMessage || c == CmdError || v == Version10
}

// Unescaped reports whether the headers of this command are never escaped, in
// any version. "All frames except the CONNECT and CONNECTED frames" are escaped
// (STOMP 1.2, Value Encoding); STOMP is handled "in the same manner" as CONNECT.
func (c Command) Unescaped() bool {
	return c == CmdConnect || c == CmdStomp || c == CmdConnected
}
