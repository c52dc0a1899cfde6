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
	for _, m := range []mortal{
		{name: "rabbitmq", prefetch: frame.Field{Name: "prefetch-count", Value: "50"}},
		{name: "activemq", prefetch: frame.Field{Name: "activemq.prefetchSize", Value: "50"}},
		{name: "artemis", prefetch: frame.Field{Name: "consumer-window-size", Value: "100000"}},
	} {
		t.Run(m.name, func(t *testing.T) { killOften(t, m, kills) })
	}
}

// mortal is a broker to kill.
type mortal struct {
	name     string
	prefetch frame.Field
}

// killedGroup is how many messages a transaction has that may be killed half way.
const killedGroup = 50

func killOften(t *testing.T, m mortal, kills int) {
	leavesNothingAfter(t, longGrowth)
	v := startVictim(t, m.name)
	all := []*traffic{
		// The test is about the messages in the store, so they are consumed only at the end.
		{name: "Send", way: plainSend, atTheEnd: true},
		{name: "receipt", way: receipts, atTheEnd: true},
		{name: "Producer, Redeliver", way: redelivering, atTheEnd: true},
		{name: "transaction", way: transactions, group: killedGroup, atTheEnd: true},
		{name: "Send, persistent", way: plainSend, persistent: true, atTheEnd: true},
		{name: "receipt, persistent", way: receipts, persistent: true, atTheEnd: true},
		{name: "Producer, persistent", way: redelivering, persistent: true, atTheEnd: true},
		{name: "transaction, persistent", way: transactions, group: killedGroup, persistent: true, atTheEnd: true},
		{name: "persistent, ack auto", way: redelivering, persistent: true, ack: frame.AckAuto},
		{name: "persistent, ack client", way: redelivering, persistent: true, ack: frame.AckClient},
		{name: "persistent, ack client-individual", way: redelivering, persistent: true, ack: frame.AckClientIndividual},
	}
	stop, end := context.WithCancel(context.Background())
	defer end()
	for i, tr := range all {
		tr.prefetch = m.prefetch
		if tr.atTheEnd {
			tr.ack = frame.AckClient // the fastest to take all out
		}
		tr.start(t, stop, v.place, v.place, fmt.Sprintf("/queue/faults-%d", i))
	}
	for range kills {
		keepUp(t, all)
		time.Sleep(time.Duration(rand.IntN(500)) * time.Millisecond) // so that it is killed at any moment
		began := time.Now()
		v.kill()
		t.Logf("killed, and back after %v", time.Since(began).Round(100*time.Millisecond))
	}
	keepUp(t, all)
	end()
	fmt.Printf("kills: %s, %d times\n", m.name, kills)
	for _, tr := range all {
		a := tr.finish()
		fmt.Println(tr.line(a))
		promised := tr.persistent && tr.way != plainSend && tr.ack != frame.AckAuto
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

// keepUp waits until each of them gets on, while none runs far ahead, and then lets them all go as they can.
func keepUp(t *testing.T, all []*traffic) {
	t.Helper()
	for _, tr := range all {
		tr.ration(500)
	}
	allProgress(t, all)
	for _, tr := range all {
		tr.ration(0)
	}
}
