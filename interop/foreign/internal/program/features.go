package program

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
)

var tries = map[string]func(*program) error{
	"connect":       (*program).tryConnect,
	"refused-login": (*program).tryRefusedLogin,
	"text":          func(p *program) error { return p.exchange(p.open, "text", []byte("two teas, please")) },
	"utf8":          func(p *program) error { return p.exchange(p.open, "utf8", []byte("zwei Käse, 三杯茶, 🫖")) },
	"binary":        func(p *program) error { return p.exchange(p.open, "binary", everyOctetTwice()) },
	"large":         func(p *program) error { return p.exchange(p.open, "large", largeText(1<<20)) },
	"headers":       func(p *program) error { return p.exchange(p.open, "headers", []byte("see the note")) },
	"backslash":     func(p *program) error { return p.exchange(p.open, "backslash", []byte("see the note")) },
	"tls":           func(p *program) error { return p.exchange(p.dialTLS, "text", []byte("two teas, please")) },

	"receipt":         with((*program).tryReceipt),
	"topic":           with((*program).tryTopic),
	"ack-auto":        func(p *program) error { return p.tryAck("auto") },
	"ack-client":      func(p *program) error { return p.tryAck("client", "3") },
	"ack-individual":  func(p *program) error { return p.tryAck("client-individual", "1", "3") },
	"nack":            (*program).tryNack,
	"commit":          with((*program).tryCommit),
	"abort":           with((*program).tryAbort),
	"ack-transaction": (*program).tryAckTransaction,
	"redelivery":      (*program).tryRedelivery,
	"unsubscribe":     with((*program).tryUnsubscribe),
	"reply-to":        with((*program).tryReplyTo),
	"error":           with((*program).tryError),
	"disconnect":      with((*program).tryDisconnect),
	"heart-beat":      (*program).tryHeartBeat,
}

// with runs a try with a connection.
func with(try func(*program, Session) error) func(*program) error {
	return func(p *program) error {
		s, err := p.open()
		if err != nil {
			return err
		}
		defer s.Cut()
		return try(p, s)
	}
}

// note returns the note header of what is exchanged, "" for none.
func (p *program) note(name string) string {
	switch {
	case name == "backslash":
		return `C:\new\code`
	case name != "headers":
		return ""
	case p.env.version == "1.0":
		return `D:\tea`
	case p.env.version == "1.1":
		return "D:\\tea\nand more"
	}
	return "D:\\tea\r\nand more"
}

func everyOctetTwice() []byte {
	b := make([]byte, 512)
	for i := range b {
		b[i] = byte(i)
	}
	return b
}

func largeText(size int) []byte {
	b := make([]byte, size)
	for i := range b {
		b[i] = 'a' + byte(i%26)
	}
	return b
}

func (p *program) tryConnect() error {
	s, err := p.open()
	if err != nil {
		return err
	}
	defer s.Cut()
	if s.Version() != p.env.version {
		return fmt.Errorf("the version is %s", s.Version())
	}
	return s.Disconnect()
}

func (p *program) tryRefusedLogin() error {
	s, err := p.dial(p.env.port, "wrong", 0)
	if err == nil {
		s.Cut()
		return errors.New("it was let in")
	}
	if !strings.Contains(err.Error(), "access refused") {
		return fmt.Errorf("refused without saying why: %w", err)
	}
	return nil
}

func (p *program) exchange(open func() (Session, error), name string, body []byte) error {
	s, err := open()
	if err != nil {
		return err
	}
	defer s.Cut()
	answers, note := "/queue/answer-"+name, p.note(name)
	if err := s.Subscribe(answers, "1", "auto"); err != nil {
		return err
	}
	headers := []string{"case", name, "answer", answers}
	if note != "" {
		headers = append(headers, "note", note)
	}
	if err := s.Send("/queue/partner", body, headers...); err != nil {
		return err
	}
	m, err := s.Receive()
	switch {
	case err != nil:
		return err
	case m.Header("verdict") != "same":
		return fmt.Errorf("the verdict is %q", m.Header("verdict"))
	case !bytes.Equal(m.Body, body):
		return fmt.Errorf("the body has %d bytes, %.40q", len(m.Body), m.Body)
	case m.Header("note") != note:
		return fmt.Errorf("the note is %q", m.Header("note"))
	}
	return s.Disconnect()
}

