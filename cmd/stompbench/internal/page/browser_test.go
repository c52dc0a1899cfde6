package page_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/cli"
)

// stompbench runs a command line that has to succeed.
func stompbench(t *testing.T, args ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var stdout, stderr bytes.Buffer
	if code := cli.Run(ctx, args, &stdout, &stderr); code != 0 {
		t.Fatalf("%q: exit %d\n%s%s", args, code, stdout.String(), stderr.String())
	}
}

// look is one way to look at a page.
type look struct {
	name          string
	width, height int
	dark, phone   bool
}

var looks = []look{
	{"wide-light", 1280, 900, false, false},
	{"wide-dark", 1280, 900, true, false},
	{"phone-light", 360, 780, false, true},
	{"phone-dark", 390, 844, true, true},
}

// In a browser, of a real run and of three over each other: everything is drawn,
// nothing sticks out, nothing is logged, nothing is loaded.
func TestBrowser(t *testing.T) {
	b := startBrowser(t)
	dir := t.TempDir()
	first := filepath.Join(dir, "first")
	run := func(args ...string) { // which may stand still for a while, and then misses its rate
		t.Helper()
		stompbench(t, append([]string{"run", "-q", "--drain-timeout", "3m", "--accept-generator-limit"}, args...)...)
	}
	run("-z", "3s", "-r", "3k", "--out", first)
	flat := filepath.Join(dir, "flat-out-with-quite-a-long-name-without-blanks")
	run("-z", "2s", "-x", "2", "-y", "2", "--out", flat)
	sendOnly := filepath.Join(dir, "send only")
	run("-C", "3000", "-y", "0", "--out", sendOnly)
	several := filepath.Join(dir, "several.html")
	stompbench(t, "report", first, flat, sendOnly, "-o", several)

	for _, p := range []struct {
		name, path string
		figures    int
	}{
		{"one", filepath.Join(first, "report.html"), 5},
		{"flat", filepath.Join(flat, "report.html"), 5},
		{"sending", filepath.Join(sendOnly, "report.html"), 4}, // no consumer, so no backlog
		{"several", several, 5},
	} {
		for _, l := range looks {
			t.Run(p.name+"/"+l.name, func(t *testing.T) {
				tab := b.open()
				tab.t = t
				tab.show(p.path, l)
				tab.check(l, p.figures)
				tab.screenshot(p.name + "-" + l.name)
				tab.touch(p.name == "several")
				for _, c := range tab.complaints("file://" + strings.ReplaceAll(p.path, " ", "%20")) {
					t.Error(c)
				}
			})
		}
	}
}

// What a broker calls itself stays text.
func TestBrowserRunsNothingOfTheBroker(t *testing.T) {
	b := startBrowser(t)
	path := filepath.Join(t.TempDir(), "report.html")
	if err := os.WriteFile(path, hostile(t), 0o600); err != nil {
		t.Fatal(err)
	}
	tab := b.open()
	tab.show(path, looks[0])
	var got struct {
		Title   string
		Hacked  bool
		Scripts int
	}
	tab.eval(`({title: document.title, hacked: "hacked" in window, scripts: document.scripts.length})`, &got)
	if got.Hacked || got.Scripts != 2 || !strings.Contains(got.Title, "</title>") {
		t.Errorf("%+v", got)
	}
	for _, c := range tab.complaints("file://" + path) {
		t.Error(c)
	}
}

func (t *tab) show(path string, l look) {
	t.t.Helper()
	t.call("Emulation.setDeviceMetricsOverride",
		map[string]any{"width": l.width, "height": l.height, "deviceScaleFactor": 1, "mobile": l.phone}, nil)
	scheme := "light"
	if l.dark {
		scheme = "dark"
	}
	t.call("Emulation.setEmulatedMedia",
		map[string]any{"features": []map[string]string{{"name": "prefers-color-scheme", "value": scheme}}}, nil)
	var to struct{ LoaderID string }
	t.call("Page.navigate", map[string]any{"url": "file://" + path}, &to)
	t.waitLoaded(to.LoaderID)
}

