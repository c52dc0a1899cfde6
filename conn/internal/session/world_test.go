package session

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// world plays the caller of the core on virtual time: it carries out effects as a driver
// does, and writes down what happens. Offsets count frames in place of bytes.
type world struct {
	c   *Core
	now Time

	said  []string // by the client, in this step
	began Time     // when the step began
	fault []string // what no dialogue may show

	conns     map[string]*wireEnd
	subs      map[string]*wireSub
	producers map[string]*wireProducer
	calls     map[string]*Call
	txs       map[string]*Tx
	open      map[*Call]string // registered and not complete
	waiting   []func() bool    // what waits for a connection or for room; true once it is done

	receiptNames map[string]string // r1 and so on, in the order of the frames
	receiptIDs   map[string]string
	server       string // of CONNECTED

	busy        bool // a handler runs
	quiesce     bool // and Quiet is due when it has returned
	slowReports bool // outcomes are taken, but their reporting takes until "reports end"
	slowResend  bool // what is sent again goes out one "resend" at a time
	slowClose   bool // a connection that is closed stays until it is "lost"
	lazy        bool // effects are carried out one at a time, by carryOutOne
	wasLazy     bool
	queue       []Effect
	closes      []*wireEnd // to be lost at the end of the step
}

type wireEnd struct {
	name    string
	conn    *Conn
	open    bool // calls may use it
	frames  int
	written int  // of these
	stalled bool // nothing is written any more
	closed  bool // or about to be
	told    bool // by EffectClose
	cause   error
	gone    bool
	asked   []string // receipts that were asked for on it
}

type wireSub struct {
	name    string
	sub     *Sub
	durable string
	unacked []string // the ack headers of messages
	taken   bool     // taken over: what comes is for nobody
	ended   int
}

type wireProducer struct {
	name     string
	p        *Producer
	bodies   map[uint64]string
	outcomes map[uint64]int
	held     []Outcome // taken, and not told yet
	resend   *Conn     // where something is being sent again
	serial   bool
	last     uint64
}

func newWorld() *world {
	w := &world{
		conns: map[string]*wireEnd{}, subs: map[string]*wireSub{}, producers: map[string]*wireProducer{},
		calls: map[string]*Call{}, txs: map[string]*Tx{}, open: map[*Call]string{},
		receiptNames: map[string]string{}, receiptIDs: map[string]string{},
	}
	return w
}

func (w *world) say(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if w.now != w.began {
		text = (w.now - w.began).String() + ": " + text
	}
	w.said = append(w.said, text)
}

func (w *world) faultf(format string, args ...any) {
	w.fault = append(w.fault, fmt.Sprintf(format, args...))
}

// step plays one event and returns what the client does.
func (w *world) step(text string) (said []string, err error) {
	defer func() {
		if r := recover(); r != nil {
			if e, ok := r.(scriptError); ok {
				err = e
				return
			}
			panic(r)
		}
	}()
	w.said, w.began = nil, w.now
	if w.c == nil && !strings.HasPrefix(text, "client") {
		if err := w.newClient(&line{}); err != nil {
			return nil, err
		}
	}
	if after, ok := strings.CutPrefix(text, "+"); ok {
		d, err := time.ParseDuration(after)
		if err != nil {
			return nil, err
		}
		w.pass(d)
		return w.said, nil
	}
	l, err := parseLine(text)
	if err != nil {
		return nil, err
	}
	if err := w.event(&l); err != nil {
		return nil, err
	}
	w.settleDown()
	return w.said, nil
}

// scriptError says that a line makes no sense.
type scriptError struct{ error }

func fail(format string, args ...any) { panic(scriptError{fmt.Errorf(format, args...)}) }

// replyAlias stands for the random part of the names of reply queues.
const replyAlias = "/temp-queue/replies"

func (w *world) alias(text string) string {
	return strings.ReplaceAll(text, w.c.replyQueue, replyAlias)
}

func (w *world) end(conn *Conn) *wireEnd { return w.conns["c"+strconv.Itoa(int(conn.Number))] }

// receipt returns the name of a receipt id.
func (w *world) receipt(id string) string {
	name := w.receiptNames[id]
	if name == "" {
		name = "r" + strconv.Itoa(len(w.receiptNames)+1)
		w.receiptNames[id], w.receiptIDs[name] = name, id
	}
	return name
}

func (w *world) callReceipt(id uint64) string { return w.receipt(string(AppendReceiptID(nil, id))) }

// call makes a call that is known by its label.
func (w *world) call(label string) *Call {
	call := &Call{User: label}
	w.open[call] = label
	return call
}

// done notes that a call has its result.
func (w *world) done(call *Call) {
	label, ok := w.open[call]
	if !ok {
		w.faultf("%v completes twice", call.User)
		return
	}
	delete(w.open, call)
	w.say("%s: %s", label, orOK(call.Err))
}

func orOK(err error) string {
	if err == nil {
		return "ok"
	}
	return strings.TrimPrefix(err.Error(), "stomp: ")
}

// finish ends the client, if it has not, and returns what is left over.
func (w *world) finish() []string {
	if w.c == nil {
		return append(w.fault, "nothing happens in the dialogue")
	}
	w.lazy, w.slowReports, w.slowResend, w.slowClose, w.busy = false, false, false, false, false
	w.c.Close(w.now)
	for range 3 {
		w.endReports()
		w.settleDown()
		for _, end := range w.conns {
			if end.closed && !end.gone {
				w.lose(end, end.cause)
			}
		}
	}
	w.leftOver()
	return w.fault
}

var errEOF = errors.New("EOF")
