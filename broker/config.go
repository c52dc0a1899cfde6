package broker

import (
	"errors"
	"fmt"
	"log/slog"
	"math"
	"runtime"
	"time"

	"github.com/stompwire/stompwire/frame"
)

// Config configures a broker. The zero value is ready: a field that is 0 has its default. No bound
// can be turned off.
type Config struct {
	// Addr is where Start listens, in the form of Listen; default "127.0.0.1:0", which lets the
	// system choose a port.
	Addr string
	// Loops is the number of event loops that read connections; default GOMAXPROCS.
	Loops int
	// Logger logs refused frames and connections that ended with an error at debug level, and
	// errors of the broker itself. nil logs nothing.
	Logger *slog.Logger
	// Users maps logins to passcodes. nil accepts any login.
	Users map[string]string
	// Permissions says, by login, which destinations a user may use. A user without
	// an entry may use all.
	Permissions map[string]Permission

	// HeartBeat is what the broker offers; default 1s,1s. A peer that asks for longer intervals
	// gets them, and one that asks for none gets none. A negative interval offers none in that
	// direction.
	HeartBeat frame.HeartBeat
	// ConnectTimeout is how long a peer may take to connect; default 10s.
	ConnectTimeout time.Duration
	// WriteTimeout is how long a peer may read nothing while there is something to write to it;
	// default 30s.
	WriteTimeout time.Duration

	// Limits bounds a frame. Before CONNECTED the header block and the body are also bounded to 16
	// KiB each. A SEND is refused, too, if its MESSAGE could exceed what readers accept: the
	// default limits of package frame, or these where they are larger. So if you raise them, raise
	// those of the readers, too.
	Limits frame.Limits
	// QueueBytes is how many bytes a destination holds before its producers are slowed; default 64
	// MiB. Each message counts with the memory reserved for it. In a topic it counts 48 bytes more
	// for each subscription that still has to receive or acknowledge it.
	QueueBytes int
	// StoredBytes is how many bytes all destinations and open transactions hold together, waiting
	// and unacknowledged messages alike; default 16 times QueueBytes, 1 GiB. Beyond it a SEND is
	// refused if its message would have to be kept: slowing one producer down would not help, since
	// any other may have filled the broker. A message that can be delivered at once and need not be
	// acknowledged is still accepted, and each destination whose consumers keep up may hold 4 KiB
	// that they have not acknowledged.
	StoredBytes int
	// MaxRedeliveries is how often a message is delivered again after a NACK before it is moved to
	// the dead letter queue; default 5. If that queue cannot take it, it is delivered once more.
	MaxRedeliveries int
	// MaxConnections is how many connections are served at a time; default 65536.
	// Others are closed at once.
	MaxConnections int
	// MaxConnectionsPerIP bounds the connections from one IP address; an IPv6 /64 network counts as
	// one address. Default MaxConnections, because behind a proxy or in a load test all peers have
	// the same address. Others are closed at once.
	MaxConnectionsPerIP int
	// MaxConnectionsPerUser bounds the connections of one of the Users; default MaxConnections.
	// Others are refused.
	MaxConnectionsPerUser int
	// ConnectionRate bounds what each connection may send, UserRate what all connections of one of
	// the Users may send together. The zero value is no bound: these are the only bounds that are
	// off by default.
	ConnectionRate, UserRate Rate
	// MaxDestinations is how many destinations there may be; default 65536.
	MaxDestinations int
	// MaxDestinationsPerConnection is how many destinations one connection may have made, including
	// the dead letter queues of messages that it refused; default half of MaxDestinations, so that
	// no connection can use them up.
	MaxDestinationsPerConnection int

	// MaxSubscriptions is how many subscriptions a connection may have; default
	// 1024.
	MaxSubscriptions int
	// MaxUnacked is how many unacknowledged messages a subscription may have unless it asks for
	// fewer; default 16384.
	MaxUnacked int
	// MaxTransactions is how many open transactions a connection may have; default
	// 256.
	MaxTransactions int
	// TransactionBytes is how much the open transactions of a connection may hold;
	// default 64 MiB.
	TransactionBytes int
}

// maxName bounds the names that peers choose and the broker keeps: destinations, subscription ids,
// transaction ids. In bytes.
const maxName = 1024

// preLogin bounds the header block and the body of a peer that has not logged in, in bytes.
const preLogin = 16 << 10

func (c Config) withDefaults() Config {
	if c.Addr == "" {
		c.Addr = "127.0.0.1:0"
	}
	if c.HeartBeat == (frame.HeartBeat{}) {
		c.HeartBeat = frame.HeartBeat{Send: time.Second, Receive: time.Second}
	}
	c.HeartBeat.Send = max(c.HeartBeat.Send, 0)
	c.HeartBeat.Receive = max(c.HeartBeat.Receive, 0)
	c.Limits = c.Limits.WithDefaults()
	def(&c.Loops, runtime.GOMAXPROCS(0))
	def(&c.ConnectTimeout, 10*time.Second)
	def(&c.WriteTimeout, 30*time.Second)
	def(&c.QueueBytes, 64<<20)
	def(&c.StoredBytes, 16*min(c.QueueBytes, math.MaxInt/16))
	def(&c.MaxRedeliveries, 5)
	def(&c.MaxConnections, 1<<16)
	def(&c.MaxConnectionsPerIP, c.MaxConnections)
	def(&c.MaxConnectionsPerUser, c.MaxConnections)
	def(&c.MaxDestinations, 1<<16)
	def(&c.MaxDestinationsPerConnection, max(c.MaxDestinations/2, 1))
	def(&c.MaxSubscriptions, 1024)
	def(&c.MaxUnacked, 16<<10)
	def(&c.MaxTransactions, 256)
	def(&c.TransactionBytes, 64<<20)
	return c
}

func def[T int | time.Duration](v *T, d T) {
	if *v == 0 {
		*v = d
	}
}

func (c Config) validate() error {
	if err := c.Limits.Validate(); err != nil {
		return fmt.Errorf("broker: %w", err)
	}
	for _, n := range []int{c.Loops, c.QueueBytes, c.StoredBytes, c.MaxRedeliveries, c.MaxConnections, c.MaxDestinations, c.MaxDestinationsPerConnection,
		c.MaxConnectionsPerIP, c.MaxConnectionsPerUser, c.ConnectionRate.Frames, c.ConnectionRate.Bytes, c.UserRate.Frames, c.UserRate.Bytes,
		c.MaxSubscriptions, c.MaxUnacked, c.MaxTransactions, c.TransactionBytes} {
		if n < 0 || c.ConnectTimeout < 0 || c.WriteTimeout < 0 {
			return errors.New("broker: a limit of the configuration is negative")
		}
	}
	return c.validatePermissions()
}

// limitsBeforeLogin returns the bounds for a peer that has not connected yet.
func (c Config) limitsBeforeLogin() frame.Limits {
	l := c.Limits
	l.HeaderBlock = min(l.HeaderBlock, preLogin)
	l.Body = min(l.Body, preLogin)
	return l
}
