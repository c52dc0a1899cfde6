const css = name => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
const dashes = { dash: [7, 4], dots: [2, 4], mixed: [9, 3, 2, 3] };
const groups = {};

function html(tag, properties, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}
const sample = ({ color, look }) => html("i", { className: `sample ${color} ${look}` });

// Shades spans behind the lines, and labels those that have room.
function shade({ ctx, bbox: { left, top, width, height }, valToPos }, spans) {
  const px = devicePixelRatio;
  let free = 0;
  ctx.save();
  Object.assign(ctx, { font: `${11 * px}px system-ui`, textAlign: "left" });
  for (const { from, to, label, color } of spans) {
    const [a, b] = [from, to].map(x => Math.min(Math.max(valToPos(x, "x", true), left), left + width));
    ctx.fillStyle = css(color);
    ctx.fillRect(a, top, b - a, height);
    const wide = ctx.measureText(label).width, at = Math.min(a, left + width - wide);
    if (b <= a || at < free) continue;
    ctx.fillStyle = css("soft");
    ctx.fillText(label, at, top - 4 * px);
    free = at + wide + 8 * px;
  }
  ctx.restore();
}

// Draws lines of {label, color, look, x, y}; a look is a key of dashes, or points: full, open, ring. A y below 0 is
// a lower bound. The axes x and y are {label(value), axis, scale}. Plots of a group share cursor and zoom.
function plot(figure, { lines, x, y, whole, spans, group }) {
  const part = name => figure.querySelector(name), chart = part(".chart"), details = part("details");
  const others = groups[group] ||= new Set(), old = figure.plot;
  if (old) {
    figure.watch.disconnect();
    others.delete(old);
    old.destroy();
  }
  lines = lines.filter(line => line.y.some(v => v !== null));
  figure.hidden = lines.length === 0;
  if (figure.hidden) return;

  const write = v => v < 0 ? `≥ ${y.label(-v)}` : y.label(v), values = uPlot.join(lines.map(line => [line.x, line.y]));
  const tip = html("div", { className: "tip" });
  const size = () => ({ width: chart.clientWidth, height: chart.clientHeight });
  const grid = { stroke: css("grid"), width: 1 };
  const axis = { stroke: css("soft"), grid, ticks: { ...grid, size: 4 }, font: "11.5px system-ui" };
  const series = lines.map(({ color, look }) => {
    const stroke = css(color), fill = { full: stroke, open: css("card"), ring: "#0000" }[look];
    return fill ? { stroke, paths: () => null, points: { show: true, size: look === "ring" ? 15 : 8, fill, width: 2 } }
      : { stroke, dash: dashes[look], width: 1.75, points: { size: 5 } };
  });
  const show = (min, max) => u.setScale("x", { min: Math.max(min, whole[0]), max: Math.min(max, whole[1]) });
  const u = figure.plot = new uPlot({
    ...size(), series: [{}, ...series], padding: [18, x.margin || 14, 0, 0], legend: { show: false },
    scales: { x: { time: false, min: whole[0], max: whole[1], range: (u, a, b) => [a, b], ...x.scale }, y: y.scale },
    axes: [
      { ...axis, size: 26, ...x.axis },
      { ...axis, size: (u, values) => 14 + 6.6 * Math.max(3, ...(values || []).map(v => v.length)), ...y.axis },
    ],
    cursor: { y: false, drag: { dist: 6 }, sync: { key: group }, bind: { dblclick: () => () => show(...whole) } },
    hooks: { drawClear: [u => shade(u, spans)], draw: [bounds], setCursor: [read], setScale: [zoomed] },
  }, values.map((ys, i) => i ? ys.map(v => v && Math.abs(v)) : ys), chart);
  others.add(u);
  u.over.append(tip);
  if (old) show(old.scales.x.min, old.scales.x.max);

  // Draws an arrow up from lower bounds.
  function bounds({ ctx, valToPos }) {
    ctx.save();
    Object.assign(ctx, { fillStyle: css("ink"), textAlign: "center" });
    for (const ys of values.slice(1)) {
      for (let i = 0; i < ys.length; i++) if (ys[i] < 0 && (i % 4 === 0 || !(ys[i - 1] < 0))) ctx.fillText("↑", valToPos(values[0][i], "x", true), valToPos(-ys[i], "y", true) - 4);
    }
    ctx.restore();
  }

  function zoomed(u, key) {
    if (key !== "x") return;
    const { min, max } = u.scales.x;
    figure.classList.toggle("zoomed", min > whole[0] || max < whole[1]);
    for (const o of others) if (o.scales.x.min !== min || o.scales.x.max !== max) o.setScale("x", { min, max });
  }

  function read(u) {
    const { left, idx, idxs } = u.cursor, rest = u.over.clientWidth - left;
    tip.hidden = idx == null || left < 0;
    if (tip.hidden) return;
    tip.replaceChildren(html("div", {}, x.label(u.data[0][idx])), ...lines.flatMap((line, i) => {
      const v = values[i + 1][idxs[i + 1]];
      return v == null || !u.series[i + 1].show ? [] : [html("div", {}, sample(line), `${line.label} `, html("b", {}, write(v)))];
    }));
    tip.style.left = rest < left ? "" : `${left + 12}px`;
    tip.style.right = rest < left ? `${rest + 12}px` : "";
  }

  for (const name of ["down", "move", "up"]) { // uPlot knows the mouse only
    u.over["onpointer" + name] = ({ pointerType, clientX, clientY }) => pointerType === "touch"
      && u.over.dispatchEvent(new MouseEvent("mouse" + name, { clientX, clientY, movementX: 1, bubbles: true }));
  }

  const range = (line, i) => (ys => `${line.label} ${y.label(Math.min(...ys))} to ${y.label(Math.max(...ys))}`)(u.data[i + 1].filter(v => v != null));
  chart.ariaLabel = `${part("h2").textContent}: ${lines.map(range).join("; ")}. Arrow keys read values, + and - zoom, 0 shows all.`;
  chart.onblur = () => u.setCursor({ left: -10, top: -10 });
  chart.onkeydown = e => {
    const xs = u.data[0], { min, max } = u.scales.x, at = u.cursor.left < 0 ? -1 : u.cursor.idx;
    const step = { ArrowLeft: -1, ArrowRight: 1 }[e.key], factor = { "+": 0.25, "-": 1 }[e.key];
    if (step) {
      u.setCursor({ left: u.valToPos(xs[Math.min(Math.max(at + step, 0), xs.length - 1)], "x"), top: 0 });
      part("output").textContent = [...tip.children].map(row => row.textContent).join(", ");
    } else if (factor) {
      const middle = xs[at] ?? (min + max) / 2, half = (max - min) * factor;
      show(middle - half, middle + half);
    } else if (e.key === "0") show(...whole);
    else return;
    e.preventDefault();
  };
  part(".reset").onclick = () => show(...whole);

  const hidden = figure.hiddenLines ||= Object.create(null);
  part(".key").replaceChildren(...lines.map((line, i) => {
    const button = html("button", { type: "button", title: "show or hide" }, sample(line), line.label);
    const toggle = show => {
      hidden[line.label] = !show;
      button.ariaPressed = show;
      u.setSeries(i + 1, { show });
    };
    button.onclick = () => toggle(hidden[line.label]);
    toggle(!hidden[line.label]);
    return html("li", {}, button);
  }));

  details.open = false;
  details.ontoggle = () => {
    if (!details.open) return;
    const row = (tag, head, cells) => html("tr", {}, html("th", { scope: "row" }, head), ...cells.map(cell => html(tag, {}, cell)));
    part("table").replaceChildren(html("thead", {}, row("th", "", lines.map(line => line.label))), html("tbody", {},
      ...values[0].map((v, i) => row("td", x.label(v), values.slice(1).map(ys => ys[i] == null ? "–" : write(ys[i]))))));
  };

  figure.watch = new ResizeObserver(() => u.width === chart.clientWidth || u.setSize(size()));
  figure.watch.observe(chart);
}
