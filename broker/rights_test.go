package broker_test

import (
	"testing"

	"github.com/stompwire/stompwire/broker"
)

// login returns a client that has logged in.
func login(t testing.TB, b *broker.Broker, user, passcode string) *client {
	t.Helper()
	c := dial(t, b)
	c.write("CONNECT\naccept-version:1.2\nhost:h\nlogin:" + user + "\npasscode:" + passcode + "\n\n^@")
	c.expect("CONNECTED")
	return c
}

// startGuarded starts a broker with a user who may send to orders and read prices,
// one who may do nothing, and one who may do all.
func startGuarded(t testing.TB) *broker.Broker {
	return start(t, broker.Config{
		Users: map[string]string{"shop": "s", "nobody": "n", "root": "r"},
		Permissions: map[string]broker.Permission{
			"shop":   {Write: []string{"/queue/orders.*"}, Read: []string{"/topic/prices"}},
			"nobody": {Write: []string{}, Read: []string{}},
		},
	})
}

func TestPermissions(t *testing.T) {
	b := startGuarded(t)
	for _, tt := range []struct {
		user, passcode, frame string
		allowed               bool
	}{
		{"shop", "s", "SEND\ndestination:/queue/orders.1\n", true},
		{"shop", "s", "SEND\ndestination:/queue/orders\n", false},
		{"shop", "s", "SEND\ndestination:/topic/prices\n", false},
		{"shop", "s", "SEND\ndestination:/topic/nobody-listens\n", false},
		{"shop", "s", "SUBSCRIBE\nid:1\ndestination:/topic/prices\n", true},
		{"shop", "s", "SUBSCRIBE\nid:1\ndestination:/queue/orders.1\n", false},
		{"shop", "s", "SUBSCRIBE\nid:1\ndestination:/queue/DLQ.prices\n", false},
		{"shop", "s", "SUBSCRIBE\nid:1\ndestination:/temp-queue/mine\n", true},
		{"shop", "s", "SEND\ndestination:/temp-queue/mine\n", true},
		{"shop", "s", "SEND\ndestination:/temp-queue/@1/yours\n", false},
		{"nobody", "n", "SEND\ndestination:/queue/a\n", false},
		{"nobody", "n", "SUBSCRIBE\nid:1\ndestination:/queue/a\n", false},
		{"root", "r", "SEND\ndestination:/queue/a\n", true},
		{"root", "r", "SUBSCRIBE\nid:1\ndestination:/queue/a\n", true},
	} {
		c := login(t, b, tt.user, tt.passcode)
		c.write(tt.frame + "receipt:r\n\n^@")
		if tt.allowed {
			c.expect("RECEIPT", "receipt-id:r")
			c.nc.Close()
		} else {
			c.expectError("access refused", "receipt-id:r")
		}
	}
}

// What is not allowed is refused when it is sent, in a transaction as elsewhere, and
// after what is.
func TestPermissionsInTransactions(t *testing.T) {
	b := startGuarded(t)
	c := login(t, b, "shop", "s")
	c.write("BEGIN\ntransaction:t\n\n^@SEND\ndestination:/queue/orders.1\ntransaction:t\nreceipt:1\n\nx^@" +
		"SEND\ndestination:/queue/orders.1\ntransaction:t\nreceipt:2\n\nx^@SEND\ndestination:/queue/a\ntransaction:t\nreceipt:3\n\nx^@")
	c.expect("RECEIPT", "receipt-id:1")
	c.expect("RECEIPT", "receipt-id:2")
	c.expectError("access refused", "receipt-id:3")
	if st := b.Stats(); st.MessagesIn != 0 {
		t.Errorf("%+v", st)
	}
}

// A reply goes to a temporary destination of another connection if a pattern says so.
func TestPermissionToReply(t *testing.T) {
	b := start(t, broker.Config{
		Users: map[string]string{"client": "c", "service": "s"},
		Permissions: map[string]broker.Permission{
			"client":  {Write: []string{"/queue/requests"}, Read: []string{}},
			"service": {Write: []string{"/temp-queue/*"}, Read: []string{"/queue/requests"}},
		},
	})
	asks, answers := login(t, b, "client", "c"), login(t, b, "service", "s")
	answers.subscribe("s", "/queue/requests", "auto")
	asks.subscribe("r", "/temp-queue/replies", "auto")
	asks.send("/queue/requests", "question", "reply-to:/temp-queue/replies")
	answers.send(answers.expectBody("question").get("reply-to"), "answer")
	asks.expectBody("answer")
}

// To refuse a message needs no right but to read it: the broker moves it. Its dead letter queue has messages of that
// destination only, and is not among those that a pattern of another kind of destination has.
func TestPermissionsAndDeadLetters(t *testing.T) {
	b := start(t, broker.Config{
		MaxRedeliveries: 1,
		Users:           map[string]string{"reader": "", "queues": "", "keeper": "", "sender": ""},
		Permissions: map[string]broker.Permission{
			"reader": {Read: []string{"/topic/x", "/queue/x", "x"}, Write: []string{}},
			"queues": {Read: []string{"/queue/*"}, Write: []string{"/queue/*"}},
			"keeper": {Read: []string{"DLQ.*", "/queue/DLQ.*"}, Write: []string{}},
		},
	})
	c, p := login(t, b, "reader", ""), login(t, b, "sender", "")
	for _, name := range []string{"/topic/x", "/queue/x", "x"} {
		c.subscribe(name, name, "client")
		p.send(name, "of "+name)
		nackTwice(c)
	}
	c.sync()
	for _, name := range []string{"/queue/DLQ.x", "DLQ./topic/x", "DLQ.x"} {
		d := login(t, b, "reader", "")
		d.write("SUBSCRIBE\nid:s\ndestination:" + name + "\n\n^@")
		d.expectError("access refused")
		d = login(t, b, "queues", "")
		d.write("SUBSCRIBE\nid:s\ndestination:" + name + "\nack:client\nreceipt:r\n\n^@")
		if name == "/queue/DLQ.x" {
			d.expect("RECEIPT")
			d.expectBody("of /queue/x", "original-destination:/queue/x")
			d.nc.Close()
			waitFor(t, func() bool { return b.Stats().Redelivered > 0 && b.Stats().Subscriptions == 3 })
		} else {
			d.expectError("access refused")
		}
	}
	d := login(t, b, "keeper", "")
	for name, origin := range map[string]string{"/queue/DLQ.x": "/queue/x", "DLQ./topic/x": "/topic/x", "DLQ.x": "x"} {
		d.subscribe(name, name, "auto")
		d.expectBody("of "+origin, "original-destination:"+origin, "subscription:"+name)
		d.sync() // and nothing else
	}
}
