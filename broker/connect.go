package broker

import (
	"errors"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/stompwire/stompwire/frame"
)

// serverName is the value of the server header: "name/version" (STOMP 1.2, CONNECTED). The version
// is left out, because the protocol gives clients no use for it.
const serverName = "stompwire"

// A peer that is silent for hearFactor of its intervals is taken for dead: the
// receiver "SHOULD take into account an error margin" (STOMP 1.2, Heart-beating).
// We send at half of ours.
const hearFactor = 2.5

var errNotConnected = errors.New("stomp: peer has not connected in time")

// onFirst handles the first frame, which must be CONNECT or STOMP: a peer that has not logged in
// can send nothing else.
func (s *session) onFirst(f *frame.Frame) {
	if f.Command != frame.CmdConnect && f.Command != frame.CmdStomp {
		s.refuse(f, "not connected", "The first frame must be CONNECT or STOMP.")
		return
	}
	// "The protocol that will be used for the rest of the session will be the
	// highest protocol version that both the client and server have in common."
	version := (f.Header.AcceptVersions() & frame.AllVersions).Highest()
	if version == 0 {
		s.refuseVersion()
		return
	}
	if err := checkFirst(f, version); err != nil {
		s.refuse(nil, malformed, err.Error())
		return
	}
	theirs, err := heartBeatOf(f)
	if err != nil {
		s.refuse(nil, "malformed heart-beat header", "It must have two numbers of milliseconds with a comma between them.")
		return
	}
	u, ok := s.b.users.find(f.Header.Get(frame.HeaderLogin), f.Header.Get(frame.HeaderPasscode))
	if !ok {
		s.refuse(nil, "access refused", "Login or passcode is wrong.")
		return
	}
	if !s.b.admitUser(s, u) {
		s.refuse(nil, "too many connections", "A user may have at most "+strconv.Itoa(s.b.cfg.MaxConnectionsPerUser)+".")
		return
	}
	s.accept(version, theirs)
	if s.metered { // it counts for the user: otherwise a peer could evade the rate by connecting anew for each frame
		s.slowDown(f)
	}
}

// checkFirst checks a CONNECT frame by the rules of the version that it leads to. The parser reads
// the first frame by those of 1.0, where any frame may have a body, and headers need not be UTF-8.
// RabbitMQ, ActiveMQ and Artemis accept a lone line end as the body in every version, and so does
// this broker: there are clients that send one.
func checkFirst(f *frame.Frame, version frame.Version) error {
	if version == frame.Version10 {
		return nil
	}
	switch body := string(f.Body); {
	case body != "" && body != "\n" && body != "\r\n":
		return &frame.SyntaxError{Rule: frame.ErrBodyNotAllowed, Command: f.Command}
	}
	for name, value := range f.Header.All() {
		if !utf8.Valid(name) || !utf8.Valid(value) {
			return &frame.SyntaxError{Rule: frame.ErrBadUTF8, Command: f.Command}
		}
	}
	return nil
}

// heartBeatOf parses the heart-beat header. A missing one means 0,0.
func heartBeatOf(f *frame.Frame) (frame.HeartBeat, error) {
	value, ok := f.Header.Lookup(frame.HeaderHeartBeat)
	if !ok {
		return frame.HeartBeat{}, nil
	}
	return frame.ParseHeartBeat(string(value))
}

// accept answers CONNECTED, whose own headers are never escaped. The rules of the new version hold
// from the next frame on, which may be in the same chunk.
func (s *session) accept(version frame.Version, theirs frame.HeartBeat) {
	ours := s.b.cfg.HeartBeat
	s.version = version
	s.view.version, s.view.number = version, s.number
	s.state = stateConnected
	s.l.SetVersion(version)
	s.l.SetLimits(s.b.cfg.Limits)
	s.l.SetDeadline(0, nil)
	s.reply(128, func(dst []byte) []byte {
		return appendFrame(dst, version, frame.CmdConnected, []frame.Field{
			{Name: frame.HeaderVersion, Value: version.String()},
			{Name: frame.HeaderSession, Value: string(appendDecimal(nil, s.number))},
			{Name: frame.HeaderServer, Value: serverName},
			{Name: frame.HeaderHeartBeat, Value: ours.String()},
		}, "")
	})
	agreed := ours.Negotiate(theirs)
	if agreed != (frame.HeartBeat{}) {
		s.l.SetHeartBeat(agreed.Send/2, time.Duration(hearFactor*float64(agreed.Receive)))
	}
}

// refuseVersion answers a peer whose versions are not ours: "the server MUST respond
// with an ERROR frame" that lists its own (STOMP 1.2, Protocol Negotiation).
func (s *session) refuseVersion() {
	s.refuseWith("no common version", "Supported protocol versions are "+frame.AllVersions.String()+".", nil,
		frame.Field{Name: frame.HeaderVersion, Value: frame.AllVersions.String()})
}
