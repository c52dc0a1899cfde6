package listen

import (
	"context"
	"fmt"
	"sync/atomic"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/frame"
)

// StatsListener counts events. The zero value is ready. Safe for concurrent use.
type StatsListener struct {
	Connections       atomic.Uint64
	Disconnects       atomic.Uint64
	Messages          atomic.Uint64
	MessagesSent      atomic.Uint64 // SEND frames
	Receipts          atomic.Uint64
	Errors            atomic.Uint64
	HeartBeats        atomic.Uint64 // reads that had some
	HeartBeatTimeouts atomic.Uint64
}

// String returns all counters in one line.
func (s *StatsListener) String() string {
	return fmt.Sprintf("connections=%d disconnects=%d messages=%d messages-sent=%d receipts=%d errors=%d heart-beats=%d heart-beat-timeouts=%d",
		s.Connections.Load(), s.Disconnects.Load(), s.Messages.Load(), s.MessagesSent.Load(),
		s.Receipts.Load(), s.Errors.Load(), s.HeartBeats.Load(), s.HeartBeatTimeouts.Load())
}

// OnConnected counts.
func (s *StatsListener) OnConnected(Connection, *frame.Frame) { s.Connections.Add(1) }

// OnDisconnected counts.
func (s *StatsListener) OnDisconnected(Connection, error) { s.Disconnects.Add(1) }

// OnMessage counts.
func (s *StatsListener) OnMessage(context.Context, Connection, *conn.Message) { s.Messages.Add(1) }

// OnSend counts SEND frames.
func (s *StatsListener) OnSend(_ Connection, f *frame.Frame) {
	if f.Command == frame.CmdSend {
		s.MessagesSent.Add(1)
	}
}

// OnReceipt counts.
func (s *StatsListener) OnReceipt(Connection, *frame.Frame) { s.Receipts.Add(1) }

// OnError counts.
func (s *StatsListener) OnError(Connection, *conn.ServerError) { s.Errors.Add(1) }

// OnHeartBeat counts.
func (s *StatsListener) OnHeartBeat(Connection) { s.HeartBeats.Add(1) }

// OnHeartBeatTimeout counts.
func (s *StatsListener) OnHeartBeatTimeout(Connection) { s.HeartBeatTimeouts.Add(1) }
