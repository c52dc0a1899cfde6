package faults_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"github.com/stompwire/stompwire/frame"
)

// What each way of sending and of acknowledging promises when the broker is killed under load and started again. How often
// is in STOMPWIRE_KILLS; without that, brokers are left alone.
func TestPromisesUnderKills(t *testing.T) {
	if os.Getenv("STOMPWIRE_KILLS") == "" {
		t.Skip("STOMPWIRE_KILLS is not set: no broker is killed; make faults does")
	}
	kills := int(number(t, "STOMPWIRE_KILLS", 1))
	for _, broker := range []struct {
		name         string
		commitStored bool // the receipt of COMMIT means that persistent messages are on disk
	}{
		{"rabbitmq", false},
		{"activemq", true},
	} {
		t.Run(broker.name, func(t *testing.T) { killOften(t, broker.name, kills, broker.commitStored) })
	}
}

func killOften(t *testing.T, name string, kills int, commitStored bool) {
	leavesNothingAfter(t, longGrowth)
	v := startVictim(t, name)
	all := []*traffic{
		// What is in the store is at stake, so nobody takes it out before the end.
		{name: "Send", way: plainSend, atTheEnd: true},
		{name: "receipt", way: receipts, atTheEnd: true},
		{name: "ClientProducer, Redeliver", way: redelivering, atTheEnd: true},
		{name: "transaction", way: transactions, atTheEnd: true},
		{name: "Send, persistent", way: plainSend, persistent: true, atTheEnd: true},
		{name: "receipt, persistent", way: receipts, persistent: true, atTheEnd: true},
		{name: "ClientProducer, persistent", way: redelivering, persistent: true, atTheEnd: true},
		{name: "transaction, persistent", way: transactions, persistent: true, atTheEnd: true},
		{name: "persistent, ack auto", way: redelivering, persistent: true, ack: frame.AckAuto},
		{name: "persistent, ack client", way: redelivering, persistent: true, ack: frame.AckClient},
		{name: "persistent, ack client-individual", way: redelivering, persistent: true, ack: frame.AckClientIndividual},
	}
	stop, end := context.WithCancel(context.Background())
	defer end()
	for i, tr := range all {
		if tr.atTheEnd {
			tr.ack = frame.AckClient // the fastest to take all out
		}
		tr.start(t, stop, v.dial, v.dial, v.cfg, fmt.Sprintf("/queue/faults-%d", i))
	}
	for range kills {
		for _, tr := range all {
			progresses(t, tr)
		}
		time.Sleep(time.Duration(rand.IntN(500)) * time.Millisecond) // so that it is killed at any moment
		v.kill()
	}
	for _, tr := range all {
		progresses(t, tr)
	}
	end()
	fmt.Printf("kills: %s, %d times\n", name, kills)
	for _, tr := range all {
		a := tr.finish()
		fmt.Println(tr.line(a))
		promised := tr.persistent && tr.way != plainSend && (tr.way != transactions || commitStored) && tr.ack != frame.AckAuto
		if promised && a.lost != 0 {
			t.Errorf("%s: %d confirmed ones are lost", tr.name, a.lost)
		}
		if tr.atTheEnd && a.unmarked != 0 { // a broker forgets, when it is killed, what it has delivered
			t.Errorf("%s: %d came again without a mark", tr.name, a.unmarked)
		}
		if !tr.persistent && a.lost == 0 {
			t.Errorf("%s: nothing was lost, so no broker was killed", tr.name)
		}
	}
}
