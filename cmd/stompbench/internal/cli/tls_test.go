package cli_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/coder/websocket"

	"github.com/stompwire/stompwire/broker"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/cli"
)

// credentials are a certificate for 127.0.0.1 that signs itself, as files.
type credentials struct {
	server    tls.Certificate
	ca        *x509.CertPool
	cert, key string
}

func newCredentials(t *testing.T) credentials {
	t.Helper()
	s := httptest.NewTLSServer(nil) // it comes with one
	defer s.Close()
	pair := s.TLS.Certificates[0]
	key, err := x509.MarshalPKCS8PrivateKey(pair.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	c := credentials{server: pair, ca: x509.NewCertPool(), cert: filepath.Join(t.TempDir(), "cert.pem"), key: filepath.Join(t.TempDir(), "key.pem")}
	c.ca.AddCert(s.Certificate())
	for path, block := range map[string]*pem.Block{
		c.cert: {Type: "CERTIFICATE", Bytes: pair.Certificate[0]},
		c.key:  {Type: "PRIVATE KEY", Bytes: key},
	} {
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return c
}

// overTLS starts a broker that speaks TLS and returns its address.
func overTLS(t *testing.T, cfg *tls.Config) string {
	t.Helper()
	b, err := broker.New(broker.Config{})
	if err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- b.Serve(tls.NewListener(ln, cfg)) }()
	t.Cleanup(func() {
		_ = b.Close()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return ln.Addr().String()
}

func TestTLS(t *testing.T) {
	c := newCredentials(t)
	at := overTLS(t, &tls.Config{Certificates: []tls.Certificate{c.server}})
	strict := overTLS(t, &tls.Config{Certificates: []tls.Certificate{c.server}, ClientAuth: tls.RequireAnyClientCert})
	for _, args := range []string{
		"-u stomps://" + at + " --tls-ca " + c.cert,
		"-u stomp+ssl://" + at + " --tls-ca " + c.cert + " --tls-server-name example.com",
		"-u stomps://" + at + " --tls-insecure",
		"-u stomps://" + strict + " --tls-insecure --tls-cert " + c.cert + " --tls-key " + c.key,
	} {
		if r := runJSON(t, 0, "-C 100 -y 2 "+args); r.Totals.Received != 100 {
			t.Errorf("%s: %+v", args, r.Totals)
		}
	}
	plain, err := broker.Start(broker.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer plain.Close()
	for args, says := range map[string]string{
		"-u stomps://" + at: "--tls-ca",
		"-u stomps://" + at + " --tls-ca " + c.cert + " --tls-server-name wrong.test": "--tls-server-name",
		"-u stomps://" + strict + " --tls-insecure":                                   "--tls-cert",
		"-u stomp://" + at + " --connect-timeout 2s":                                  "check",
		"-u stomps://" + talker(t, "HTTP/1.1 400 Bad Request\r\n\r\n"):                "does not speak TLS",
		"-u ws://" + plain.Addr().String() + " --connect-timeout 500ms":               "check",
		"-u stomp://" + plain.Addr().String() + " --source-address 192.0.2.1":         "--source-address",
		"-u unix:" + filepath.Join(t.TempDir(), "nobody"):                             "--uri",
	} {
		code, stdout, stderr := stompbench(t, "--quiet "+args) // else a slow start is told as well
		if code != cli.ExitCannotRun || stdout != "" || strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, says) {
			t.Errorf("%s: exit %d, %q %q, want 1 and something about %q", args, code, stdout, stderr, says)
		}
	}
}

// bridge passes on what comes over a WebSocket, and what is to go there, until
// either side ends.
func bridge(ws *websocket.Conn, broker net.Conn) {
	ctx := context.Background()
	go func() {
		buf := make([]byte, 32<<10)
		for {
			n, err := broker.Read(buf)
			if err != nil || ws.Write(ctx, websocket.MessageBinary, buf[:n]) != nil {
				_ = ws.CloseNow()
				return
			}
		}
	}()
	defer broker.Close()
	for {
		_, data, err := ws.Read(ctx)
		if err != nil {
			return
		}
		if _, err := broker.Write(data); err != nil {
			return
		}
	}
}

func TestWebSocket(t *testing.T) {
	b, err := broker.New(broker.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := websocket.Accept(w, r, &websocket.AcceptOptions{Subprotocols: []string{"v12.stomp"}})
		if err != nil {
			return
		}
		defer c.CloseNow()
		c.SetReadLimit(-1)
		far, near := net.Pipe()
		b.ServeConn(far)
		bridge(c, near)
	}))
	defer s.Close()
	r := runJSON(t, 0, "-C 300 -x 2 -y 2 -s 100..3k -u "+strings.Replace(s.URL, "http", "ws", 1)+"/ws")
	if r.Totals.Received != 300 || r.Broker.STOMP != "1.2" {
		t.Errorf("%+v", r)
	}
}
