package page_test

import (
	"bytes"
	"context"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/cli"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/page"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/results"
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
	{"wide", 1400, 900, false, false},
	{"dark", 1400, 900, true, false},
	{"phone", 390, 844, false, true},
	{"phone-dark", 360, 780, true, true},
}

// In a browser: the plots of each page are drawn and can be read and zoomed, nothing sticks out or
// moves, nothing is logged, nothing is loaded.
func TestBrowser(t *testing.T) {
	b := startBrowser(t)
	dir := t.TempDir()
	real, sendOnly := filepath.Join(dir, "quite-a-long-name-without-blanks"), filepath.Join(dir, "send only")
	stompbench(t, "run", "-q", "-C", "30000", "-x", "2", "-y", "2", "--out", real)
	stompbench(t, "run", "-q", "-C", "3000", "-y", "0", "--out", sendOnly)
	several := filepath.Join(dir, "several.html")
	stompbench(t, "report", real, sendOnly, "-o", several)
	write := func(name string, write func(io.Writer) error) string {
		t.Helper()
		path := filepath.Join(dir, name+".html")
		if err := results.WriteFile(path, write); err != nil {
			t.Fatal(err)
		}
		return path
	}
	runs := func(name string, runs ...page.Run) string {
		return write(name, func(w io.Writer) error { return page.Write(w, runs) })
	}
	for _, p := range []struct {
		name, path string
		figures    int
		touched    string
	}{
		{"good", runs("good", page.Run{Name: "a", Result: good()}), 5, "rates"},
		{"bad-4", runs("bad-4", page.Run{Name: "a", Result: bad(4)}), 5, "rates"},
		{"bad-5", runs("bad-5", page.Run{Name: "a", Result: bad(5)}), 5, "rates"},
		{"overlay", runs("overlay", page.Run{Name: "base", Result: good()}, page.Run{Name: "new", Result: bad(99)}), 5, "rates"},
		{"search", write("search", func(w io.Writer) error {
			return page.WriteSearch(w, searched(t, searchConfig, 50_000, math.Inf(1)))
		}), 1, "knee"},
		{"sending", filepath.Join(sendOnly, "report.html"), 4, "rates"}, // no consumer, so no backlog
		{"several", several, 5, "rates"},
	} {
		for _, l := range looks {
			t.Run(p.name+"/"+l.name, func(t *testing.T) {
				tab := b.open()
				tab.t = t
				tab.show(p.path, l)
				defer func() {
					for _, c := range tab.complaints("file://" + strings.ReplaceAll(p.path, " ", "%20")) {
						t.Error(c)
					}
				}()
				tab.check(l, p.figures)
				tab.screenshot(p.name + "-" + l.name)
				tab.touch(p.touched)
			})
		}
	}
}

