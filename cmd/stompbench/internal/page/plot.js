// A line plot in an SVG that fits its figure. Axes start at zero.

const svgNS = "http://www.w3.org/2000/svg";

function svg(tag, attributes, text) {
  const element = document.createElementNS(svgNS, tag);
  for (const name in attributes) element.setAttribute(name, attributes[name]);
  if (text !== undefined) element.textContent = text;
  return element;
}

function html(tag, properties, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

// The ticks from 0 to at least max: steps of 1, 2 or 5 times a power of ten.
function ticks(max, wanted) {
  const rough = (max > 0 ? max : 1) / wanted;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 5, 10].find(factor => factor * power >= rough * 0.999);
  const count = Math.ceil(max / step - 1e-9) || 1;
  return Array.from({ length: count + 1 }, (_, i) => i * step);
}

// The index of the value nearest to x in an ascending array.
function nearest(values, x) {
  let low = 0, high = values.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (values[middle] < x) low = middle + 1; else high = middle;
  }
  return low > 0 && x - values[low - 1] < values[low] - x ? low - 1 : low;
}

const dashes = ["", "7 4", "2 4", "9 3 2 3"];

function dashOf(line) {
  return dashes[line.dash || 0];
}

// Draws spec into figure, again whenever the figure changes its width:
//   lines   [{label, color, dash, x, y, firm}]   y may hold null; beyond firm the line is faint
//   x       {ticks(max, wanted), format(x), label(x)}
//   y       {format(max) → {unit, text(y)}, label(y)}
//   until   where the x axis ends; without it, with the last value
//   events  [{x, label}]
function plot(figure, spec) {
  for (const old of figure.querySelectorAll(":scope > :not(figcaption)")) old.remove();
  const lines = spec.lines.filter(line => line.y.some(y => y !== null));
  figure.hidden = lines.length === 0;
  if (figure.hidden) return;

  const hidden = figure.hiddenLines ||= new Set();
  const at = html("li", { className: "at" });
  const key = html("ul", { className: "key" });
  for (const line of lines) {
    const mark = svg("svg", { width: 22, height: 8, "aria-hidden": true });
    mark.append(svg("path", { d: "M1 4H21", class: `curve c${line.color % 8}`, "stroke-dasharray": dashOf(line) }));
    line.output = html("output");
    const button = html("button", { type: "button", title: "show or hide" }, mark, line.label, line.output);
    button.setAttribute("aria-pressed", !hidden.has(line.label));
    button.onclick = () => {
      if (!hidden.delete(line.label)) hidden.add(line.label);
      button.setAttribute("aria-pressed", !hidden.has(line.label));
      draw();
    };
    key.append(html("li", {}, button));
  }
  key.append(at);
  const chart = svg("svg", { role: "img", tabindex: 0, "aria-label": describe(spec, lines) });
  figure.append(key, chart);

  let shown, scale;
  function draw() {
    shown = lines.filter(line => !hidden.has(line.label));
    scale = axes(chart, spec, shown, figure.clientWidth);
    for (const line of shown) curve(chart, line, scale);
    read(null);
  }

  // Shows the values at x in the key, and where they are.
  function read(x) {
    chart.querySelector(".reading")?.remove();
    at.textContent = "";
    for (const line of lines) line.output.textContent = "";
    if (x === null || shown.length === 0) return;
    const longest = shown.reduce((a, b) => (b.x.length > a.x.length ? b : a));
    x = longest.x[nearest(longest.x, x)];
    const group = svg("g", { class: "reading" });
    group.append(svg("path", { class: "cross", d: `M${scale.x(x)} ${scale.top}V${scale.bottom}` }));
    for (const line of shown) {
      const i = nearest(line.x, x);
      if (line.y[i] === null || x > line.x[line.x.length - 1] + scale.slack) continue;
      line.output.textContent = spec.y.label(line.y[i]);
      group.append(svg("circle", { cx: scale.x(line.x[i]), cy: scale.y(line.y[i]), r: 3.5, class: `c${line.color % 8}`, fill: "var(--card)", "stroke-width": 1.75 }));
    }
    at.textContent = spec.x.label(x);
    chart.append(group);
    figure.reading = x;
  }

  chart.onpointermove = chart.onpointerdown = event => {
    const box = chart.getBoundingClientRect();
    read(scale.invert(event.clientX - box.left));
  };
  chart.onpointerleave = chart.onblur = () => read(null);
  chart.onkeydown = event => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!step || shown.length === 0) return;
    event.preventDefault();
    const x = shown.reduce((a, b) => (b.x.length > a.x.length ? b : a)).x;
    const i = figure.reading === undefined ? (step > 0 ? -1 : x.length) : nearest(x, figure.reading);
    read(x[Math.min(Math.max(i + step, 0), x.length - 1)]);
  };
  draw();
  figure.redraw?.disconnect();
  let width = figure.clientWidth;
  figure.redraw = new ResizeObserver(() => {
    if (figure.clientWidth !== width) {
      width = figure.clientWidth;
      draw();
    }
  });
  figure.redraw.observe(figure);
}

