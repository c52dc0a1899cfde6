package peers

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"strconv"
	"sync"
	"testing"
)

// relay passes on to its second connection what it reads from its first, as it is:
// what a message costs that goes over two sockets, by read and write.
type relay struct {
	l  net.Listener
	to net.Conn // the subscriber's end
	wg *sync.WaitGroup
}

func rawBus(tb testing.TB) bus {
	tb.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(tb, err)
	r := &relay{l: l, wg: new(sync.WaitGroup)}
	tb.Cleanup(func() {
		l.Close()
		r.wg.Wait()
	})
	return r
}

func (r *relay) topic() string      { return "/topic/bench" }
func (r *relay) queue(i int) string { return fmt.Sprintf("/queue/bench%d", i) }

// connect returns both ends of a connection.
func (r *relay) connect(tb testing.TB) (client, server net.Conn) {
	tb.Helper()
	client, err := net.Dial("tcp", r.l.Addr().String())
	must(tb, err)
	tb.Cleanup(func() { client.Close() })
	server, err = r.l.Accept()
	must(tb, err)
	tb.Cleanup(func() { server.Close() })
	return client, server
}

// publisher writes MESSAGE frames, so that no process has to make them of SENDs. A goroutine writes
// what has gathered since its last write, as a library would that does not know when its user
// pauses.
func (r *relay) publisher(tb testing.TB, destination string) func(body []byte) error {
	client, server := r.connect(tb)
	r.wg.Go(func() { pass(r.to, server) })
	head := "MESSAGE\nsubscription:1\nmessage-id:1\ndestination:" + destination +
		"\ncontent-length:" + strconv.Itoa(bodySize) + "\n\n"
	out := newGathered(client)
	r.wg.Go(out.run)
	tb.Cleanup(out.close)
	return func(body []byte) error {
		out.mu.Lock()
		out.buf = append(out.buf, head...)
		out.buf = append(out.buf, body...)
		out.buf = append(out.buf, 0)
		out.mu.Unlock()
		out.kick()
		return nil
	}
}

func (r *relay) subscribe(tb testing.TB, destination string, ack bool, handle func(body []byte)) {
	if ack || r.to != nil {
		tb.Fatal(errors.ErrUnsupported)
	}
	client, server := r.connect(tb)
	r.to = server
	r.wg.Go(func() { receiveRaw(client, handle) })
}

// receiveRaw finds messages by their NUL: no body has one.
func receiveRaw(nc net.Conn, handle func(body []byte)) {
	buf := make([]byte, batchSize)
	rest := 0
	for {
		n, err := nc.Read(buf[rest:])
		if err != nil {
			return
		}
		data := buf[:rest+n]
		for {
			end := bytes.IndexByte(data, 0)
			if end < bodySize {
				break
			}
			handle(data[end-bodySize : end])
			data = data[end+1:]
		}
		rest = copy(buf, data)
	}
}

func pass(to, from net.Conn) {
	buf := make([]byte, batchSize)
	for {
		n, err := from.Read(buf)
		if err != nil {
			return
		}
		if _, err := to.Write(buf[:n]); err != nil {
			return
		}
	}
}

// gathered is two buffers: one is written while the other fills.
type gathered struct {
	nc   net.Conn
	wake chan struct{} // closed at the end
	mu   sync.Mutex
	buf  []byte
}

func newGathered(nc net.Conn) *gathered { return &gathered{nc: nc, wake: make(chan struct{}, 1)} }

// kick has the buffer written soon. The window bounds how much is in it.
func (g *gathered) kick() {
	select {
	case g.wake <- struct{}{}:
	default:
	}
}

func (g *gathered) run() {
	var out []byte
	for range g.wake {
		g.mu.Lock()
		out, g.buf = g.buf, out[:0]
		g.mu.Unlock()
		if _, err := g.nc.Write(out); err != nil {
			return
		}
	}
}

func (g *gathered) close() { close(g.wake) }
