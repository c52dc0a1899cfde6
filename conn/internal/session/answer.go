package session

import (
	"bytes"
	"strconv"
	"strings"
	"time"

	"github.com/stompwire/stompwire/frame"
)

// receiptMark begins all receipt ids of ours, which none of the user's may begin with:
// ~<call> of a call, ~<producer>-<sequence> of a producer's send.
const receiptMark = '~'

// AppendReceiptID appends the receipt id of call number id.
func AppendReceiptID(dst []byte, id uint64) []byte {
	return strconv.AppendUint(append(dst, receiptMark), id, 10)
}

// AppendSendReceiptID appends the receipt id of the producer's send seq.
func AppendSendReceiptID(dst []byte, p *Producer, seq uint64) []byte {
	dst = strconv.AppendUint(append(dst, receiptMark), p.ID, 10)
	return strconv.AppendUint(append(dst, '-'), seq, 10)
}

// IsReceiptID reports whether id begins as ours do.
func IsReceiptID(id string) bool { return id != "" && id[0] == receiptMark }

// Receipt takes a RECEIPT. If it confirms a send it returns the producer, which may have
// outcomes to report. A receipt that an earlier connection brings late counts as well. It
// does not allocate for a send.
func (c *Core) Receipt(conn *Conn, id []byte, now Time) *Producer {
	p, _ := c.answer(conn, id, nil, now)
	return p
}

// answer finds out what id answers: err is nil for RECEIPT. It reports whether id is known.
func (c *Core) answer(conn *Conn, id []byte, err error, now Time) (p *Producer, known bool) {
	if len(id) == 0 || id[0] != receiptMark {
		return nil, false
	}
	number, seq, ok := parseReceiptID(id[1:])
	if !ok {
		return nil, false
	}
	c.at(now)
	if seq != 0 {
		if p = c.byID[number]; p == nil {
			return nil, false
		}
		if err == nil {
			return p, c.settleSend(conn, p, seq, Confirmed, nil)
		}
		return p, c.settleSend(conn, p, seq, Rejected, err)
	}
	call := c.calls[number]
	if call == nil || call.Kind == CallRequest && err == nil {
		return nil, false
	}
	if err == nil && call.isTakeOver() { // it may be the refused one all the same
		call.acquitNobody()
	}
	c.settle(call, err)
	if conn.doubt != nil {
		c.convict(conn, false)
	}
	return nil, true
}

// parseReceiptID reads <call> or <producer>-<sequence>.
func parseReceiptID(id []byte) (number, seq uint64, ok bool) {
	first, second, found := bytes.Cut(id, dash)
	if number, ok = parseNumber(first); !ok || !found {
		return number, 0, ok
	}
	seq, ok = parseNumber(second)
	return number, seq, ok
}

var dash = []byte{'-'}

// parseNumber reads a decimal number above 0.
func parseNumber(b []byte) (n uint64, ok bool) {
	if len(b) == 0 || len(b) > 19 {
		return 0, false
	}
	for _, d := range b {
		if d < '0' || d > '9' {
			return 0, false
		}
		n = 10*n + uint64(d-'0')
	}
	return n, n > 0
}

// ServerError takes an ERROR frame. Before CONNECTED it is the reason why there is no
// session: the caller closes the connection with it. It returns a producer that may have
// outcomes to report, and whether the ERROR is known to answer something. See stray.go and
// unnamed.go for one that names neither a receipt nor a subscription.
func (c *Core) ServerError(conn *Conn, e *ServerError, now Time) (p *Producer, answered bool) {
	c.at(now)
	if sessionIsOver(e) {
		return nil, false
	}
	if e.ReceiptID == "" && conn.state != connDialing {
		if answered, ok := c.goesOn(conn, e); ok {
			return nil, answered
		}
	}
	conn.lastError, conn.lastErrorAt = e, c.now
	conn.blamed = blamed{}
	if conn.state == connDialing || conn.state == connGone {
		return nil, false
	}
	if e.ReceiptID != "" { // it is about that frame, whether or not its answer is still waited for
		conn.blamed.known = true
		return c.answer(conn, []byte(e.ReceiptID), e, now)
	}
	if id, ok := e.Header.Lookup(frame.HeaderSubscription); ok {
		conn.blamed.known = true
		if sub := c.subOn(conn, id); sub != nil {
			c.cancelled(sub, conn, e)
			return nil, true
		}
		return nil, false
	}
	if disconnectedConsumer(e) {
		return nil, c.endSome(conn, e)
	}
	c.refuseTxs(conn, e)
	return nil, c.suspect(conn, e)
}

// sessionIsOver reports whether Artemis says that it has closed the session since an earlier ERROR. On
// STOMP 1.2 it says so of each frame that was behind the refused one, by name. It has not looked at
// these frames, so that is no answer to them: what becomes of them is decided when the connection
// ends.
func sessionIsOver(e *ServerError) bool {
	const invalid = "AMQ339010"
	return strings.HasPrefix(e.Message, invalid) || bytes.HasPrefix(bytes.TrimSpace(e.Body), []byte(invalid))
}

// disconnectedConsumer reports whether Artemis says that it has ended a subscription. It names
// none, and closes the connection only on STOMP 1.2.
func disconnectedConsumer(e *ServerError) bool {
	const end = "disconnected by server"
	return strings.HasSuffix(e.Message, end) || bytes.HasSuffix(bytes.TrimSpace(e.Body), []byte(end))
}

// endSome takes note that the broker has ended one subscription on conn. If it is not known
// which, a new connection tells: all of them are asked for again there.
func (c *Core) endSome(conn *Conn, e *ServerError) (answered bool) {
	var live []*Sub
	for _, sub := range c.subs {
		if sub.conn == conn && sub.state == subLive {
			live = append(live, sub)
		}
	}
	conn.blamed.known = true
	switch len(live) {
	case 0:
		return false
	case 1:
		c.cancelled(live[0], conn, e)
		conn.blamed.sub = nil // it was not at fault
	default:
		c.closeConn(conn, e)
	}
	return true
}

// errorGrace is how long after an ERROR the end of the connection is taken for its doing.
const errorGrace = 5 * time.Second

// said returns the ERROR that explains the end of the connection, nil if there is none.
func (conn *Conn) said(now Time) *ServerError {
	if conn.lastError != nil && now-conn.lastErrorAt <= errorGrace {
		return conn.lastError
	}
	return nil
}

// CauseOf returns why conn ends, when its stream does so with err: the ERROR that came just
// before; nil after our DISCONNECT, which asked for it.
func (c *Core) CauseOf(conn *Conn, err error, now Time) error {
	if conn.state == connGoodbye {
		return nil
	}
	if e := conn.said(now); e != nil {
		return e
	}
	return err
}
