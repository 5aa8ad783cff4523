/** Panels of marks on two axes, as SVG text. */

export interface Axis {
  readonly domain: readonly [low: number, high: number];
  readonly ticks: readonly number[];
  /** With its unit. */
  readonly label: string;
  readonly log?: boolean;
}

/** A line through places, or a dot at each of them; `title` is shown where a pointer rests. */
export interface Mark {
  readonly kind: "line" | "points";
  readonly color: string;
  readonly at: readonly (readonly [x: number, y: number])[];
  readonly title?: string;
}

export interface Panel {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  readonly x: Axis;
  readonly y: Axis;
  readonly marks: readonly Mark[];
  readonly title?: string;
}

/** A tenth of a pixel is enough. Throws RangeError for what is no number: a picture with NaN in it shows nothing. */
function n(value: number): string {
  if (!Number.isFinite(value)) throw new RangeError(`a picture's coordinate is ${value}`);
  return String(Number(value.toFixed(1)));
}

const escaped = (text: string) => text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");

function scaleOf({ domain: [low, high], log }: Axis, from: number, to: number): (value: number) => number {
  const place = log ? Math.log : (value: number) => value;
  return (value) => from + ((place(value) - place(low)) / (place(high) - place(low))) * (to - from);
}

/** 0.001, 1, 1024, 10k: short and without an exponent. */
function tickText(value: number): string {
  if (Math.abs(value) >= 10_000) return `${Number((value / 1000).toPrecision(3))}k`;
  return String(Number(value.toPrecision(4)));
}

/** Places whose texts do not run into each other; the last one always has room. */
function apart(ticks: readonly number[], place: (value: number) => number): Set<number> {
  const kept = new Set<number>();
  let edge = Number.POSITIVE_INFINITY;
  for (const tick of ticks.toReversed()) {
    const half = 3.2 * tickText(tick).length + 2;
    if (place(tick) + half > edge) continue;
    kept.add(tick);
    edge = place(tick) - half;
  }
  return kept;
}

/** One panel's elements. */
export function panel({ left, top, width, height, x, y, marks, title }: Panel): string {
  const px = scaleOf(x, left, left + width);
  const py = scaleOf(y, top + height, top);
  const out: string[] = [];
  const labeled = apart(x.ticks, px);
  for (const tick of x.ticks) {
    out.push(`<path class="grid" d="M${n(px(tick))} ${n(top)}v${n(height)}"/>`);
    if (!labeled.has(tick)) continue;
    out.push(
      `<text class="small" x="${n(px(tick))}" y="${n(top + height + 15)}" text-anchor="middle">${tickText(tick)}</text>`,
    );
  }
  for (const tick of y.ticks) {
    out.push(`<path class="grid" d="M${n(left)} ${n(py(tick))}h${n(width)}"/>`);
    out.push(
      `<text class="small" x="${n(left - 6)}" y="${n(py(tick) + 4)}" text-anchor="end">${tickText(tick)}</text>`,
    );
  }
  for (const { kind, color, at, title: words } of marks) {
    const named = words ? `<title>${escaped(words)}</title>` : "";
    const places = at.map(([a, b]) => [n(px(a)), n(py(b))]);
    if (kind === "line") {
      const path = places.map(([a, b], i) => `${i ? "L" : "M"}${a} ${b}`).join("");
      out.push(`<path class="line" stroke="${color}" d="${path}">${named}</path>`);
      continue;
    }
    for (const [a, b] of places) out.push(`<circle cx="${a}" cy="${b}" r="4" fill="${color}">${named}</circle>`);
  }
  out.push(`<path class="axis" d="M${n(left)} ${n(top)}v${n(height)}h${n(width)}"/>`);
  out.push(
    `<text x="${n(left + width / 2)}" y="${n(top + height + 33)}" text-anchor="middle">${escaped(x.label)}</text>`,
  );
  const middle = [n(left - 44), n(top + height / 2)];
  if (y.label) {
    const turn = `rotate(-90 ${middle.join(" ")})`;
    out.push(
      `<text x="${middle[0]}" y="${middle[1]}" text-anchor="middle" transform="${turn}">${escaped(y.label)}</text>`,
    );
  }
  if (title) out.push(`<text class="small" x="${n(left + 8)}" y="${n(top + 14)}">${escaped(title)}</text>`);
  return out.join("\n");
}

export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly title: string;
  readonly subtitle: string;
  readonly legend: readonly { readonly color: string; readonly text: string }[];
}

/** A whole picture around panels. */
export function svg({ width, height, title, subtitle, legend }: Picture, panels: readonly string[]): string {
  const style = [
    "text{font:12px system-ui,sans-serif;fill:#24292f}.small{font-size:11px}.title{font-weight:600;font-size:14px}",
    ".grid{stroke:#e2e5e9;fill:none}.axis{stroke:#6b7280;fill:none}.line{fill:none;stroke-width:1.6}",
  ].join("");
  const entries = legend.map(({ color, text }, i) => {
    const at = 64 + 105 * i;
    return `<circle cx="${n(at + 4)}" cy="54" r="4" fill="${color}"/><text class="small" x="${n(at + 13)}" y="58">${escaped(text)}</text>`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${n(width)} ${n(height)}" role="img" aria-label="${escaped(title)}">`,
    `<style>${style}</style>`,
    `<rect width="${n(width)}" height="${n(height)}" fill="#ffffff"/>`,
    `<text class="title" x="20" y="22">${escaped(title)}</text>`,
    `<text class="small" x="20" y="39">${escaped(subtitle)}</text>`,
    ...entries,
    ...panels,
    "</svg>\n",
  ].join("\n");
}