func (p *program) tryReceipt(s Session) error {
	if err := s.Subscribe("/queue/receipt", "1", "auto"); err != nil {
		return err
	}
	return s.SendReceipt("/queue/receipt", []byte("x"))
}

func (p *program) tryTopic(s Session) error {
	return errors.Join(
		s.Subscribe("/topic/news", "a", "auto"),
		s.Subscribe("/topic/news", "b", "auto"),
		s.Send("/topic/news", []byte("x")),
		receivers(s, "a", "b"))
}

// receivers receives messages and compares the subscriptions that they came to.
func receivers(s Session, want ...string) error {
	var got []string
	for range want {
		m, err := s.Receive()
		if err != nil {
			return err
		}
		got = append(got, m.Subscription)
	}
	if slices.Sort(got); !slices.Equal(got, want) {
		return fmt.Errorf("the receivers are %q, want %q", got, want)
	}
	return nil
}

// bodies compares the messages that a new consumer gets, up to a message that is sent now.
func (p *program) bodies(destination string, want ...string) error {
	s, err := p.open()
	if err != nil {
		return err
	}
	defer s.Cut()
	const end = "the end"
	if err := errors.Join(s.Send(destination, []byte(end)), s.Subscribe(destination, "1", "auto")); err != nil {
		return err
	}
	var got []string
	for {
		m, err := s.Receive()
		if err != nil {
			return err
		}
		if string(m.Body) == end {
			break
		}
		got = append(got, string(m.Body))
	}
	if !slices.Equal(got, want) {
		return fmt.Errorf("what came again is %q, want %q", got, want)
	}
	return nil
}

func expect(s Session, body string) error {
	m, err := s.Receive()
	if err == nil && string(m.Body) != body {
		err = fmt.Errorf("received %q, want %q", m.Body, body)
	}
	return err
}

func (p *program) tryUnsubscribe(s Session) error {
	const queue = "/queue/unsubscribe"
	return errors.Join(
		s.Subscribe(queue, "old", "auto"),
		s.Unsubscribe("old"),
		s.Send(queue, []byte("1")),
		s.Send(queue, []byte("2")),
		s.Subscribe(queue, "new", "auto"),
		receivers(s, "new", "new"))
}

func (p *program) tryReplyTo(asker Session) error {
	answerer, err := p.open()
	if err != nil {
		return err
	}
	defer answerer.Cut()
	if err := errors.Join(
		asker.Subscribe("/temp-queue/answers", "1", "auto"),
		answerer.Subscribe("/queue/questions", "1", "auto"),
		asker.Send("/queue/questions", []byte("why?"), "reply-to", "/temp-queue/answers"),
	); err != nil {
		return err
	}
	m, err := answerer.Receive()
	if err != nil {
		return err
	}
	if err := answerer.Send(m.Header("reply-to"), []byte("because")); err != nil {
		return err
	}
	return expect(asker, "because")
}

func (p *program) tryError(s Session) error {
	message, err := s.SendNowhere()
	if err == nil && message != "missing destination" {
		err = fmt.Errorf("the message is %q", message)
	}
	return err
}

func (p *program) tryDisconnect(s Session) error { return s.Disconnect() }

func (p *program) tryHeartBeat() error {
	s, err := p.dial(p.env.beatPort, "guest", p.env.beat)
	if err != nil {
		return err
	}
	defer s.Cut()
	if err := s.Subscribe("/topic/enough", "1", "auto"); err != nil {
		return err
	}
	if err := expect(s, "enough"); err != nil {
		return err
	}
	return s.Disconnect()
}
