/** Maps of couplings between modes of contexts and of tokens: all components together, and each by itself, in few bytes. */
import type { CouplingMap, LawFindings } from "../../runtime/measure/mode-findings";
import { studentQuantile } from "../../runtime/statistics/quantiles";
import { counted, percent, significant } from "./format";
import { html, type Markup, raw } from "./html";

/** Steps of color either side of 0. A map is a path a step, so that 82 maps of 144 cells stay small. */
const STEPS = 4;
/** Of the one map of all components. */
const FINE_STEPS = 16;
/** Standard errors from which on a coupling is marked. */
const MARKED = 3;

/** The largest of a map but for the pair of trivial modes, which is chi's mean over all pairs and dwarfs the rest. */
function reach(values: readonly number[]): number {
  return values.reduce((most, value, i) => (i === 0 ? most : Math.max(most, Math.abs(value))), 0) || 1;
}

/** Color by the square root of the size: -steps to steps. */
function stepOf(value: number, limit: number, steps: number): number {
  return Math.sign(value) * Math.min(steps, Math.round(steps * Math.sqrt(Math.abs(value) / limit)));
}

/** Runs of cells of one step in a row are one stroke. Cell (a, b) lies at x from b to b + 1, y = a in its middle. */
function cells(values: readonly number[], size: number, steps: number, look: (step: number) => Markup): Markup[] {
  const limit = reach(values);
  const paths = new Map<number, string>();
  for (let a = 0; a < size; a++)
    for (let b = 0; b < size; ) {
      const step = stepOf(values[a * size + b], limit, steps);
      let end = b + 1;
      while (end < size && stepOf(values[a * size + end], limit, steps) === step) end++;
      if (step !== 0) paths.set(step, `${paths.get(step) ?? ""}M${b} ${a}h${end - b}`);
      b = end;
    }
  return [...paths.keys()]
    .sort((one, other) => one - other)
    .map((step) => html`<path ${look(step)} d="${raw(paths.get(step)!)}"/>`);
}

/** The style sheet knows the steps of small maps. */
const byClass = (step: number) => html`class="${step < 0 ? "n" : "p"}${Math.abs(step)}"`;
const byShade = (step: number) =>
  html`style="stroke:color-mix(in oklab,var(--pos) ${((100 * Math.abs(step)) / FINE_STEPS).toFixed(0)}%,var(--mid))"`;

const isMarked = ({ values, errors }: CouplingMap, i: number) => {
  const error = errors[i];
  return error !== null && error > 0 && Math.abs(values[i]) > MARKED * error;
};

/** The largest pair that is not the trivial one, in words. */
function largest({ values, errors }: CouplingMap, size: number): string {
  let most = -1;
  for (let i = 1; i < values.length; i++) if (most < 0 || Math.abs(values[i]) > Math.abs(values[most])) most = i;
  if (most < 0) return "";
  const error = errors[most];
  const range = error === null ? "" : ` ± ${significant(error, 2)}`;
  return `largest: mode ${Math.floor(most / size)} of contexts with mode ${most % size} of tokens, ${significant(values[most], 3)}${range}`;
}

function smallMap(map: CouplingMap, size: number): Markup {
  const marks = map.values.flatMap((_, i) =>
    isMarked(map, i) ? [`M${(i % size) + 0.5} ${Math.floor(i / size)}h0`] : [],
  );
  const dots = marks.length > 0 && html`<path class="s" d="${raw(marks.join(""))}"/>`;
  return html`<figure><svg class="cmap" viewBox="0 -.5 ${size} ${size}"><title>${largest(map, size)}</title>${cells(map.values, size, STEPS, byClass)}${dots}</svg><figcaption>${map.name}</figcaption></figure>`;
}

/** How much of nothing but noise lies beyond the mark: Student's t of chains - 1 degrees, both tails. */
function beyondByChance(chains: number): number {
  let [low, high] = [0, 1];
  for (let i = 0; i < 40; i++) {
    const middle = (low + high) / 2;
    if (studentQuantile(1 - middle / 2, chains - 1) > MARKED) low = middle;
    else high = middle;
  }
  return low;
}

/** How many cells are marked, beside how many noise would mark. */
function marksSaid(maps: readonly CouplingMap[], chains: number): string {
  const known = maps.flatMap((map) => map.errors.flatMap((error, i) => (error === null ? [] : [isMarked(map, i)])));
  if (known.length === 0 || chains < 2) return "One chain gives no errors, so nothing is marked.";
  const marked = known.filter(Boolean).length;
  return (
    `A dot marks a coupling beyond ${MARKED} of its errors: ${marked} of ${known.length}, ${percent(marked / known.length)}; ` +
    `errors from ${chains} chains are rough, and noise alone would mark about ${percent(beyondByChance(chains))}.`
  );
}

function overallMap({ overall, mapSize: size }: LawFindings): Markup {
  const numbers = Array.from({ length: size }, (_, i) => i).filter((i) => size <= 16 || i % 4 === 0);
  const titles = overall.map((value, i) => {
    const [a, b] = [Math.floor(i / size), i % size];
    return html`<rect x="${b}" y="${a - 0.5}" width="1" height="1"><title>mode ${a} of contexts, mode ${b} of tokens: ${significant(value, 3)}</title></rect>`;
  });
  const font = size / 24;
  return html`<figure><svg class="cmap whole" viewBox="-1.4 -1.9 ${size + 1.4} ${size + 1.4}" role="img" aria-label="couplings of all components, root mean square"><rect class="ground" x="0" y="-.5" width="${size}" height="${size}"/>${cells(overall, size, FINE_STEPS, byShade)}<g class="hits">${titles}</g><g font-size="${raw(font.toFixed(2))}">${numbers.map(
    (i) =>
      html`<text x="-.25" y="${i + 0.2}" text-anchor="end">${i}</text><text x="${i + 0.5}" y="-.75" text-anchor="middle">${i}</text>`,
  )}</g></svg><figcaption>all components, root mean square</figcaption></figure>`;
}

/** The map of all components, and one a component. */
export function couplingMaps(law: LawFindings, chains: number): Markup {
  const { maps, mapSize } = law;
  return html`<h4>Couplings χ<sub>ab</sub></h4><div class="couplings">${overallMap(law)}<p class="note">Rows are modes a of contexts from 0 down, columns modes b of tokens. Color follows the square root of the size, <b class="p">positive</b> or <b class="n">negative</b>; each map has a scale of its own, up to its largest coupling but for that of both trivial modes (top left), which is the mean of chi over all pairs. Nats squared. ${marksSaid(maps, chains)}</p></div><details><summary>${counted(maps.length, "component")}, one by one</summary><div class="cmaps">${maps.map((map) => smallMap(map, mapSize))}</div></details>`;
}
