package broker_test

import (
	"fmt"
	"testing"

	"github.com/stompwire/stompwire/broker"
)

func TestQueueDelivers(t *testing.T) {
	eachVersion(t, func(t *testing.T, b *broker.Broker, version string) {
		c := connect(t, b, version)
		c.subscribe("a", "/queue/q", "auto")
		c.send("/queue/q", "hello", "x:y")
		c.expectBody("hello", "subscription:a", "destination:/queue/q", "x:y", "content-length:5")
	})
}

func TestQueueKeepsUntilSubscribed(t *testing.T) {
	b := start(t, broker.Config{})
	p := connect(t, b, "1.2")
	for i := range 100 {
		p.send("/queue/q", fmt.Sprint(i))
	}
	p.sync()
	c := connect(t, b, "1.2")
	c.subscribe("a", "/queue/q", "auto")
	for i := range 100 {
		c.expectBody(fmt.Sprint(i))
	}
}

func TestQueueTakesTurns(t *testing.T) {
	b := start(t, broker.Config{})
	p := connect(t, b, "1.2")
	var cs [3]*client
	for i := range cs {
		cs[i] = connect(t, b, "1.2")
		cs[i].subscribe("a", "/queue/q", "auto")
	}
	for i := range 9 {
		p.send("/queue/q", fmt.Sprint(i))
	}
	p.sync()
	seen := map[string]bool{}
	for range 3 {
		for _, c := range cs {
			seen[c.expect("MESSAGE").body] = true
		}
	}
	if len(seen) != 9 {
		t.Fatalf("%d different messages, want 9", len(seen))
	}
}

func TestTopicFansOut(t *testing.T) {
	b := start(t, broker.Config{})
	p := connect(t, b, "1.2")
	p.send("/topic/t", "nobody listens")
	p.sync()
	var cs []*client
	for _, version := range versions {
		c := connect(t, b, version)
		c.subscribe("a", "/topic/t", "auto")
		cs = append(cs, c)
	}
	p.send("/topic/t", "1")
	p.send("/topic/t", "2")
	for _, c := range cs {
		c.expectBody("1")
		c.expectBody("2")
	}
	if n := b.Stats().Unrouted; n != 1 {
		t.Errorf("%d unrouted, want 1", n)
	}
}
