package broker_test

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stompwire/stompwire/broker"
	"github.com/stompwire/stompwire/frame"
)

// on returns a decision that meets frames of one command with a fault.
func on(command frame.Command, fault broker.Fault) func(uint64, *frame.Frame) broker.Fault {
	return func(_ uint64, f *frame.Frame) broker.Fault {
		if f.Command == command {
			return fault
		}
		return broker.Fault{}
	}
}

func TestFaults(t *testing.T) {
	b := start(t, broker.Config{})
	ready := func(fault broker.Fault) *client {
		b.Inject(nil)
		c := connect(t, b, "1.2")
		c.subscribe("s", "/topic/t", "auto")
		b.Inject(on(frame.CmdSend, fault))
		return c
	}
	t.Run("drop", func(t *testing.T) {
		c := ready(broker.Drop)
		c.send("/topic/t", "x", "receipt:r")
		c.sync()
		c.nc.Close()
	})
	t.Run("duplicate", func(t *testing.T) {
		c := ready(broker.Duplicate)
		c.send("/topic/t", "x", "receipt:r")
		for _, want := range []string{"MESSAGE", "RECEIPT", "MESSAGE", "RECEIPT"} {
			c.expect(want)
		}
		c.nc.Close()
	})
	t.Run("no receipt", func(t *testing.T) {
		c := ready(broker.NoReceipt)
		c.send("/topic/t", "x", "receipt:r")
		c.expectBody("x")
		c.sync()
		c.nc.Close()
	})
	t.Run("refuse", func(t *testing.T) {
		c := ready(broker.Refuse)
		c.send("/topic/t", "x", "receipt:r")
		c.expectError("refused on purpose", "receipt-id:r")
	})
	t.Run("cut", func(t *testing.T) {
		c := ready(broker.Cut)
		c.write("SEND\ndestination:/topic/t\n\nx^@")
		if f, err := c.read(); err == nil {
			t.Errorf("got %v", f)
		}
	})
	t.Run("freeze", func(t *testing.T) {
		c := ready(broker.Freeze(100 * time.Millisecond))
		began := time.Now()
		c.send("/topic/t", "x")
		c.expectBody("x")
		c.sync()
		if took := time.Since(began); took < 90*time.Millisecond {
			t.Errorf("the next frame was handled after %v, want 100ms", took)
		}
	})
}

// To lose every third message is a line of code.
func ExampleBroker_Inject() {
	b, err := broker.Start(broker.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer b.Close()
	var sent atomic.Int64
	b.Inject(func(session uint64, f *frame.Frame) broker.Fault {
		if f.Command == frame.CmdSend && sent.Add(1)%3 == 0 {
			return broker.Drop
		}
		return broker.Fault{}
	})
}
