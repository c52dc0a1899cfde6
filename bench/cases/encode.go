package cases

import "github.com/stompwire/stompwire/frame"

// EncodeCase is a frame to encode. content-length is not among its fields; the encoder adds it if
// needed.
type EncodeCase struct {
	Name    string
	Command frame.Command
	Fields  frame.Fields
	Body    []byte
}

// Encode lists the encoding cases.
var Encode = []EncodeCase{
	{
		Name:    "send-4h-128B",
		Command: frame.CmdSend,
		Fields: frame.Fields{
			{Name: "destination", Value: "/queue/orders.incoming"},
			{Name: "content-type", Value: "application/json"},
			{Name: "persistent", Value: "true"},
			{Name: "correlation-id", Value: "8d1f-1042"},
		},
		Body: []byte(Body(128)),
	},
	{
		Name:    "send-escapes",
		Command: frame.CmdSend,
		Fields: frame.Fields{
			{Name: "destination", Value: "/queue/orders.incoming"},
			{Name: "reply-to", Value: "/remote-temp-queue/ID:broker-1-38453-1721998800123-2:1:1"},
			{Name: "note", Value: "first line\nsecond line, with a \\ in it"},
			{Name: "x:y", Value: "a:b:c"},
		},
		Body: []byte(Body(128)),
	},
	{
		Name:    "send-4h-64KiB",
		Command: frame.CmdSend,
		Fields: frame.Fields{
			{Name: "destination", Value: "/queue/orders.incoming"},
			{Name: "content-type", Value: "application/json"},
			{Name: "persistent", Value: "true"},
			{Name: "correlation-id", Value: "8d1f-1042"},
		},
		Body: []byte(Body(64 << 10)),
	},
	{
		Name:    "send-1h-0B",
		Command: frame.CmdSend,
		Fields:  frame.Fields{{Name: "destination", Value: "/queue/orders.incoming"}},
	},
	{
		Name:    "send-10h-1KiB",
		Command: frame.CmdSend,
		Fields: frame.Fields{
			{Name: "destination", Value: "/queue/orders.incoming"},
			{Name: "content-type", Value: "application/json"},
			{Name: "persistent", Value: "true"},
			{Name: "correlation-id", Value: "8d1f-1042"},
			{Name: "priority", Value: "4"},
			{Name: "expires", Value: "1721998860123"},
			{Name: "receipt", Value: "1042"},
			{Name: "transaction", Value: "tx-17"},
			{Name: "x-tenant", Value: "north-west"},
			{Name: "traceparent", Value: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"},
		},
		Body: []byte(Body(1 << 10)),
	},
	{
		Name:    "ack",
		Command: frame.CmdAck,
		Fields:  frame.Fields{{Name: "id", Value: "T_7@@session-Jz3QmvWk@@1042"}},
	},
}
