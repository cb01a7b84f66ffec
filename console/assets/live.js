// What the first page has beyond its tables: charts to read off, and a box to drag in the heatmap or the scatter chart.

const root = document.documentElement;
const style = getComputedStyle(root);
const colour = (name) => style.getPropertyValue("--" + name).trim();
const darkness = matchMedia("(prefers-color-scheme: dark)");

async function json(url) {
  const response = await fetch(url, { headers: { Accept: "application/json" } });
  if (!response.ok) throw new Error(String(response.status));
  return response.json();
}

function width(element) {
  return Math.max(200, Math.floor(element.clientWidth));
}

const axis = (more) => ({
  stroke: colour("muted"), grid: { stroke: colour("line"), width: 1 }, ticks: { show: false }, font: "11px system-ui", ...more,
});
const minutes = [60, 120, 300, 600];
const clock = (u, values) => values.map((v) => new Date(v * 1000).toTimeString().slice(0, 5));

// The frame is ten minutes from the start, by the clock of the service.
const lastMinutes = () => [Number(root.dataset.stamp) / 1000 - 600, Number(root.dataset.stamp) / 1000];

// --- lines ---

const lines = {
  throughput: [["calls", "sql", (p, step) => p.calls / step], ["failures", "heat-bad", (p, step) => p.failures / step]],
  duration: [["p95", "external", (p) => (p.calls ? 1000 * p.p95_seconds : null)], ["mean", "sql", (p) => (p.calls ? 1000 * p.mean_seconds : null)]],
};
const plots = new Map();

// The page has the deploys of a chart: they are put where the axis drawn here has their time.
function markDeploys(u) {
  for (const old of u.over.querySelectorAll(".deploy")) old.remove();
  for (const mark of u.root.closest("[data-chart]").querySelectorAll("[data-at]")) {
    const left = u.valToPos(mark.dataset.at / 1000, "x");
    if (!(left >= 0 && left <= u.over.clientWidth)) continue;
    const line = document.createElement("span");
    line.className = "deploy";
    line.classList.toggle("late", left > 0.75 * u.over.clientWidth);
    line.textContent = mark.textContent;
    line.style.left = left + "px";
    u.over.append(line);
  }
}

function number(v) {
  if (v == null) return "–";
  return v < 10 ? v.toFixed(2) : v < 100 ? v.toFixed(1) : Math.round(v).toLocaleString("en");
}

function drawLines(live) {
  // The last step is not over.
  const points = live.timeline.slice(0, -1);
  if (points.length < 2) return;
  for (const figure of document.querySelectorAll("[data-chart]")) {
    const key = figure.dataset.chart;
    if (!lines[key]) continue;
    const data = [points.map((p) => Date.parse(p.time) / 1000), ...lines[key].map(([, , of]) => points.map((p) => of(p, live.step_seconds)))];
    const holder = figure.querySelector("[data-plot]");
    let plot = plots.get(key);
    if (plot && !plot.root.isConnected) plot = null;
    if (plot) {
      plot.setData(data);
      continue;
    }
    figure.classList.add("is-drawn");
    holder.dataset.drawn = "";
    const labels = [...figure.querySelectorAll("figcaption .key")].map((k) => k.textContent);
    const readout = document.createElement("span");
    readout.className = "readout";
    readout.dataset.row = "readout";
    readout.dataset.drawn = "";
    figure.querySelector("figcaption").append(readout);
    plots.set(key, new uPlot({
      width: width(holder), height: 134, legend: { show: false }, padding: [6, 16, 0, 0],
      cursor: { y: false, drag: { x: false, y: false }, sync: { key: "live" }, points: { size: 6 } },
      scales: { x: { range: lastMinutes }, y: { range: (u, low, high) => [0, high > 0 ? high * 1.05 : 1] } },
      axes: [axis({ values: clock, size: 22, incrs: minutes }), axis({ size: 46, values: (u, v) => v.map((n) => n.toLocaleString("en", { maximumFractionDigits: 2 })) })],
      series: [{}, ...lines[key].map(([, name], i) => ({ label: labels[i], stroke: colour(name), width: 1.5, spanGaps: true, points: { show: false } }))],
      hooks: {
        draw: [markDeploys],
        setCursor: [(u) => {
          const i = u.cursor.idx;
          readout.textContent = i == null ? "" : new Date(u.data[0][i] * 1000).toTimeString().slice(0, 8) + "  " +
            u.series.slice(1).map((s, j) => s.label + " " + number(u.data[j + 1][i])).join("  ");
        }],
      },
    }, data, holder));
  }
}

// --- boxes ---

function open(target, box) {
  const url = new URL(target, location.href);
  for (const [name, value] of Object.entries(box)) if (value !== undefined) url.searchParams.set(name, value);
  location.assign(url);
}

