package link_test

import (
	"bytes"
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stompwire/stompwire/engine/link"
	"github.com/stompwire/stompwire/engine/pump"
)

// refuser answers the first frame, and has no more to say.
type refuser struct {
	recorder
	l    *link.Link
	text string
}

func (r *refuser) refuse() {
	buf, err := r.l.ReserveNow(len(r.text))
	if err != nil {
		panic(err)
	}
	r.l.Commit(append(buf, r.text...))
	r.l.Shutdown(nil)
}

// However much a peer sends, and however late the flusher is: the link waits for it before it hangs up.
func TestLastWordsBeforeAFloodIsCutOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours, peer := net.Pipe() // which holds nothing: the flusher waits for the peer to read
		r := &refuser{recorder: recorder{closed: make(chan error, 1)}, text: "no"}
		r.onFrame = r.refuse
		r.l = link.New(ours, r, link.Options{WriteTimeout: time.Minute})
		if err := (pump.Driver{}).Start(r.l); err != nil {
			t.Fatal(err)
		}
		_, _ = peer.Write([]byte("MESSAGE\n\n\x00"))
		if n, err := peer.Write(bytes.Repeat([]byte("x"), 4<<20)); err != nil {
			t.Errorf("%v after %d bytes, before its last words", err, n)
		}
		if got, err := io.ReadAll(peer); err != nil || string(got) != "no" {
			t.Errorf("the peer got %q, %v", got, err)
		}
		<-r.closed
		_ = peer.Close()
	})
}

// Nor does it wait for ever for one that does not read them.
func TestLastWordsThatNobodyReads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours, peer := net.Pipe()
		r := &refuser{recorder: recorder{closed: make(chan error, 1)}, text: "no"}
		r.onFrame = r.refuse
		r.l = link.New(ours, r, link.Options{WriteTimeout: time.Minute})
		if err := (pump.Driver{}).Start(r.l); err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		_, _ = peer.Write([]byte("MESSAGE\n\n\x00"))
		_, _ = peer.Write(bytes.Repeat([]byte("x"), 4<<20))
		<-r.closed
		if took := time.Since(began); took != time.Minute+secondLook {
			t.Errorf("closed after %v, want the minute that a peer may refuse to read, and a second look", took)
		}
		_ = peer.Close()
	})
}
