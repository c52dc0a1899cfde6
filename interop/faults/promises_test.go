package faults_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stompwire/stompwire/broker"
	"github.com/stompwire/stompwire/frame"
)

// promiseCuts is how often each connection is cut for the table of promises, unless STOMPWIRE_CUTS says another number.
const promiseCuts = 20

// What each way of sending and of acknowledging promises when connections are cut, against the embedded broker. Where the
// sender is the point, only its connection is cut, and where the consumer is, only that one's.
func TestPromisesUnderCuts(t *testing.T) {
	leavesNothingAfter(t, longGrowth)
	b, err := broker.Start(broker.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close() })
	cut := startCable(t, b.Addr().String())
	safe := place{uri: b.URI()}
	senders := []*traffic{
		{name: "Send", way: plainSend},
		{name: "receipt", way: receipts},
		{name: "Producer, Redeliver", way: redelivering},
		{name: "transaction", way: transactions, group: 5},
	}
	takers := []*traffic{
		{name: "ack auto", ack: frame.AckAuto},
		{name: "ack client", ack: frame.AckClient},
		{name: "ack client-individual", ack: frame.AckClientIndividual},
	}
	prefetch := frame.Field{Name: "prefetch-count", Value: "50"}
	stop, end := context.WithCancel(context.Background())
	defer end()
	for i, tr := range senders {
		tr.ack = frame.AckClientIndividual
		tr.prefetch = prefetch
		tr.start(t, stop, cut.place(), safe, fmt.Sprintf("/queue/sender-%d", i))
	}
	for i, tr := range takers {
		tr.way = redelivering
		tr.prefetch = prefetch
		tr.start(t, stop, safe, cut.place(), fmt.Sprintf("/queue/taker-%d", i))
	}
	all := append(senders, takers...)
	cuts := int(number(t, "STOMPWIRE_CUTS", promiseCuts))
	for i := range cuts {
		allProgress(t, all)
		if i%2 == 0 {
			cut.cut()
		} else {
			cut.reset()
		}
	}
	allProgress(t, all)
	end()
	fmt.Printf("promises: %d cuts of each connection\n", cuts)
	for _, tr := range all {
		a := tr.finish()
		fmt.Println(tr.line(a))
		if a.lost != 0 && tr.way != plainSend && tr.ack != frame.AckAuto {
			t.Errorf("%s: %d confirmed ones are lost", tr.name, a.lost)
		}
		if a.unmarked != 0 {
			t.Errorf("%s: %d came again without a mark", tr.name, a.unmarked)
		}
	}
}

// allProgress waits until of each something more was sent, confirmed and consumed.
func allProgress(t *testing.T, all []*traffic) {
	t.Helper()
	var begin []audit
	for _, tr := range all {
		begin = append(begin, tr.books.audit())
	}
	for i, tr := range all {
		progresses(t, tr, begin[i])
	}
}

func progresses(t *testing.T, tr *traffic, begin audit) {
	t.Helper()
	const least = 20
	deadline := time.Now().Add(longPatience)
	for {
		now := tr.books.audit()
		settled := now.sent - now.unknown - now.notSent - (begin.sent - begin.unknown - begin.notSent)
		if settled >= least && (tr.atTheEnd || now.received >= begin.received+least) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s: no progress: %v", tr.name, now)
		}
		time.Sleep(20 * time.Millisecond)
	}
}