// drag lets a box be drawn over the cells of the heatmap.
function drag() {
  const figure = document.querySelector("[data-heatmap]");
  const cells = figure?.querySelector(".cells");
  if (!cells || cells.classList.contains("ready")) return;
  cells.classList.add("ready");
  figure.classList.add("can-drag");
  let start = null, box = null;

  const place = (event) => {
    const frame = cells.getBoundingClientRect();
    const [columns, rows] = [cells.viewBox.baseVal.width, cells.viewBox.baseVal.height];
    const clamp = (v, most) => Math.min(most - 1, Math.max(0, Math.floor(v)));
    return { x: clamp((event.clientX - frame.left) / frame.width * columns, columns), y: clamp((event.clientY - frame.top) / frame.height * rows, rows) };
  };
  const span = (to) => ({
    left: Math.min(start.x, to.x), right: Math.max(start.x, to.x) + 1, top: Math.min(start.y, to.y), bottom: Math.max(start.y, to.y) + 1,
  });

  cells.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    event.preventDefault();
    start = place(event);
    cells.setPointerCapture(event.pointerId);
    root.dataset.busy = ""; // The page waits while somebody draws on it.
    box = document.createElementNS("http://www.w3.org/2000/svg", "rect");
    box.setAttribute("class", "box");
    cells.append(box);
    move(event);
  });
  function move(event) {
    if (!start) return;
    const s = span(place(event));
    for (const [name, value] of Object.entries({ x: s.left, y: s.top, width: s.right - s.left, height: s.bottom - s.top })) box.setAttribute(name, value);
  }
  const stop = () => {
    start = null;
    box?.remove();
    delete root.dataset.busy;
  };
  cells.addEventListener("pointermove", move);
  cells.addEventListener("pointercancel", stop);
  cells.addEventListener("pointerup", (event) => {
    if (!start) return;
    const s = span(place(event));
    stop();
    const { from, step, bounds, target } = figure.dataset;
    const limits = bounds.split(",").map(Number);
    const rows = limits.length + 1;
    const [lowest, highest] = [rows - s.bottom, rows - 1 - s.top]; // Rows count from below.
    open(target, {
      from: Number(from) + s.left * step, to: Number(from) + s.right * step,
      shortest: lowest > 0 ? limits[lowest - 1] : 0, longest: highest < limits.length ? limits[highest] : undefined,
    });
  });
}

// --- scatter ---

let scatter = null;
let scattered = false;

const tens = (u, splits) => splits.map((v) => (Number.isInteger(Math.round(1e6 * Math.log10(v)) / 1e6) ? v : null));

async function drawScatter() {
  const decades = axis({
    size: 54, filter: tens, grid: { stroke: colour("line"), width: 1, filter: tens },
    values: (u, v) => v.map((n) => (n == null ? "" : n >= 1000 ? n / 1000 + " s" : n + " ms")),
  });
  const figure = document.querySelector("[data-heatmap]");
  const holder = figure.querySelector(".scatter");
  const { scatter: s } = await json(figure.dataset.scatter);
  const of = (state) => s.duration_ms.map((d, i) => (s.state[i] === state ? Math.max(d, 0.01) : null));
  const data = [s.end_ms.map((t) => (s.from_unix_ms + t) / 1000), of(0), of(1), of(2)];
  if (scatter?.root.isConnected) {
    scatter.setData(data);
    return;
  }
  const labels = holder.dataset.labels.split("|");
  const dots = (label, name, size) => ({
    label, stroke: colour(name), paths: () => null, points: { show: true, size, width: 0, fill: colour(name) },
  });
  scatter = new uPlot({
    width: width(holder), height: 280, legend: { show: false }, padding: [8, 16, 0, 0],
    cursor: { x: false, y: false, points: { show: false }, drag: { x: true, y: true, setScale: false } },
    scales: { x: { range: lastMinutes }, y: { distr: 3 } },
    axes: [axis({ values: clock, size: 22, incrs: minutes }), decades],
    series: [{}, dots(labels[0], "sql", 3), dots(labels[1], "external", 4), dots(labels[2], "heat-bad", 5)],
    hooks: {
      setSelect: [(u) => {
        const { left, top, width, height } = u.select;
        if (width < 2 && height < 2) return;
        open(figure.dataset.target, {
          from: Math.floor(1000 * u.posToVal(left, "x")), to: Math.ceil(1000 * u.posToVal(left + width, "x")),
          shortest: u.posToVal(top + height, "y").toFixed(3), longest: u.posToVal(top, "y").toFixed(3),
        });
      }],
    },
  }, data, holder);
}

function toggle(event) {
  const button = event.target.closest("[data-toggle]");
  if (!button) return;
  scattered = !scattered;
  arrange();
  if (scattered) drawScatter().catch(() => {});
}

// arrange puts the choice between heatmap and scatter back after the page was renewed.
function arrange() {
  const figure = document.querySelector("[data-heatmap]");
  if (!figure) return;
  const button = figure.querySelector("[data-toggle]");
  button.hidden = false;
  button.setAttribute("aria-pressed", String(scattered));
  for (const key of figure.querySelectorAll(".cell-key")) key.hidden = scattered;
  for (const key of figure.querySelectorAll(".dot-key")) key.hidden = !scattered;
  figure.querySelector(".scatter").hidden = !scattered;
  figure.querySelector(".map").hidden = scattered;
  drag();
}

// --- in turn ---

let turn = 0;
async function renewed() {
  arrange();
  if (turn++ % 2) return; // The charts every other second.
  try {
    drawLines((await json("api/v1/live")).live);
    if (scattered) await drawScatter();
  } catch {
    // The page itself tells that there is no answer.
  }
}

function again() {
  for (const plot of [...plots.values(), scatter]) plot?.destroy();
  for (const readout of document.querySelectorAll(".readout")) readout.remove();
  plots.clear();
  scatter = null;
  turn = 0;
  renewed();
}

document.addEventListener("renewed", renewed);
document.addEventListener("click", toggle);
darkness.addEventListener("change", again);
let resized = 0;
addEventListener("resize", () => { clearTimeout(resized); resized = setTimeout(again, 200); });
renewed();
