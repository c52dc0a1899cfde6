package conn

import (
	"slices"
	"time"

	"github.com/stompwire/stompwire/conn/dialect"
	"github.com/stompwire/stompwire/conn/internal/session"
	"github.com/stompwire/stompwire/frame"
	"github.com/stompwire/stompwire/writer"
)

// ProducerConfig says what a [Producer] sends, how it is confirmed, and what happens to sends when
// the connection is lost.
type ProducerConfig struct {
	// Destination and Headers are those of every message; the last header may be Text. They are
	// checked and encoded once for each connection.
	Destination string
	Headers     []frame.Field

	// Hints become headers for the broker of each connection.
	Hints []dialect.Hint

	// Window is how many sends may be without an outcome at a time; default 1000, at most 1<<20.
	// When the window is full, Send waits until a quarter of it is free, which is cheaper than a
	// wake-up for each send, or after 1 ms for any free place. A negative value asks for no
	// receipts; then there are no outcomes.
	Window int

	// ReceiptEvery, if above 1, asks for a receipt only on every n-th frame, and on the last frame
	// of each batch that is written. Such a receipt also confirms all frames before it. At most
	// Window. It has no effect with a broker whose receipts are not cumulative
	// (dialect.Dialect.ReceiptsCumulative). If a frame without a receipt is refused, the ERROR does
	// not name it, so all open outcomes are Unknown then.
	ReceiptEvery int

	// Timeout is the time after Send at which an outcome becomes Unknown. 0 is
	// Config.ReceiptTimeout, or never with Redeliver; a negative value is never. Only time with a
	// connection counts. It is accurate to a second.
	Timeout time.Duration

	// Redeliver sends messages that had no outcome when a connection was lost again on the next
	// one: in order, before anything new, and with x-possible-duplicate:true if the broker may have
	// them. A copy of each message is kept until its outcome. Without Redeliver these outcomes are
	// Unknown or NotSent. It takes nothing new while there is no connection: Send then waits for
	// one, under its context.
	Redeliver bool

	// MaxBytes bounds the copies, in bytes; default 16 MiB. Send waits for room. One message may
	// exceed it.
	MaxBytes int

	// IDHeader, if it is not empty, names a header that identifies the message and stays the same
	// when it is sent again: a random text of the producer, a dash and the sequence number.
	IDHeader string

	// InOrder reports outcomes in the order of the sends, one at a time.
	InOrder bool

	// OnOutcome is called once for each send. It must not block, nor wait for outcomes. Without
	// InOrder it must be safe for concurrent use. May be nil.
	OnOutcome func(Outcome)
}

const (
	defaultWindow   = 1000
	maxWindow       = 1 << 20
	defaultMaxBytes = 16 << 20
)

func (cfg ProducerConfig) withDefaults(c *Client) ProducerConfig {
	cfg.Headers, cfg.Hints = slices.Clone(cfg.Headers), slices.Clone(cfg.Hints)
	if cfg.Window == 0 {
		cfg.Window = defaultWindow
	}
	if cfg.Timeout == 0 && !cfg.Redeliver {
		cfg.Timeout = c.cfg.ReceiptTimeout
	}
	cfg.Timeout = min(max(cfg.Timeout, 0), longest)
	if cfg.MaxBytes <= 0 {
		cfg.MaxBytes = defaultMaxBytes
	}
	return cfg
}

func (cfg *ProducerConfig) validate() error {
	switch {
	case cfg.Destination == "":
		return &writer.HeaderError{Command: frame.CmdSend, Name: frame.HeaderDestination, Index: -1, Reason: writer.ErrMissing}
	case cfg.Window > maxWindow:
		return option("stomp: ProducerConfig.Window is %d, above %d", cfg.Window, maxWindow)
	case cfg.ReceiptEvery < 0 || cfg.ReceiptEvery > 1 && cfg.ReceiptEvery > cfg.Window:
		return option("stomp: ProducerConfig.ReceiptEvery is %d, not from 0 to the window of %d", cfg.ReceiptEvery, cfg.Window)
	case cfg.Window < 0 && (cfg.Redeliver || cfg.OnOutcome != nil || cfg.InOrder):
		return option("stomp: ProducerConfig asks for outcomes without receipts")
	}
	h, _ := cutText(cfg.Headers)
	if err := checkFixed(h); err != nil {
		return err
	}
	return checkFixed([]frame.Field{{Name: cfg.IDHeader}})
}

// checkFixed refuses headers that the producer writes itself.
func checkFixed(h []frame.Field) error {
	for i := range h {
		switch h[i].Name {
		case frame.HeaderReceipt, frame.HeaderContentLength, frame.HeaderTransaction, frame.HeaderDestination:
			return reserved(frame.CmdSend, h, i)
		}
	}
	return nil
}

// Outcome is the outcome of one send of a producer.
type Outcome = session.Outcome

// OutcomeStatus says how a confirmed send ended.
type OutcomeStatus = session.OutcomeStatus

const (
	// Confirmed: the broker has sent the RECEIPT.
	Confirmed = session.Confirmed
	// Rejected: the broker has refused the message with an ERROR frame.
	Rejected = session.Rejected
	// Unknown: the connection or the time ended before an answer. The broker may or may not have
	// the message; sending it again may duplicate it.
	Unknown = session.Unknown
	// NotSent: no byte of the message has left. Sending it again is safe.
	NotSent = session.NotSent
)
