package conn_test

import (
	"context"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/frame"
)

func message(sub, id, body string) string {
	return "MESSAGE\nsubscription:" + sub + "\nmessage-id:" + id + "\nack:" + id + "\ndestination:/queue/a\n\n" + body + "^@"
}

// delivery is what each version's server sends for the acknowledgement to refer to.
func delivery(v frame.Version) string {
	if v == frame.Version12 {
		return "MESSAGE\nsubscription:1\nmessage-id:m\\c1\nack:a\\c1\ndestination:/queue/a\n\nbody^@"
	}
	if v == frame.Version11 {
		return "MESSAGE\nsubscription:1\nmessage-id:m\\c1\ndestination:/queue/a\n\nbody^@"
	}
	return "MESSAGE\nsubscription:1\nmessage-id:m:1\ndestination:/queue/a\n\nbody^@"
}

func ignore(context.Context, *conn.Message) {}