// Draws grid and axes, and returns how values become places.
function axes(chart, spec, lines, room) {
  const style = getComputedStyle(chart.parentNode);
  const width = Math.max(200, room - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight));
  const height = Math.round(Math.min(300, Math.max(190, width * 0.45)));
  const maxX = spec.until || lines.reduce((max, line) => Math.max(max, line.x[line.x.length - 1]), 0) || 1;
  const maxY = lines.reduce((max, line) => line.y.reduce((m, y) => Math.max(m, y ?? 0), max), 0);
  const yTicks = ticks(maxY, 5), top = 22, bottom = height - 22;
  const format = spec.y.format(yTicks[yTicks.length - 1]);
  const left = 9 + 6.8 * Math.max(...yTicks.map(y => format.text(y).length));
  const xTicks = spec.x.ticks(maxX, Math.max(2, Math.min(10, Math.floor((width - left) / 56))));
  const lastY = yTicks[yTicks.length - 1];
  const right = width - (spec.x.margin || 14);
  const scale = {
    top, bottom, left, right, slack: maxX / 200 + 1e-9,
    x: x => left + (right - left) * x / maxX,
    y: y => bottom - (bottom - top) * y / lastY,
    invert: px => (px - left) / (right - left) * maxX,
  };
  chart.replaceChildren();
  chart.setAttribute("viewBox", `0 0 ${width} ${height}`);
  chart.setAttribute("height", height);
  chart.append(svg("text", { x: 0, y: 11 }, format.unit));
  for (const y of yTicks) {
    const line = scale.y(y);
    chart.append(svg("path", { class: y === 0 ? "axis" : "grid", d: `M${left} ${line}H${right}` }));
    chart.append(svg("text", { x: left - 7, y: line + 4, "text-anchor": "end" }, format.text(y)));
  }
  for (const x of xTicks) {
    if (x > maxX * 1.0001) continue;
    const edge = scale.x(x) > width - 24;
    chart.append(svg("path", { class: "axis", d: `M${scale.x(x)} ${bottom}v4` }));
    chart.append(svg("text", { x: edge ? width : scale.x(x), y: height - 3, "text-anchor": edge ? "end" : "middle" }, spec.x.format(x)));
  }
  for (const event of spec.events || []) {
    const x = scale.x(event.x), end = x > (left + right) / 2;
    const free = 7 * format.unit.length + 12; // right of the unit
    chart.append(svg("path", { class: "event", d: `M${x} ${top - 6}V${bottom}` }));
    chart.append(svg("text", { x: end ? x - 5 : Math.max(x + 5, free), y: top - 8, "text-anchor": end ? "end" : "start" }, event.label));
  }
  return scale;
}

// Draws a line, broken where nothing was measured; a lone value becomes a dot.
function curve(chart, line, scale) {
  let firm = "", loose = "", run = 0, points = 0;
  line.x.forEach((x, i) => {
    const y = line.y[i];
    if (y === null) {
      run = 0;
      return;
    }
    const alone = run === 0 && (i + 1 >= line.y.length || line.y[i + 1] === null);
    const place = `${scale.x(x).toFixed(1)} ${scale.y(y).toFixed(1)}`;
    const step = run++ === 0 ? `M${place}` : `L${place}`;
    points++;
    if (line.firm === undefined || x <= line.firm) {
      firm += step + (alone ? "h.1" : "");
      loose = `M${place}`;
    } else {
      loose += step;
    }
  });
  const look = { class: `curve c${line.color % 8}`, "stroke-dasharray": dashOf(line), "data-label": line.label, "data-points": points };
  if (firm) chart.append(svg("path", { ...look, d: firm }));
  if (loose.includes("L")) chart.append(svg("path", { ...look, class: look.class + " loose", d: loose }));
}

// Says in words what the plot shows.
function describe(spec, lines) {
  const parts = lines.map(line => {
    const values = line.y.filter(y => y !== null);
    return `${line.label} from ${spec.y.label(values.reduce((a, b) => Math.min(a, b)))} to ${spec.y.label(values.reduce((a, b) => Math.max(a, b)))}`;
  });
  return `${spec.title}: ${parts.join("; ")}. Arrow keys read values.`;
}
