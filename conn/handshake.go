package conn

import (
	"fmt"
	"time"

	"github.com/stompwire/stompwire/frame"
)

// hello returns the frame that opens a session.
func (cfg *Config) hello() (frame.Command, []frame.Field) {
	cmd := frame.CmdConnect
	if cfg.UseStomp {
		cmd = frame.CmdStomp
	}
	fields := []frame.Field{
		// "a comma separated list of incrementing STOMP protocol versions"
		// (STOMP 1.2, Protocol Negotiation). A server of 1.0 ignores it.
		{Name: frame.HeaderAcceptVersion, Value: cfg.Versions.String()},
		{Name: frame.HeaderHost, Value: cfg.Host},
	}
	if cfg.Login != "" {
		fields = append(fields, frame.Field{Name: frame.HeaderLogin, Value: cfg.Login})
	}
	if cfg.Passcode != "" {
		fields = append(fields, frame.Field{Name: frame.HeaderPasscode, Value: cfg.Passcode})
	}
	if cfg.HeartBeat != (frame.HeartBeat{}) {
		fields = append(fields, frame.Field{Name: frame.HeaderHeartBeat, Value: cfg.HeartBeat.String()})
	}
	return cmd, append(fields, cfg.Headers...)
}

// handshake takes the first frame from the broker. The version that it names holds
// from the next byte on.
func (c *Conn) handshake(f *frame.Frame) error {
	switch f.Command {
	case frame.CmdConnected:
	case frame.CmdError:
		err := newServerError(f, c.cfg.Passcode)
		if set := c.cfg.Listeners.now(); set != nil {
			set.failed(c, err)
		}
		return err
	default:
		return &unexpectedFrame{f.Command}
	}
	version, err := c.chosenVersion(f)
	if err != nil {
		return err
	}
	theirs, err := frame.ParseHeartBeat(heartBeatHeader(f))
	if err != nil {
		// It quotes the header, and what is masked in that makes it no better.
		_, err = frame.ParseHeartBeat(mask(heartBeatHeader(f), c.cfg.Passcode))
		return err
	}
	c.version = version
	c.server = f.Header.Text(frame.HeaderServer)
	c.session = f.Header.Text(frame.HeaderSession)
	c.l.SetVersion(version)
	c.dialect = c.cfg.dialectFor(c.server)
	c.maxFrame = c.cfg.maxFrameFor(&c.dialect)
	c.l.SetTolerance(c.cfg.Link.Tolerate | c.dialect.Tolerate)
	c.l.SetQuickAck(c.cfg.Link.QuickAck || c.dialect.HoldsBack)
	c.startHeartBeat(c.cfg.HeartBeat.Negotiate(theirs))
	if !c.life.CompareAndSwap(lifeConnecting, lifeUp) {
		return errTooLate
	}
	c.connected = true
	if set := c.cfg.Listeners.now(); set != nil {
		set.connected(c, f)
	}
	close(c.ready)
	return nil
}

// chosenVersion: a CONNECTED without version is from a server of 1.0 (STOMP 1.2,
// CONNECTED Frame). A version that we did not offer is no basis for anything.
func (c *Conn) chosenVersion(f *frame.Frame) (frame.Version, error) {
	name, ok := f.Header.Lookup(frame.HeaderVersion)
	version := frame.Version10
	if ok {
		version = frame.ParseVersion(string(name))
	}
	if !c.cfg.Versions.Has(version) {
		return 0, fmt.Errorf("stomp: broker chose version %.16q, we offered %s: %w",
			mask(string(name), c.cfg.Passcode), c.cfg.Versions, frame.ErrProtocol)
	}
	return version, nil
}

// heartBeatHeader returns the header, "0,0" where it is absent (STOMP 1.2,
// Heart-beating).
func heartBeatHeader(f *frame.Frame) string {
	if value, ok := f.Header.Lookup(frame.HeaderHeartBeat); ok {
		return string(value)
	}
	return "0,0"
}

// startHeartBeat sends at half the agreed interval, because ActiveMQ grants no
// grace and RabbitMQ rounds down to seconds, and tolerates ReceiveScale intervals
// of silence; of the intervals that the broker keeps, if it rounds ours up.
func (c *Conn) startHeartBeat(agreed frame.HeartBeat) {
	if agreed.Receive > 0 {
		agreed.Receive = max(agreed.Receive, c.dialect.MinHeartBeat)
	}
	hear := time.Duration(float64(agreed.Receive) * c.cfg.ReceiveScale)
	if hear > 0 {
		hear = max(hear, minReceiveTolerant)
	}
	if agreed.Send == 0 { // "any new data" is a sign of life, agreed or not
		agreed.Send = c.dialect.SilentFor
	}
	c.l.SetHeartBeat(agreed.Send/2, hear)
}
