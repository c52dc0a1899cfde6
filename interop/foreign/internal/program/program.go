// Package program is the common part of the programs for Go clients: it tries the features through
// a Session and prints the results.
package program

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"time"
)

// Env is the environment of a program.
type Env struct {
	host, port, tlsPort, beatPort string
	ca                            string
	beat                          time.Duration
	version                       string
}

// Client is a client library.
type Client struct {
	Name string // with its version
	Dial func(Options) (Session, error)
}

// Release returns the version of a module in go.mod. A test binary does not contain that
// information.
func Release(module string) string {
	text, err := os.ReadFile("go.mod")
	if err != nil {
		return err.Error()
	}
	for line := range strings.Lines(string(text)) {
		if f := strings.Fields(line); len(f) >= 2 && f[0] == module {
			return strings.TrimPrefix(f[1], "v")
		}
	}
	return "of no release"
}

// Options are the options of a connection.
type Options struct {
	Conn     net.Conn // owned by the session
	Version  string
	Passcode string
	Beat     time.Duration // both ways; 0 for none
}

// Session is one connection, through the library's own calls.
type Session interface {
	// Version is that of CONNECTED.
	Version() string
	// Subscribe returns when the broker has accepted it.
	Subscribe(destination, id, ack string) error
	Unsubscribe(id string) error
	// Send sends a message with headers, which are names and values in turn.
	Send(destination string, body []byte, headers ...string) error
	// SendReceipt returns when the broker has confirmed it.
	SendReceipt(destination string, body []byte) error
	// SendTx, Ack and Nack belong to a transaction, unless that is "".
	SendTx(tx, destination string, body []byte) error
	Ack(m Message, tx string) error
	Nack(m Message) error
	Begin() (tx string, err error)
	Commit(tx string) error
	Abort(tx string) error
	// Receive waits for a message of any subscription.
	Receive() (Message, error)
	// SendNowhere sends without a destination, and returns the ERROR frame's
	// message header once the connection has ended.
	SendNowhere() (string, error)
	// Disconnect returns when the broker has confirmed it.
	Disconnect() error
	// Cut ends the connection without DISCONNECT. It may be called after Disconnect.
	Cut()
}

// Message is a message as it was received.
type Message struct {
	Body         []byte
	Subscription string
	Header       func(name string) string
	Raw          any // the library's message
}

// Unsupported is the error for a feature that a client has no call for.
type Unsupported string

func (u Unsupported) Error() string { return string(u) }

// Is matches errors.ErrUnsupported.
func (u Unsupported) Is(err error) bool { return err == errors.ErrUnsupported }

// Wait bounds every wait.
const Wait = 3 * time.Minute

// Run tries what the environment asks for and prints the results.
func Run(newClient func(Env) Client) {
	ms, _ := strconv.Atoi(os.Getenv("STOMP_BEAT")) // 0 is none
	env := Env{
		beat: time.Duration(ms) * time.Millisecond,
		host: os.Getenv("STOMP_HOST"), port: os.Getenv("STOMP_PORT"),
		tlsPort: os.Getenv("STOMP_TLS_PORT"), beatPort: os.Getenv("STOMP_BEAT_PORT"),
		ca: os.Getenv("STOMP_CA"), version: os.Getenv("STOMP_VERSION"),
	}
	p := &program{env: env, client: newClient(env)}
	fmt.Println("client", p.client.Name)
	for name := range strings.FieldsSeq(os.Getenv("STOMP_FEATURES")) {
		try, ok := tries[name]
		if !ok {
			fmt.Println("fail", name, "the program does not know it")
			continue
		}
		switch err := try(p); {
		case err == nil:
			fmt.Println("ok", name)
		case errors.Is(err, errors.ErrUnsupported):
			fmt.Println("unsupported", name, line(err))
		default:
			fmt.Println("fail", name, line(err))
		}
	}
}

func line(err error) string { return strings.Join(strings.Fields(err.Error()), " ") }

type program struct {
	env    Env
	client Client
}

// open connects, plainly.
func (p *program) open() (Session, error) { return p.dial(p.env.port, "guest", 0) }

func (p *program) dial(port, passcode string, beat time.Duration) (Session, error) {
	nc, err := net.DialTimeout("tcp", net.JoinHostPort(p.env.host, port), Wait)
	if err != nil {
		return nil, err
	}
	return p.connect(nc, passcode, beat)
}

func (p *program) dialTLS() (Session, error) {
	pem, err := os.ReadFile(p.env.ca)
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	nc, err := tls.Dial("tcp", net.JoinHostPort(p.env.host, p.env.tlsPort), &tls.Config{RootCAs: roots})
	if err != nil {
		return nil, err
	}
	return p.connect(nc, "guest", 0)
}

func (p *program) connect(nc net.Conn, passcode string, beat time.Duration) (Session, error) {
	s, err := p.client.Dial(Options{Conn: nc, Version: p.env.version, Passcode: passcode, Beat: beat})
	if err != nil {
		nc.Close()
		return nil, err
	}
	return s, nil
}