// What strangers write into a result stays text, and the policy of the page forbids everything but
// its own script: also one that comes in by another way.
func TestBrowserRunsNothingOfStrangers(t *testing.T) {
	b := startBrowser(t)
	for name, page := range hostile(t) {
		path := filepath.Join(t.TempDir(), name+".html")
		if err := os.WriteFile(path, page, 0o600); err != nil {
			t.Fatal(err)
		}
		tab := b.open()
		tab.show(path, looks[0])
		var got struct {
			Title            string
			Hacked           bool
			Scripts, Foreign int
		}
		const facts = `({title: document.title, hacked: "hacked" in window, scripts: document.scripts.length,
			foreign: document.querySelectorAll("img, textarea, [onclick], [onerror], [style*=url], iframe, a, link, form").length})`
		tab.eval(facts, &got)
		if got.Hacked || got.Scripts != 2 || got.Foreign != 0 || name == "run" && !strings.Contains(got.Title, "</title>") {
			t.Errorf("%s: %+v", name, got)
		}
		for _, c := range tab.complaints("file://" + path) {
			t.Errorf("%s: %s", name, c)
		}
		tab.eval(`(() => {
  const script = document.createElement("script"), image = document.createElement("img"), style = document.createElement("style");
  try { script.textContent = "hacked = 1"; } catch (e) {}
  image.src = "http://127.0.0.1:9/x";
  style.textContent = "body { display: none }";
  try { document.body.innerHTML += "<img src=x onerror=hacked=1>"; } catch (e) {}
  document.body.append(script, image, style);
  return `+facts+`})()`, &got)
		if got.Hacked {
			t.Errorf("%s: the policy lets a script run", name)
		}
		var visible bool
		if tab.eval(`getComputedStyle(document.body).display !== "none"`, &visible); !visible {
			t.Errorf("%s: the policy lets a style in", name)
		}
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

// inspect measures the page: what sticks out, which plots have which lines, whether something was
// drawn, what moved while it was, and how well text and lines stand out.
const inspect = `(async () => {
  await new Promise(done => requestAnimationFrame(() => setTimeout(done, 50)));
  const px = color => color.match(/[\d.]+/g).slice(0, 3).map(Number);
  const light = color => {
    const [r, g, b] = px(color).map(v => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (a, b) => { const [x, y] = [light(a), light(b)].sort((p, q) => q - p); return (x + 0.05) / (y + 0.05); };
  const shown = [...document.querySelectorAll("figure")].filter(f => !f.hidden);
  const faults = [];
  const figures = shown.map(f => {
    const u = f.plot, chart = f.querySelector(".chart"), box = chart.getBoundingClientRect(), inner = f.getBoundingClientRect();
    const canvas = u.ctx.canvas, shape = canvas.getBoundingClientRect();
    if (box.left < inner.left || box.right > inner.right + 0.5 || box.height < 150) faults.push(f.id + ": the chart leaves its figure");
    if (Math.abs(shape.width - box.width) > 1 || Math.abs(shape.height - box.height) > 1) faults.push(f.id + ": the canvas does not fit");
    const pixels = u.ctx.getImageData(0, 0, canvas.width, canvas.height).data;
    let inked = 0;
    for (let i = 3; i < pixels.length; i += 4) inked += pixels[i] > 100;
    if (inked < 500) faults.push(f.id + ": hardly anything is drawn");
    for (const axis of u.axes) {
      for (const v of axis._values || []) if (/NaN|undefined|null|Infinity/.test(v)) faults.push(f.id + ": label " + v);
      if (!(axis._values || []).some(v => v)) faults.push(f.id + ": an axis has no labels");
    }
    for (const mark of f.querySelectorAll(".key i")) {
      if (contrast(getComputedStyle(mark).color, getComputedStyle(f).backgroundColor) < 3) faults.push(f.id + ": a line hardly stands out");
    }
    return {id: f.id, label: chart.getAttribute("aria-label"), points: u.data.slice(1).map(y => y.filter(v => v != null).length)};
  });
  for (const e of document.querySelectorAll("h1, p, th, td, small, figcaption span, .key button, summary")) {
    if (e.closest("noscript") || !e.textContent.trim()) continue;
    let under = e;
    while (getComputedStyle(under).backgroundColor === "rgba(0, 0, 0, 0)") under = under.parentElement;
    const c = contrast(getComputedStyle(e).color, getComputedStyle(under).backgroundColor);
    if (c < 4.5) faults.push("contrast " + c.toFixed(1) + ": " + e.textContent.trim().slice(0, 40));
  }
  const shifts = await new Promise(done => {
    let sum = 0;
    new PerformanceObserver(list => { for (const e of list.getEntries()) sum += e.value; }).observe({type: "layout-shift", buffered: true});
    setTimeout(() => done(sum), 50);
  });
  if (shifts > 0.01) faults.push("the layout shifts by " + shifts);
  return {
    wider: document.documentElement.scrollWidth - innerWidth,
    dark: light(getComputedStyle(document.body).backgroundColor) < 0.1,
    figures, faults: [...new Set(faults)].slice(0, 10),
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
		if drawn < 1 || !strings.Contains(f.Label, " to ") {
			t.t.Errorf("%+v", f)
		}
	}
	for _, fault := range got.Faults {
		t.t.Error(fault)
	}
}

// touch reads a value with the keyboard, zooms, opens the table, hides a line and changes the scale.
func (t *tab) touch(id string) {
	t.t.Helper()
	var got struct {
		Read, Table, Before, After     string
		Zoomed, Whole, Dragged         bool
		Lines, Hidden, Shift, Together int
	}
	t.eval(`(async () => {
  const pause = () => new Promise(done => setTimeout(done, 60));
  const f = document.getElementById("`+id+`"), chart = f.querySelector(".chart"), u = f.plot;
  const press = key => chart.dispatchEvent(new KeyboardEvent("keydown", {key, bubbles: true}));
  const height = f.offsetHeight;
  chart.focus();
  press("ArrowRight"); press("ArrowRight");
  await pause();
  const read = f.querySelector("output").textContent, tip = f.querySelector(".tip");
  const box = tip.getBoundingClientRect();
  const shift = f.offsetHeight - height + (tip.hidden || box.right > innerWidth ? 1000 : 0);
  const range = () => u.scales.x.max - u.scales.x.min;
  const all = range();
  press("+");
  await pause();
  const zoomed = range() < 0.6 * all && f.classList.contains("zoomed");
  const together = [...document.querySelectorAll("figure")].filter(o => !o.hidden && o.plot.scales.x.min === u.scales.x.min).length;
  f.querySelector(".reset").click();
  await pause();
  const whole = range() === all && !f.classList.contains("zoomed");
  const over = u.over.getBoundingClientRect();
  const mouse = (type, x, target) => target.dispatchEvent(new MouseEvent(type, {clientX: over.left + x * over.width, clientY: over.top + 20, movementX: 1, bubbles: true, view: window}));
  mouse("mousemove", 0.3, u.over); mouse("mousedown", 0.3, u.over); mouse("mousemove", 0.6, u.over); mouse("mouseup", 0.6, document);
  await pause();
  const dragged = range() < 0.4 * all;
  mouse("dblclick", 0.5, u.over);
  await pause();
  const details = f.querySelector("details");
  details.open = true;
  await pause();
  const table = details.querySelector("table").textContent;
  details.open = false;
  const count = () => u.series.slice(1).filter(s => s.show).length;
  const lines = count();
  f.querySelector(".key button").click();
  const hidden = lines - count();
  f.querySelector(".key button").click();
  const l = document.getElementById("latency") || f, label = () => [...l.querySelectorAll("input")].filter(i => i.checked).map(i => i.value) + l.querySelector(".chart").getAttribute("aria-label") + l.plot.scales.y.distr;
  const before = label();
  [...l.querySelectorAll("fieldset")].forEach(set => [...set.querySelectorAll("input")].find(i => !i.checked)?.click());
  l.querySelector(".log").click();
  return {read, table, shift, zoomed, whole: whole && range() === all, dragged, together, lines, hidden, before, after: label()};
})()`, &got)
	if !strings.Contains(got.Read, "/s") || got.Shift != 0 || !got.Zoomed || !got.Whole || !got.Dragged ||
		id == "rates" && got.Together < 2 || !strings.Contains(got.Table, "s") || got.Lines < 1 || got.Hidden < 1 || got.Before == got.After {
		got.Table = got.Table[:min(len(got.Table), 40)]
		t.t.Errorf("%+v", got)
	}
}