// inspect measures the page: what sticks out, which plots have which lines, which
// labels leave their plot or lie over each other, and how well text stands out.
const inspect = `(() => {
  const px = color => color.match(/[\d.]+/g).slice(0, 3).map(Number);
  const light = color => {
    const [r, g, b] = px(color).map(v => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (a, b) => { const [x, y] = [light(a), light(b)].sort((p, q) => q - p); return (x + 0.05) / (y + 0.05); };
  const shown = [...document.querySelectorAll("figure")].filter(f => !f.hidden);
  const faults = [];
  for (const f of shown) {
    const chart = f.querySelector(":scope > svg"), box = chart.getBoundingClientRect(), inner = f.getBoundingClientRect();
    if (box.left < inner.left || box.right > inner.right + 0.5 || box.height < 150) faults.push(f.id + ": the chart leaves its figure");
    for (const path of chart.querySelectorAll("path")) {
      if (!/^[-MLHVhv\d. e]+$/.test(path.getAttribute("d"))) faults.push(f.id + ": path " + path.getAttribute("d").slice(0, 80));
      const b = path.getBoundingClientRect();
      if (b.left < box.left - 1 || b.right > box.right + 1 || b.top < box.top - 1 || b.bottom > box.bottom + 1) faults.push(f.id + ": a line leaves the chart");
    }
    const texts = [...chart.querySelectorAll("text")].map(e => [e.textContent, e.getBoundingClientRect()]);
    for (const [text, b] of texts) {
      if (/NaN|undefined|null|Infinity/.test(text)) faults.push(f.id + ": label " + text);
      if (b.left < box.left - 1.5 || b.right > box.right + 1.5 || b.bottom > box.bottom + 3) faults.push(f.id + ": label " + text + " leaves the chart");
      for (const [other, o] of texts) {
        if (b !== o && b.left < o.right - 1 && o.left < b.right - 1 && b.top < o.bottom - 4 && o.top < b.bottom - 4) faults.push(f.id + ": " + text + " lies over " + other);
      }
    }
    for (const line of chart.querySelectorAll("path.curve")) {
      if (contrast(getComputedStyle(line).stroke, getComputedStyle(f).backgroundColor) < 3) faults.push(f.id + ": " + line.dataset.label + " hardly stands out");
    }
  }
  for (const e of document.querySelectorAll("h1, p, th, td, small, figcaption span, .key button")) {
    if (e.closest("noscript") || !e.textContent.trim()) continue;
    let under = e;
    while (getComputedStyle(under).backgroundColor === "rgba(0, 0, 0, 0)") under = under.parentElement;
    const c = contrast(getComputedStyle(e).color, getComputedStyle(under).backgroundColor);
    if (c < 4.5) faults.push("contrast " + c.toFixed(1) + ": " + e.textContent.trim().slice(0, 40));
  }
  return {
    wider: document.documentElement.scrollWidth - innerWidth,
    dark: light(getComputedStyle(document.body).backgroundColor) < 0.1,
    figures: shown.map(f => ({
      id: f.id, label: f.querySelector(":scope > svg").getAttribute("aria-label"),
      points: [...f.querySelectorAll("path[data-points]")].map(p => Number(p.dataset.points)),
    })),
    faults: [...new Set(faults)].slice(0, 10),
  };
})()`

func (t *tab) check(l look, figures int) {
	t.t.Helper()
	var got struct {
		Wider   int
		Dark    bool
		Figures []struct {
			ID, Label string
			Points    []int
		}
		Faults []string
	}
	t.eval(inspect, &got)
	if got.Wider > 0 {
		t.t.Errorf("the page is %d px wider than the window", got.Wider)
	}
	if got.Dark != l.dark {
		t.t.Errorf("dark is %v", got.Dark)
	}
	if len(got.Figures) != figures {
		t.t.Errorf("%d figures, want %d: %+v", len(got.Figures), figures, got.Figures)
	}
	for _, f := range got.Figures {
		drawn := 0
		for _, n := range f.Points {
			drawn += n
		}
		if drawn < 1 || !strings.Contains(f.Label, "from ") {
			t.t.Errorf("%+v", f)
		}
	}
	for _, fault := range got.Faults {
		t.t.Error(fault)
	}
}

// touch reads a value with the keyboard, hides a line and chooses another latency.
func (t *tab) touch(several bool) {
	t.t.Helper()
	var got struct {
		Read          string
		Lines, Hidden int
		Redrawn       bool
	}
	t.eval(`(() => {
  const f = document.getElementById("rates"), svg = f.querySelector(":scope > svg");
  svg.focus();
  svg.dispatchEvent(new KeyboardEvent("keydown", {key: "ArrowRight"}));
  const read = [...f.querySelectorAll("output")].map(o => o.textContent).join(" ") + f.querySelector(".at").textContent;
  const count = () => f.querySelectorAll("path[data-points]").length;
  const lines = count();
  f.querySelector(".key button").click();
  const hidden = lines - count();
  f.querySelector(".key button").click();
  const latency = document.getElementById("latency");
  const before = latency.querySelector(":scope > svg").getAttribute("aria-label");
  [...latency.querySelectorAll("input")].filter(i => !i.checked).forEach(i => i.click());
  const inputs = latency.querySelectorAll("input").length;
  return {read, lines, hidden, redrawn: inputs === 0 || latency.querySelector(":scope > svg").getAttribute("aria-label") !== before};
})()`, &got)
	if !strings.Contains(got.Read, "/s") || !strings.Contains(got.Read, "at ") || got.Lines < 2 || got.Hidden != 1 || !got.Redrawn {
		t.t.Errorf("several %v: %+v", several, got)
	}
}
