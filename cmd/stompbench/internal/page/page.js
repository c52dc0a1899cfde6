const { runs = [], kinds = [], knee = [], whole, spans } = JSON.parse(document.getElementById("data").textContent), [run] = runs, several = runs.length > 1;
const figure = id => document.getElementById(id);
const looks = ["", "dash", "dots", "mixed"], styled = kinds.map((kind, i) => [...kind, `c${i}`, looks[i]]);
const percentiles = [["p50", "p50", "c2", "dots"], ["p99", "p99", "c0", ""], ["p99.9", "p99.9", "c3", "mixed"], ["max", "max", "c1", "dash"]];

const format = new Intl.NumberFormat("en", { maximumFractionDigits: 2 }).format;
const number = x => x >= 1e6 ? `${format(x / 1e6)} M` : x >= 2e4 ? `${format(x / 1e3)} k` : format(x);
function duration(us) {
  const [unit, size] = [["s", 1e6], ["ms", 1e3], ["µs", 1]].find(([, size]) => us >= size * 0.9995) || ["ns", 1e-3];
  return `${format((us / size).toPrecision(3))} ${unit}`;
}
function clock(s) {
  return s < 60 ? `${format(s)} s` : `${s < 3600 ? "" : `${Math.floor(s / 3600)}:`}${new Date(s * 1000).toISOString().slice(14, 19)}`;
}

const values = write => (u, splits) => splits.map(v => v === null ? "" : write(v));
const linear = write => ({ axis: { values: values(write), space: 36 }, scale: { range: (u, min, max) => [0, max > 0 ? max * 1.08 : 1] } });
const log = write => ({
  axis: { values: values(write), space: 24 },
  scale: { distr: 3, range: (u, min, max) => min > 0 && max < Infinity ? uPlot.rangeLog(min, max, 10, false) : [1, 10] },
});
const count = unit => ({ label: x => `${format(x >= 100 ? Math.round(x) : x)}${unit}`, ...linear(number) });
const time = {
  label: clock,
  axis: { values: values(clock), space: 60, incrs: [0.1, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600, 14400, 43200] },
};

// Percentiles are placed by their nines.
const nines = x => `p${Number((100 * (1 - 10 ** -x)).toFixed(Math.max(1, Math.ceil(x) - 1)))}`;
const percentile = {
  margin: 24,
  label: nines,
  axis: {
    values: values(nines),
    splits: (u, i, min, max) => {
      const nine = u.width / (max - min), all = [];
      for (let n = 0; n <= max; n += Math.ceil(56 / nine)) all.push(n, ...(nine > 200 ? [n + 0.30103, n + 0.69897] : []));
      return all.filter(x => x >= min && x <= max);
    },
  },
};

const chosen = { kind: kinds[0]?.[0] };
// A line for each run if there are several, else one for each of [name, label, color, look].
function linesOf(list, x, y) {
  const lines = several
    ? runs.map((run, i) => ({ label: run.name, color: `c${i % 8}`, look: looks[(i >> 2) % 4], x: x(run, list[0][0]), y: list.map(([name]) => y(run, name)).find(y => y) }))
    : list.map(([name, label, color, look]) => ({ label, color, look, x: x(run, name), y: y(run, name) }));
  return lines.filter(line => line.y);
}
const timed = (id, y, lines) => plot(figure(id), { lines, x: time, y, whole, spans, group: "time" });
const rates = (list, x = "t") => linesOf(list, run => run[x], (run, name) => run.rates[name]);

// Latencies that differ much have a logarithmic axis, unless another was chosen.
function latencies(id, lines) {
  const all = lines.flatMap(line => line.y).filter(y => y).map(Math.abs), button = figure(id).querySelector(".log");
  const on = chosen[id] ??= Math.max(...all) > 50 * Math.min(...all);
  button.ariaPressed = on;
  button.onclick = () => {
    chosen[id] = !on;
    draws[id]();
  };
  return { label: duration, ...(on ? log : linear)(duration) };
}

const draws = {
  rates: () => timed("rates", count("/s"), rates([["received", "received", "c2", "dash"], ["due", "due, the plan", "c7", "dots"], ["sent", "sent", "c0", ""], ["confirmed", "confirmed", "c1", "mixed"]])),
  backlog: () => timed("backlog", count(""), rates([["backlog", "sent and not yet received", "c0", ""]], "at")),
  cpu: () => timed("cpu", count(" cores"), rates([["cpu", "processors kept busy", "c0", ""]])),
  latency() {
    const lines = linesOf(several ? [[chosen.percentile]] : percentiles, run => run.t, (run, name) => run.latency[chosen.kind]?.[name]);
    timed("latency", latencies("latency", lines), lines);
  },
  curve() {
    const lines = linesOf(several ? [[chosen.kind]] : styled, (run, name) => run.curve[name]?.x, (run, name) => run.curve[name]?.y);
    plot(figure("curve"), {
      lines, x: percentile, y: latencies("curve", lines), whole: [0, Math.max(1, ...lines.map(line => line.x.at(-1)))], spans: [], group: "curve",
    });
  },
  knee() {
    const rate = r => `${number(r)}/s`;
    const x = { label: rate, axis: { ...log(rate).axis, space: 50 }, scale: { distr: 3 } };
    plot(figure("knee"), { lines: knee, x, y: latencies("knee", knee), whole, spans, group: "knee" });
  },
};

for (const input of document.querySelectorAll("figcaption input")) {
  if (input.checked) chosen[input.name] = input.value;
  input.onchange = () => {
    chosen[input.name] = input.value;
    drawAll();
  };
}
const drawAll = () => { for (const id in draws) if (figure(id)) draws[id](); };
drawAll();
for (const query of ["(prefers-color-scheme: dark)", "print"]) matchMedia(query).onchange = drawAll;
