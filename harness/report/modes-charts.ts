/** Charts of a law's modes as inline SVG: shares of chi against the number of modes, and singular values. */
import type { LawFindings, ModeCurve, ModeShares } from "../../runtime/measure/mode-findings";
import { count, fixed, percent } from "./format";
import { html, type Markup, raw } from "./html";

const SIZE = { width: 420, height: 230, left: 36, right: 8, top: 8, bottom: 30 };
const RIGHT = SIZE.width - SIZE.right;
const BOTTOM = SIZE.height - SIZE.bottom;

const at = (value: number) => value.toFixed(1);
const number = (value: number) => raw(at(value));
/** 0 to 1, upward; what lies outside is drawn at the edge. */
const height = (share: number) => BOTTOM - (BOTTOM - SIZE.top) * Math.min(1, Math.max(0, share));

/** Curves in the order in which they are drawn and told. */
const CURVES: readonly { readonly key: keyof ModeShares; readonly name: string }[] = [
  { key: "principal", name: "PCA: k functions of pairs, fitted to chi" },
  { key: "best", name: "best bases: k functions on either side, fitted to chi" },
  { key: "randomBases", name: "random bases, 5 to 95 %" },
  { key: "randomOrder", name: "modes in random order, 5 to 95 %" },
  { key: "modes", name: "modes, largest s first, ± one error" },
];

/** 1, 2, 4, ... up to `most`. */
export function powersOfTwo(most: number): number[] {
  const found: number[] = [];
  for (let k = 1; k <= most; k *= 2) found.push(k);
  return found;
}

/** What lies about a curve: its 5 and 95 %, or an error each way; nothing where neither is known. */
function ends({
  shares,
  errors,
  low,
  high,
}: ModeCurve): { low: readonly number[]; high: readonly number[] } | undefined {
  if (low && high && low.length > 0) return { low, high };
  if (!errors?.some((error) => error !== null)) return undefined;
  return {
    low: shares.map((share, i) => share - (errors[i] ?? 0)),
    high: shares.map((share, i) => share + (errors[i] ?? 0)),
  };
}

/** Shares against k on an axis of base 2. */
export function shareChart(shares: ModeShares): Markup {
  const most = Math.max(2, ...CURVES.map(({ key }) => shares[key].shares.length));
  const x = (k: number) => SIZE.left + ((RIGHT - SIZE.left) * Math.log2(k)) / Math.log2(most);
  const line = (values: readonly number[]) =>
    values.map((value, i) => `${i === 0 ? "M" : "L"}${at(x(i + 1))} ${at(height(value))}`).join("");
  const bands = CURVES.map(({ key }) => {
    const band = ends(shares[key]);
    if (!band) return undefined;
    const back = band.low.map((value, i) => `L${at(x(i + 1))} ${at(height(value))}`).reverse();
    return html`<path class="band ${key}" d="${raw(`${line(band.high)}${back.join("")}z`)}"/>`;
  });
  const lines = CURVES.map(
    ({ key }) =>
      shares[key].shares.length > 0 && html`<path class="curve ${key}" d="${raw(line(shares[key].shares))}"/>`,
  );
  const { modes } = shares;
  const dots = powersOfTwo(modes.shares.length).map((k) => {
    const error = modes.errors?.[k - 1] ?? null;
    const said = html`${k} modes: ${percent(modes.shares[k - 1])}${error !== null && ` ± ${percent(error)}`}`;
    return html`<circle cx="${number(x(k))}" cy="${number(height(modes.shares[k - 1]))}" r="2.6"><title>${said}</title></circle>`;
  });
  const grid = [0, 0.25, 0.5, 0.75, 1].map(
    (share) =>
      html`<path class="${share === 0 ? "zero" : "grid"}" d="M${SIZE.left} ${number(height(share))}H${RIGHT}"/><text x="${SIZE.left - 5}" y="${number(height(share) + 3)}" text-anchor="end">${100 * share} %</text>`,
  );
  const ticks = powersOfTwo(most).map(
    (k) => html`<text x="${number(x(k))}" y="${BOTTOM + 13}" text-anchor="middle">${k}</text>`,
  );
  return html`<svg class="shares" viewBox="0 0 ${SIZE.width} ${SIZE.height}" role="img" aria-label="share of the variance of chi in the first k modes, against k"><g font-size="9.5">${grid}${ticks}<text x="${number((SIZE.left + RIGHT) / 2)}" y="${SIZE.height - 3}" text-anchor="middle">k, functions on either side</text></g>${bands}${lines}${dots}</svg>`;
}

/** What each curve is; those that a run has. */
export function shareKey(shares: ModeShares): Markup {
  const known = CURVES.filter(({ key }) => shares[key].shares.length > 0).reverse();
  return html`<p class="keys">${known.map(
    ({ key, name }) =>
      html`<span><svg viewBox="0 0 26 10" aria-hidden="true"><path class="curve ${key}" d="M1 5H25"/></svg>${name}</span>`,
  )}</p>`;
}

/** Singular values as bars, the trivial mode's first. */
export function valueChart({ values }: Pick<LawFindings, "values">): Markup {
  const step = (RIGHT - SIZE.left) / Math.max(1, values.length);
  const bars = values.map((value, mode) => {
    const [left, top] = [SIZE.left + step * (mode + 0.1), height(value)];
    return html`<path class="bar" d="M${number(left)} ${number(top)}h${raw((0.8 * step).toFixed(2))}V${number(BOTTOM)}H${number(left)}z"><title>mode ${mode}: s = ${fixed(value, 3)}</title></path>`;
  });
  const grid = [0, 0.5, 1].map(
    (value) =>
      html`<path class="${value === 0 ? "zero" : "grid"}" d="M${SIZE.left} ${number(height(value))}H${RIGHT}"/><text x="${SIZE.left - 5}" y="${number(height(value) + 3)}" text-anchor="end">${value}</text>`,
  );
  const last = values.length - 1;
  const every = [1, 2, 5, 10, 20, 50, 100, 200, 500].find((step) => last / step <= 8) ?? 1000;
  const ticks = values.flatMap((_, mode) =>
    mode % every === 0
      ? [
          html`<text x="${number(SIZE.left + step * (mode + 0.5))}" y="${BOTTOM + 13}" text-anchor="middle">${mode}</text>`,
        ]
      : [],
  );
  return html`<svg class="values" viewBox="0 0 ${SIZE.width} ${SIZE.height}" role="img" aria-label="singular values of ${count(values.length)} modes"><g font-size="9.5">${grid}${ticks}<text x="${number((SIZE.left + RIGHT) / 2)}" y="${SIZE.height - 3}" text-anchor="middle">mode, the trivial one is 0</text></g>${bars}</svg>`;
}
