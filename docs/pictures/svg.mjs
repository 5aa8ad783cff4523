/** Charts as SVG text: panels with axes, lines, points and bands, legible on light and dark pages. Numbers are rounded. */

const INK = { light: "#24292f", dark: "#e6e6e6" };
const QUIET = { light: "#6b7280", dark: "#9ca3af" };
const GRID = { light: "#e2e5e9", dark: "#363b42" };
const PAPER = { light: "#ffffff", dark: "#16191d" };
const BAND = { light: "#e4f2e7", dark: "#1d3325" };
/** Colors of series, told apart by people who see few colors too. */
const SERIES = [
  { light: "#1f6fbf", dark: "#6db3f2" },
  { light: "#c2570c", dark: "#f2a154" },
  { light: "#0e8a63", dark: "#4fd1a1" },
  { light: "#8b3fb5", dark: "#cf9bf0" },
  { light: "#8a6d00", dark: "#e0c341" },
];

/** Two decimals are a hundredth of a pixel. */
const n = (value) => String(Number(value.toFixed(1)));
const escaped = (text) => String(text).replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");

function style() {
  const rules = (tone) => [
    `.paper{fill:${PAPER[tone]}}.band{fill:${BAND[tone]}}.grid{stroke:${GRID[tone]}}`,
    `text{fill:${INK[tone]}}.quiet{fill:${QUIET[tone]}}.ref{stroke:${QUIET[tone]}}`,
    ...SERIES.map(({ [tone]: color }, i) => `.s${i}{stroke:${color}}.f${i}{fill:${color}}`),
    `.s9{stroke:${INK[tone]}}.f9{fill:${INK[tone]}}.s8{stroke:${QUIET[tone]}}.f8{fill:${QUIET[tone]}}`,
  ];
  return [
    "text{font:12px system-ui,sans-serif}.small{font-size:11px}.title{font-weight:600}",
    ".line{fill:none;stroke-width:1.8}.thin{stroke-width:1.1}.bold{stroke-width:3}.dash{stroke-dasharray:5 4}.ref{fill:none;stroke-width:1.3}",
    ...rules("light"),
    `@media(prefers-color-scheme:dark){${rules("dark").join("")}}`,
  ].join("");
}

/** An axis: `domain` [low, high], `ticks`, `label`, and `log` for a logarithmic one. */
function scale({ domain: [low, high], log }, from, to) {
  const of = log ? Math.log : (value) => value;
  return (value) => from + ((of(value) - of(low)) / (of(high) - of(low))) * (to - from);
}

/**
 * A panel of marks on two axes. Marks: `line` and `points` with `at` [[x, y], ...], `band` between two y, `rule` at one x or
 * y, `label` at a place; `color` 0 to 4 of the series, 8 quiet, 9 ink.
 */
