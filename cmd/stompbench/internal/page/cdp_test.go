package page_test

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"
)

// patience is how long the browser may take for anything.
const patience = 3 * time.Minute

// browser is a headless Chromium that is spoken to in the DevTools protocol over a
// pair of pipes: JSON, each message ended by a NUL.
type browser struct {
	t    *testing.T
	cmd  *exec.Cmd
	to   *os.File
	done chan struct{} // closed when it says nothing more

	mu      sync.Mutex
	id      int
	answers map[int]chan message
	events  []message
	changed chan struct{} // closed and replaced when an event comes
}

type message struct {
	ID      int             `json:"id,omitempty"`
	Method  string          `json:"method,omitempty"`
	Session string          `json:"sessionId,omitempty"`
	Params  json.RawMessage `json:"params,omitempty"`
	Result  json.RawMessage `json:"result,omitempty"`
	Error   *struct {
		Message string `json:"message"`
	} `json:"error,omitempty"`
}

// chromium returns the path of a Chromium. Without one the test skips, or fails if
// STOMPWIRE_REQUIRE_CHROMIUM=1 says that there must be one. Only make browser asks
// for it: the other steps of CI run while it is being installed.
func chromium(t *testing.T) string {
	t.Helper()
	if os.Getenv("STOMPWIRE_BROWSER") == "" {
		t.Skip("the page is looked at in a browser by make browser, which sets STOMPWIRE_BROWSER=1")
	}
	if runtime.GOOS == "windows" {
		t.Skip("no pipes to a browser on Windows")
	}
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	if os.Getenv("STOMPWIRE_REQUIRE_CHROMIUM") == "1" {
		t.Fatal("there is no chromium, and STOMPWIRE_REQUIRE_CHROMIUM=1 says that there must be one")
	}
	t.Skip("no chromium: install it to see whether the page is drawn")
	return ""
}

func startBrowser(t *testing.T) *browser {
	t.Helper()
	path := chromium(t)
	profile, err := os.MkdirTemp("", "stompbench-browser-*")
	if err != nil {
		t.Fatal(err)
	}
	toRead, toWrite, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	fromRead, fromWrite, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	b := &browser{
		t: t, to: toWrite, done: make(chan struct{}),
		answers: map[int]chan message{}, changed: make(chan struct{}),
	}
	b.cmd = exec.Command(path, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
		"--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
		"--hide-scrollbars", "--remote-debugging-pipe", "--user-data-dir="+filepath.Join(profile, "data"), "about:blank")
	b.cmd.ExtraFiles = []*os.File{toRead, fromWrite} // its descriptors 3 and 4
	if err := b.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_ = toRead.Close()
	_ = fromWrite.Close()
	go b.listen(fromRead)
	t.Cleanup(func() {
		b.quit()
		_ = fromRead.Close()
		_ = os.RemoveAll(profile) // whatever its last children still write there
	})
	return b
}

// quit ends the browser, politely at first.
func (b *browser) quit() {
	b.send(message{Method: "Browser.close"})
	gone := make(chan struct{})
	go func() {
		_ = b.cmd.Wait()
		close(gone)
	}()
	select {
	case <-gone:
	case <-time.After(20 * time.Second):
		_ = b.cmd.Process.Kill()
		<-gone
	}
	_ = b.to.Close()
}

func (b *browser) listen(from *os.File) {
	defer close(b.done)
	for lines := bufio.NewReader(from); ; {
		text, err := lines.ReadBytes(0)
		if err != nil {
			return
		}
		var m message
		if json.Unmarshal(text[:len(text)-1], &m) != nil {
			continue
		}
		b.mu.Lock()
		if answer := b.answers[m.ID]; answer != nil {
			delete(b.answers, m.ID)
			answer <- m
		} else {
			b.events = append(b.events, m)
			close(b.changed)
			b.changed = make(chan struct{})
		}
		b.mu.Unlock()
	}
}

func (b *browser) send(m message) chan message {
	answer := make(chan message, 1)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.id++
	m.ID = b.id
	b.answers[m.ID] = answer
	text, err := json.Marshal(m)
	if err == nil {
		_, err = b.to.Write(append(text, 0))
	}
	if err != nil {
		b.t.Logf("cannot tell the browser %s: %v", m.Method, err)
	}
	return answer
}

// tab is a page in the browser.
type tab struct {
	*browser
	session string
}

