package writer_test

import (
	"testing"

	"github.com/stompwire/stompwire/frame"
	"github.com/stompwire/stompwire/writer"
)

var fullAck = writer.Ack{
	ID:           []byte("ack:1"),
	MessageID:    []byte("ID:7"),
	Subscription: []byte("3"),
	Transaction:  "tx1",
}

func TestAckTakesItsFormFromTheVersion(t *testing.T) {
	h := frame.Fields{{Name: "receipt", Value: "r1"}}
	for _, c := range []struct {
		version frame.Version
		wire    string
	}{
		{frame.Version10, "ACK\nmessage-id:ID:7\ntransaction:tx1\nreceipt:r1\n\n\x00"},
		{frame.Version11, "ACK\nmessage-id:ID\\c7\nsubscription:3\ntransaction:tx1\nreceipt:r1\n\n\x00"},
		{frame.Version12, "ACK\nid:ack\\c1\ntransaction:tx1\nreceipt:r1\n\n\x00"},
	} {
		got, err := writer.AppendAck(nil, c.version, fullAck, h)
		check(t, got, err, c.wire)
		if c.version == frame.Version10 {
			continue
		}
		got, err = writer.AppendNack(nil, c.version, fullAck, h)
		check(t, got, err, "N"+c.wire)
	}
}

func TestAckWithoutTransaction(t *testing.T) {
	got, err := writer.AppendAck(nil, frame.Version12, writer.Ack{ID: []byte("1")}, nil)
	check(t, got, err, "ACK\nid:1\n\n\x00")
}

func TestAckIsRefusedWithoutWhatItsVersionRequires(t *testing.T) {
	for _, c := range []struct {
		version frame.Version
		ack     writer.Ack
		missing string
	}{
		{frame.Version10, writer.Ack{ID: []byte("1")}, "message-id"},
		{frame.Version11, writer.Ack{Subscription: []byte("1")}, "message-id"},
		{frame.Version11, writer.Ack{MessageID: []byte("1")}, "subscription"},
		{frame.Version12, writer.Ack{MessageID: []byte("1"), Subscription: []byte("1")}, "id"},
	} {
		got, err := writer.AppendAck(before(), c.version, c.ack, nil)
		checkRefusal(t, got, err, frame.CmdAck, c.missing, -1, writer.ErrMissing)
	}
}
