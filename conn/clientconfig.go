package conn

import (
	"context"
	"errors"
	"fmt"
)

// ClientConfig says how a [Client] connects and stays connected. Dial is needed;
// all else is fine as it is.
type ClientConfig struct {
	// Dial makes one connection: it goes over the addresses of the broker once,
	// and returns when one has sent CONNECTED or all have failed. The Dial method
	// of a [Dialer] fits, with MaxRounds 1 so that the rounds are the client's,
	// and so does a function that calls [Dial]. It must pass cfg on, and return
	// soon after ctx has ended.
	Dial func(ctx context.Context, cfg *Config) (*Conn, error)

	// Conn is the config of each connection. Its hooks are called for each of
	// them. DisconnectTimeout bounds the client's Disconnect too, draining
	// included.
	Conn Config

	// Producers is how many connections to send on; default 1, at most 64. What
	// goes to one destination goes over one connection, so its order is kept.
	Producers int

	// OneConnection has everything go over a single connection. By default what
	// is consumed has one of its own, because brokers in need block connections
	// as a whole: RabbitMQ stops reading one that publishes under a memory alarm,
	// ActiveMQ one whose destination is full, with the ACKs behind it.
	OneConnection bool

	// FailFast has calls return ErrNotConnected while there is no connection.
	// By default they wait for one, under their context.
	FailFast bool

	// NoReconnect ends the client when a connection is lost.
	NoReconnect bool

	// Attempts is how many rounds in a row may fail before the client gives up.
	// 0 is 3 for the first connection and no limit after a loss; a negative
	// value is no limit at all.
	Attempts int

	// Backoff is how long to pause after a loss and between rounds.
	Backoff Backoff

	// OnState is called for each step of each connection, in order for one
	// connection, on a goroutine of that connection: while it runs, that
	// connection makes no further step. If it calls runtime.Goexit, that ends the
	// client with ErrGoexit.
	OnState func(StateChange)

	// OnSubscriptionLost is called when the broker refuses to renew a
	// subscription on a new connection. The subscription is gone then.
	OnSubscriptionLost func(s *ClientSubscription, err error)

	// OnClose is called once, when the client has ended, with the cause: it Is
	// net.ErrClosed and unwraps to why the client gave up, if it did.
	OnClose func(err error)
}

const (
	maxProducers  = 64
	firstAttempts = 3
)

// withDefaults leaves Conn and Backoff alone: who uses them fills in theirs.
func (cfg ClientConfig) withDefaults() ClientConfig {
	cfg.Producers = max(cfg.Producers, 1)
	return cfg
}

// validate refuses what no broker could accept, before one is dialled.
func (cfg *ClientConfig) validate() error {
	switch {
	case cfg.Dial == nil:
		return errors.New("stomp: ClientConfig.Dial is nil")
	case cfg.Producers > maxProducers:
		return fmt.Errorf("stomp: ClientConfig.Producers is %d, at most %d are allowed", cfg.Producers, maxProducers)
	case cfg.OneConnection && cfg.Producers > 1:
		return errors.New("stomp: ClientConfig: OneConnection and several Producers")
	}
	_, _, err := newConn(&cfg.Conn)
	return err
}

// attempts returns how many rounds in a row may fail, 0 for any number.
func (cfg *ClientConfig) attempts(connectedBefore bool) int {
	switch {
	case cfg.Attempts < 0 || cfg.Attempts == 0 && connectedBefore:
		return 0
	case cfg.Attempts == 0:
		return firstAttempts
	}
	return cfg.Attempts
}