export function panel({ left, top, width, height, title, x, y, marks }) {
  const px = scale(x, left, left + width);
  const py = scale(y, top + height, top);
  const clip = `clip${n(left)}-${n(top)}`.replace(/\./g, "_");
  const out = [
    `<clipPath id="${clip}"><rect x="${n(left)}" y="${n(top)}" width="${n(width)}" height="${n(height)}"/></clipPath>`,
  ];
  const inside = [];
  for (const mark of marks.filter(({ kind }) => kind === "band")) {
    if (mark.along === "x") {
      const [from, to] = [px(mark.from), px(mark.to)];
      inside.push(`<rect class="band" x="${n(from)}" y="${n(top)}" width="${n(to - from)}" height="${n(height)}"/>`);
      continue;
    }
    const [high, low] = [py(mark.to), py(mark.from)];
    inside.push(`<rect class="band" x="${n(left)}" y="${n(high)}" width="${n(width)}" height="${n(low - high)}"/>`);
  }
  out.push(`<text class="title" x="${n(left)}" y="${n(top - 10)}">${escaped(title)}</text>`);
  const grid = [
    ...x.ticks.map((tick) => `M${n(px(tick))} ${n(top)}v${n(height)}`),
    ...y.ticks.map((tick) => `M${n(left)} ${n(py(tick))}h${n(width)}`),
  ];
  inside.push(`<path class="grid" d="${grid.join("")}"/>`);
  for (const mark of marks) inside.push(drawn(mark, px, py, { left, top, width, height }));
  out.push(`<g clip-path="url(#${clip})">${inside.join("")}</g>`);
  for (const mark of marks.filter(({ kind }) => kind === "label")) {
    const { x: at, y: level, text, color = 9, anchor = "start" } = mark;
    out.push(
      `<text class="small f${color}" x="${n(px(at))}" y="${n(py(level))}" text-anchor="${anchor}">${escaped(text)}</text>`,
    );
  }
  const names = ({ ticks, names: own }) => own ?? ticks.map(String);
  x.ticks.forEach((tick, i) => {
    const place = `x="${n(px(tick))}" y="${n(top + height + 15)}" text-anchor="middle"`;
    out.push(`<text class="small quiet" ${place}>${escaped(names(x)[i])}</text>`);
  });
  y.ticks.forEach((tick, i) => {
    const place = `x="${n(left - 6)}" y="${n(py(tick) + 4)}" text-anchor="end"`;
    out.push(`<text class="small quiet" ${place}>${escaped(names(y)[i])}</text>`);
  });
  out.push(
    `<text class="small quiet" x="${n(left + width / 2)}" y="${n(top + height + 32)}" text-anchor="middle">${escaped(x.label)}</text>`,
  );
  if (y.label) {
    const place = `translate(${n(left - (y.room ?? 40))} ${n(top + height / 2)}) rotate(-90)`;
    out.push(`<text class="small quiet" transform="${place}" text-anchor="middle">${escaped(y.label)}</text>`);
  }
  return out.join("\n");
}

function drawn(mark, px, py, { left, top, width, height }) {
  const { kind, at = [], color = 9, look = "" } = mark;
  if (kind === "line") {
    const path = at.map(([a, b], i) => `${i ? "L" : "M"}${n(px(a))} ${n(py(b))}`).join("");
    return `<path class="line s${color} ${look}" d="${path}"/>`;
  }
  if (kind === "points") {
    return at
      .map(([a, b]) => `<circle class="f${color}" cx="${n(px(a))}" cy="${n(py(b))}" r="${mark.r ?? 3.2}"/>`)
      .join("");
  }
  if (kind === "whiskers") {
    const path = at.map(([a, low, high]) => `M${n(px(a))} ${n(py(low))}V${n(py(high))}`).join("");
    return `<path class="line thin s${color}" d="${path}"/>`;
  }
  if (kind === "rule") {
    const path =
      mark.y === undefined ? `M${n(px(mark.x))} ${n(top)}v${n(height)}` : `M${n(left)} ${n(py(mark.y))}h${n(width)}`;
    return `<path class="ref dash" d="${path}"/>`;
  }
  return "";
}

/** Names beside short strokes of their color, in a row from a place on. */
export function legend(left, top, entries) {
  let at = left;
  return entries
    .map(({ name, color, look = "" }) => {
      const key = `<path class="line s${color} ${look}" d="M${n(at)} ${n(top - 4)}h18"/>`;
      const text = `<text class="small" x="${n(at + 23)}" y="${n(top)}">${escaped(name)}</text>`;
      at += 38 + 6.3 * name.length;
      return key + text;
    })
    .join("\n");
}

/** A whole picture; `description` is what a reader who cannot see it is told. */
export function picture({ width, height, description, parts }) {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">`,
    `<title>${escaped(description)}</title>`,
    `<style>${style()}</style>`,
    `<rect class="paper" width="${width}" height="${height}"/>`,
    ...parts,
    "</svg>\n",
  ].join("\n");
}
