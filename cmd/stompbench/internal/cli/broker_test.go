package cli_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/cli"
	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/conn/ws"
)

// output is what a running command has written.
type output struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}

// runBroker runs the verb broker until the test ends and returns where it listens.
func runBroker(t *testing.T, args ...string) (uris []string) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var stdout, stderr output
	done := make(chan int, 1)
	go func() { done <- cli.Run(ctx, append([]string{"broker"}, args...), &stdout, &stderr) }()
	t.Cleanup(func() {
		cancel()
		if code := <-done; code != cli.ExitOK {
			t.Errorf("exit %d: %s", code, stderr.String())
		}
	})
	for deadline := time.Now().Add(time.Minute); !strings.Contains(stdout.String(), "^C"); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) || len(done) > 0 {
			t.Fatalf("it does not listen: %q %q", stdout.String(), stderr.String())
		}
	}
	for line := range strings.Lines(stdout.String()) {
		if uri, found := strings.CutPrefix(strings.TrimSpace(line), "listening on "); found {
			uris = append(uris, uri)
		}
	}
	return uris
}

// certificate writes a certificate for 127.0.0.1 and its key to files.
func certificate(t *testing.T) (cert, key string, trust *tls.Config) {
	t.Helper()
	s := httptest.NewTLSServer(nil)
	defer s.Close()
	pair := s.TLS.Certificates[0]
	der, err := x509.MarshalPKCS8PrivateKey(pair.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	cert, key = filepath.Join(t.TempDir(), "cert.pem"), filepath.Join(t.TempDir(), "key.pem")
	for name, block := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: pair.Certificate[0]}, key: {Type: "PRIVATE KEY", Bytes: der}} {
		if err := os.WriteFile(name, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return cert, key, &tls.Config{RootCAs: s.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs}
}

// connectTo opens a session with a broker at uri.
func connectTo(t *testing.T, uri string, trust *tls.Config) (*conn.Client, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	return conn.Dial(ctx, uri, &conn.Config{OneConnection: true, WebSocket: ws.Client, TLS: trust})
}

// The verb broker listens for all transports at once.
func TestBrokerListeners(t *testing.T) {
	cert, key, trust := certificate(t)
	uris := runBroker(t, "--listen", "127.0.0.1:0", "--tls-listen", "127.0.0.1:0", "--ws-listen", "127.0.0.1:0", "--wss-listen", "127.0.0.1:0",
		"--tls-cert", cert, "--tls-key", key)
	if len(uris) != 4 {
		t.Fatalf("listens on %v", uris)
	}
	for i, scheme := range []string{"stomp://", "stomps://", "ws://", "wss://"} {
		if !strings.HasPrefix(uris[i], scheme) {
			t.Errorf("%s is not %s", uris[i], scheme)
		}
		c, err := connectTo(t, uris[i], trust)
		if err != nil {
			t.Errorf("%s: %v", uris[i], err)
			continue
		}
		if err := c.SendReceipt(t.Context(), "/queue/a", []byte("x")); err != nil {
			t.Errorf("%s: %v", uris[i], err)
		}
		_ = c.Close()
	}
}

func TestBrokerUsage(t *testing.T) {
	cert, key, _ := certificate(t)
	for args, want := range map[string]struct {
		code int
		says string
	}{
		"--tls-listen 127.0.0.1:0":                                          {cli.ExitUsage, "--tls-cert"},
		"--tls-cert " + cert:                                                {cli.ExitUsage, "--tls-listen"},
		"--ws-origin https://a.example":                                     {cli.ExitUsage, "--ws-listen"},
		"--tls-listen 127.0.0.1:0 --tls-cert none --tls-key none":           {cli.ExitUsage, "none"},
		"--tls-listen 127.0.0.1:0 --tls-cert " + key + " --tls-key " + key:  {cli.ExitUsage, "--tls-cert"},
		"--listen nowhere":                                                  {cli.ExitUsage, "--listen"},
		"--ws-listen nowhere":                                               {cli.ExitUsage, "--ws-listen"},
		"--ws-listen 127.0.0.1:0 --ws-origin [":                             {cli.ExitUsage, "origin"},
		"--tls-listen nowhere --tls-cert " + cert + " --tls-key " + key:     {cli.ExitUsage, "--tls-listen"},
		"--listen 127.0.0.1:0 --wss-listen x --tls-cert x --tls-key " + key: {cli.ExitUsage, "--wss-listen"},
		"--heart-beat often":                                                {cli.ExitUsage, "--heart-beat"},
		"--heart-beat 1us":                                                  {cli.ExitUsage, "1ms"},
		"--max-connections 0":                                               {cli.ExitUsage, "--max-connections"},
		"--user-frames 5":                                                   {cli.ExitUsage, "--users"},
		"--users none":                                                      {cli.ExitUsage, "--users"},
		"--users " + file(t, `{"a":`):                                       {cli.ExitUsage, "JSON"},
		"--users " + file(t, `null`):                                        {cli.ExitUsage, "JSON"},
		"--users " + file(t, `{} {}`):                                       {cli.ExitUsage, "JSON"},
		"--users " + file(t, `{"a":{}}`):                                    {cli.ExitUsage, "passcode"},
		"--users " + file(t, `{"a":{"passcode":"s3cret","may":1}}`):         {cli.ExitUsage, "JSON"},
		"--users " + file(t, `{"a":{"passcode":"s3cret","read":"all"}}`):    {cli.ExitUsage, "JSON"},
		"--users " + file(t, `{"a":{"passcode":"s3cret","read":[""]}}`):     {cli.ExitUsage, "pattern"},
	} {
		code, _, stderr := stompbench(t, "broker "+args)
		if strings.Contains(stderr, "s3cret") {
			t.Errorf("%s: %q tells a passcode", args, stderr)
		}
		if code != want.code || !strings.Contains(stderr, want.says) || strings.Count(stderr, "\n") != 1 {
			t.Errorf("%s: exit %d, %q; want %d and something about %q", args, code, stderr, want.code, want.says)
		}
	}
	if code, stdout, _ := stompbench(t, "broker --help"); code != 0 || !strings.Contains(stdout, "--ws-origin") {
		t.Errorf("broker --help: exit %d, %q", code, stdout)
	}
}

func file(t *testing.T, text string) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// The verb broker offers heart-beats of 1 s, or what the flag says.
func TestBrokerHeartBeat(t *testing.T) {
	for want, args := range map[string][]string{"1000,1000": nil, "250,250": {"--heart-beat", "250ms"}, "0,0": {"--heart-beat", "0"}} {
		uri := runBroker(t, append([]string{"--listen", "127.0.0.1:0"}, args...)...)[0]
		nc, err := net.Dial("tcp", strings.TrimPrefix(uri, "stomp://"))
		if err != nil {
			t.Fatal(err)
		}
		defer nc.Close()
		_ = nc.SetDeadline(time.Now().Add(time.Minute))
		if _, err := io.WriteString(nc, "CONNECT\naccept-version:1.2\nhost:h\nheart-beat:0,0\n\n\x00"); err != nil {
			t.Fatal(err)
		}
		if got, err := bufio.NewReader(nc).ReadString(0); err != nil || !strings.Contains(got, "\nheart-beat:"+want+"\n") {
			t.Errorf("%v: got %q, %v; want %s", args, got, err, want)
		}
	}
}

// Users, what they may do, and how many connections they may have come from flags.
func TestBrokerUsers(t *testing.T) {
	users := file(t, `{"shop": {"passcode": "s3cret", "write": ["/queue/orders.*"], "read": []}, "root": {"passcode": "r00t"}}`)
	uri := runBroker(t, "--listen", "127.0.0.1:0", "--users", users, "--max-connections-per-user", "1", "--connection-frames", "1k")[0]
	as := func(user string) string { return strings.Replace(uri, "//", "//"+user+"@", 1) }
	if _, err := connectTo(t, as("shop:wrong"), nil); err == nil {
		t.Error("the passcode does not matter")
	}
	c, err := connectTo(t, as("shop:s3cret"), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if second, err := connectTo(t, as("shop:s3cret"), nil); err == nil {
		_ = second.Close()
		t.Error("a second connection is let in")
	}
	if err := c.SendReceipt(t.Context(), "/queue/orders.1", nil); err != nil {
		t.Error(err)
	}
	if err := c.SendReceipt(t.Context(), "/queue/other", nil); err == nil {
		t.Error("what is not permitted is done")
	}
	root, err := connectTo(t, as("root:r00t"), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	if err := root.SendReceipt(t.Context(), "/queue/other", nil); err != nil {
		t.Error(err)
	}
}
