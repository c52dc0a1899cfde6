// The plots of this page.

const runs = JSON.parse(document.getElementById("data").textContent).runs;
const several = runs.length > 1;

const percentiles = [["p50", "p50"], ["p99", "p99"], ["p99_9", "p99.9"], ["max", "max"]];
const kinds = [["from_due", "from due"], ["from_send", "from send"], ["confirm", "to receipt"], ["send_delay", "send delay"]]
  .filter(([kind]) => runs.some(run => run.latency[kind]));

const group = new Intl.NumberFormat("en", { maximumFractionDigits: 2 });
const short = x => group.format(x);

// Durations come in nanoseconds; all labels of an axis have one unit.
const units = [["ns", 1], ["µs", 1e3], ["ms", 1e6], ["s", 1e9]];
const unitOf = ns => units.findLast(([, size]) => ns >= size) || units[0];
function duration(ns) {
  const [unit, size] = unitOf(ns), x = ns / size;
  return `${unit === "ns" ? x : x.toPrecision(Math.max(3, String(Math.trunc(x)).length))} ${unit}`;
}
const durations = {
  format(max) {
    const [unit, size] = unitOf(max);
    return { unit, text: ns => short(ns / size) };
  },
  label: duration,
};

function numbers(unit, label) {
  return {
    format(max) {
      const [prefix, size] = max >= 2e6 ? [" M", 1e6] : max >= 2e4 ? [" k", 1e3] : ["", 1];
      return { unit, text: x => short(x / size) + (x ? prefix : "") };
    },
    label,
  };
}

function clock(s) {
  const pad = n => String(n).padStart(2, "0");
  const whole = Math.round(s);
  if (s > 0 && s < 0.1) return `${short(s * 1000)} ms`;
  if (whole < 60) return `${short(Math.round(s * 100) / 100)} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)}:${pad(whole % 60)} min`;
  return `${Math.floor(whole / 3600)}:${pad(Math.floor(whole / 60) % 60)} h`;
}
const steps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200, 86400];
const time = {
  ticks(max, wanted) {
    const step = steps.find(step => max / step <= wanted) || 86400 * Math.ceil(max / 86400 / wanted);
    return max < 1 ? ticks(max, wanted) : Array.from({ length: Math.floor(max / step) + 1 }, (_, i) => i * step);
  },
  format: clock,
  label: s => `at ${clock(s)}`,
};

// Percentiles are placed by their nines: as much room from 0 to 90 % as from 90 to
// 99 %, from 99 to 99.9 %.
const nines = x => (x < 0.3 ? `${(100 * (1 - 10 ** -x)).toFixed(0)}` : (100 * (1 - 10 ** -x)).toFixed(Math.max(0, Math.ceil(x - 1e-9) - 2))) + " %";
const percentile = {
  margin: 32, // half of 99.9999 %
  ticks(max, wanted) {
    const step = Math.ceil(1.1 * max / wanted);
    const whole = Array.from({ length: Math.floor(max / step) }, (_, i) => (i + 1) * step);
    return [0, ...(wanted > 2.3 * max ? [Math.log10(2)] : []), ...whole];
  },
  format: nines,
  label: x => `p${(100 * (1 - 10 ** -x)).toFixed(Math.max(1, Math.ceil(x) - 1)).replace(/\.0+$/, "")}`,
};

const until = Math.max(...runs.map(run => run.until));

const figure = id => document.getElementById(id);

function ends() {
  if (several) return [];
  return [{ x: runs[0].warm, label: "warm-up ends" }, { x: runs[0].ends, label: "sending ends" }].filter(event => event.x > 0);
}

// A line of each run if there are several, else a line of each column.
function columns(list, x = "t") {
  if (!several) {
    return list.filter(([name]) => runs[0][name])
      .map(([name, label], i) => ({ label, color: i, dash: i, x: runs[0][x], y: runs[0][name] }));
  }
  const [name] = [...list].reverse().find(([name]) => runs.some(run => run[name])) || list[0];
  return perRun(run => run[name] && { x: run[x], y: run[name] });
}

function perRun(pick) {
  return runs.flatMap((run, i) => {
    const line = pick(run);
    return line ? [{ label: run.name, color: i, dash: Math.floor(i / 8), ...line }] : [];
  });
}

function drawRates() {
  const list = [["sent", "sent"], ["confirmed", "confirmed"], ["received", "received"]];
  const title = several ? `${runs.some(run => run.received) ? "Received" : "Sent"} a second` : "Rate";
  figure("rates").querySelector("h2").textContent = title;
  plot(figure("rates"), { title, lines: columns(list), x: time, until, y: numbers("messages/s", x => `${short(Math.round(x))}/s`), events: ends() });
}

function drawBacklog() {
  plot(figure("backlog"), { title: "Backlog", lines: columns([["backlog", "sent and not yet received"]], "at"), x: time, until, y: numbers("messages", x => short(x)), events: ends() });
}

function drawCPU() {
  plot(figure("cpu"), { title: "CPU of stompbench", lines: columns([["cpu", "cores kept busy"]]), x: time, until, y: numbers("cores", x => `${x.toFixed(2)} cores`), events: ends() });
}

const have = kind => runs.filter(run => run.latency[kind]).length;
const chosen = { kind: kinds.reduce((best, [kind]) => (have(kind) > have(best) ? kind : best), kinds[0]?.[0]), percentile: "p99" };

function drawLatency() {
  const lines = several
    ? perRun(run => run.latency[chosen.kind] && { x: run.t, y: run.latency[chosen.kind][chosen.percentile] })
    : percentiles.map(([name, label], i) => ({ label, color: [2, 0, 3, 1][i], dash: i, x: runs[0].t, y: runs[0].latency[chosen.kind][name] }));
  plot(figure("latency"), { title: "Latency over time", lines, x: time, until, y: durations, events: ends() });
}

function drawCurve() {
  const lines = several
    ? perRun(run => run.curve[chosen.kind])
    : kinds.map(([kind, label], i) => ({ label, color: i, dash: i, ...runs[0].curve[kind] }));
  plot(figure("curve"), { title: "Latency by percentile", lines, x: percentile, y: durations });
}

// Adds a choice to a figure's caption.
function choice(id, name, legend, list) {
  if (list.length < 2) return;
  const set = html("fieldset", {});
  set.setAttribute("aria-label", legend);
  for (const [value, label] of list) {
    const input = html("input", { type: "radio", name, value, checked: chosen[name] === value });
    input.onchange = () => {
      chosen[name] = value;
      drawLatency();
      if (several) drawCurve();
    };
    set.append(html("label", {}, input, html("span", {}, label)));
  }
  figure(id).querySelector("figcaption").append(set);
}

drawRates();
drawBacklog();
drawCPU();
if (kinds.length > 0) {
  choice("latency", "kind", "Latency", kinds);
  if (several) choice("latency", "percentile", "Percentile", percentiles);
  drawLatency();
  drawCurve();
} else {
  figure("latency").hidden = figure("curve").hidden = true;
}
