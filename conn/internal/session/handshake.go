package session

import (
	"errors"
	"fmt"
	"time"

	"github.com/stompwire/stompwire/conn/dialect"
	"github.com/stompwire/stompwire/frame"
)

// Credentials are what CONNECT says for one connection. An empty VHost leaves Config.Host.
type Credentials struct{ Login, Passcode, VHost string }

// ConnectFrame returns the frame that opens a session on slot. The client-id goes only where
// subscriptions are: ActiveMQ takes one connection for each.
func (c *Core) ConnectFrame(s *Slot, cr Credentials) (frame.Command, []frame.Field) {
	cmd := frame.CmdConnect
	if c.cfg.UseStomp {
		cmd = frame.CmdStomp
	}
	host := c.cfg.Host
	if cr.VHost != "" {
		host = cr.VHost
	}
	fields := []frame.Field{
		// "a comma separated list of incrementing STOMP protocol versions"
		// (STOMP 1.2, Protocol Negotiation). A server of 1.0 ignores it.
		{Name: frame.HeaderAcceptVersion, Value: c.cfg.Versions.String()},
		{Name: frame.HeaderHost, Value: host},
	}
	add := func(name, value string) {
		if value != "" {
			fields = append(fields, frame.Field{Name: name, Value: value})
		}
	}
	add(frame.HeaderLogin, cr.Login)
	add(frame.HeaderPasscode, cr.Passcode)
	if c.cfg.HeartBeat != (frame.HeartBeat{}) {
		add(frame.HeaderHeartBeat, c.cfg.HeartBeat.String())
	}
	if s.CarriesClientID() {
		add(headerClientID, c.cfg.ClientID)
	}
	return cmd, append(fields, c.cfg.Headers...)
}

const headerClientID = "client-id"

// Hello is what CONNECTED says. Version and HeartBeat are "" where the header is absent.
type Hello struct{ Version, HeartBeat, Server string }

// Protocol is what was agreed on for a connection.
type Protocol struct {
	Version   frame.Version
	Dialect   dialect.Dialect
	HeartBeat frame.HeartBeat // as negotiated
	SendEvery time.Duration   // send an EOL when nothing was sent for so long; 0 for never
	HearEvery time.Duration   // the broker is dead when nothing came for so long; 0 for never
}

const minReceiveTolerance = 100 * time.Millisecond

// Agree settles version and heart-beats. It changes nothing, so that the caller can prepare
// the connection before Connected lets others use it.
func (c *Core) Agree(h Hello) (p Protocol, err error) {
	// A CONNECTED without version is from a server of 1.0 (STOMP 1.2, CONNECTED Frame).
	p.Version = frame.Version10
	if h.Version != "" {
		p.Version = frame.ParseVersion(h.Version)
	}
	if !c.cfg.Versions.Has(p.Version) { // a version that was not offered is no basis
		return p, fmt.Errorf("stomp: broker chose version %.16q, we offered %s: %w", h.Version, c.cfg.Versions, frame.ErrProtocol)
	}
	theirs := frame.HeartBeat{} // "0,0" where it is absent (STOMP 1.2, Heart-beating)
	if h.HeartBeat != "" {
		if theirs, err = frame.ParseHeartBeat(h.HeartBeat); err != nil {
			return p, err
		}
	}
	p.Dialect = dialect.Of(h.Server)
	if c.cfg.Broker != dialect.Unknown && c.cfg.Broker != p.Dialect.Broker {
		p.Dialect = c.cfg.Broker.Dialect()
	}
	p.HeartBeat = c.cfg.HeartBeat.Negotiate(theirs)
	p.SendEvery, p.HearEvery = c.beats(p.HeartBeat, &p.Dialect)
	return p, nil
}

// beats sends at half the agreed interval, because ActiveMQ grants no grace and RabbitMQ
// rounds down to seconds, and tolerates ReceiveScale intervals of silence, of those that the
// broker keeps if it rounds ours up.
func (c *Core) beats(agreed frame.HeartBeat, d *dialect.Dialect) (send, hear time.Duration) {
	if agreed.Receive > 0 {
		hear = time.Duration(float64(max(agreed.Receive, d.MinHeartBeat)) * c.cfg.ReceiveScale)
		hear = max(hear, minReceiveTolerance)
	}
	if agreed.Send == 0 { // Artemis closes a connection that is silent, agreed or not
		agreed.Send = d.SilentFor
	}
	return agreed.Send / 2, hear
}

// ErrNotConnected: there is no connection at the moment.
var ErrNotConnected = errors.New("stomp: not connected")