func (b *browser) open() *tab {
	b.t.Helper()
	var target struct {
		TargetID string `json:"targetId"`
	}
	all := &tab{browser: b}
	all.call("Target.createTarget", map[string]any{"url": "about:blank"}, &target)
	var attached struct {
		SessionID string `json:"sessionId"`
	}
	all.call("Target.attachToTarget", map[string]any{"targetId": target.TargetID, "flatten": true}, &attached)
	t := &tab{b, attached.SessionID}
	for _, domain := range []string{"Page", "Runtime", "Log", "Network"} {
		t.call(domain+".enable", nil, nil)
	}
	t.call("Page.setLifecycleEventsEnabled", map[string]any{"enabled": true}, nil)
	return t
}

// call calls a method and waits for its answer.
func (t *tab) call(method string, params, result any) {
	t.t.Helper()
	m := message{Method: method, Session: t.session}
	if params != nil {
		m.Params, _ = json.Marshal(params)
	}
	select {
	case answer := <-t.send(m):
		if answer.Error != nil {
			t.t.Fatalf("%s: %s", method, answer.Error.Message)
		}
		if result == nil {
			return
		}
		if err := json.Unmarshal(answer.Result, result); err != nil {
			t.t.Fatalf("%s: %v", method, err)
		}
	case <-t.done:
		t.t.Fatalf("%s: the browser is gone", method)
	case <-time.After(patience):
		t.t.Fatalf("%s: no answer", method)
	}
}

// waitLoaded waits until the tab has loaded what a navigation began to load, which may
// still be loading the page that it was opened with.
func (t *tab) waitLoaded(loader string) {
	t.t.Helper()
	deadline := time.After(patience)
	for {
		t.mu.Lock()
		changed := t.changed
		loaded := slices.ContainsFunc(t.events, func(e message) bool {
			var p struct{ LoaderID, Name string }
			return e.Method == "Page.lifecycleEvent" && e.Session == t.session &&
				json.Unmarshal(e.Params, &p) == nil && p.LoaderID == loader && p.Name == "load"
		})
		t.mu.Unlock()
		if loaded {
			return
		}
		select {
		case <-changed:
		case <-t.done:
			t.t.Fatal("waiting for the page: the browser is gone")
		case <-deadline:
			t.t.Fatal("waiting for the page: it is not loaded")
		}
	}
}

// eval runs a script in the page and reads what it returns.
func (t *tab) eval(script string, result any) {
	t.t.Helper()
	var answer struct {
		Result    struct{ Value json.RawMessage }
		Exception *struct {
			Text      string
			Exception struct{ Description string }
		} `json:"exceptionDetails"`
	}
	t.call("Runtime.evaluate", map[string]any{"expression": script, "returnByValue": true, "awaitPromise": true}, &answer)
	if answer.Exception != nil {
		t.t.Fatalf("%.60s: %s %s", script, answer.Exception.Text, answer.Exception.Exception.Description)
	}
	if err := json.Unmarshal(answer.Result.Value, result); err != nil {
		t.t.Fatalf("%.60s: %v in %s", script, err, answer.Result.Value)
	}
}

// complaints are what the page has logged, thrown or loaded besides itself.
func (t *tab) complaints(page string) (all []string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, e := range t.events {
		var p struct {
			Request struct{ URL string }
		}
		_ = json.Unmarshal(e.Params, &p)
		switch {
		case e.Session != t.session:
		case e.Method == "Runtime.consoleAPICalled", e.Method == "Runtime.exceptionThrown", e.Method == "Log.entryAdded":
			all = append(all, fmt.Sprintf("%s %.500s", e.Method, e.Params))
		case e.Method == "Network.requestWillBeSent" && p.Request.URL != page:
			all = append(all, "it loads "+p.Request.URL)
		}
	}
	return all
}

// screenshot writes a picture of the whole page to the folder in
// STOMPWIRE_SCREENSHOTS, if there is one.
func (t *tab) screenshot(name string) {
	t.t.Helper()
	dir := os.Getenv("STOMPWIRE_SCREENSHOTS")
	if dir == "" {
		return
	}
	var shot struct{ Data string }
	t.call("Page.captureScreenshot", map[string]any{"format": "png", "captureBeyondViewport": true}, &shot)
	png, err := base64.StdEncoding.DecodeString(shot.Data)
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, name+".png"), png, 0o644)
	}
	if err != nil {
		t.t.Error(err)
	}
}
