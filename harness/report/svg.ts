/** The two charts of a report as inline SVG. Colors come from the style sheet, so that they follow light and dark. */
import { fixed, significant } from "./format";
import { html, type Markup, raw } from "./html";

const WIDTH = 420;
const PLOT_HEIGHT = 110;
const LEFT = 34;
const TOP = 8;
/** More columns than this and their names would overlap. */
const LABELED = 64;

/** A round number at or above `value`, so that axis labels are short. */
function roundUp(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return ([1, 1.5, 2, 3, 4, 5, 7.5, 10].find((step) => step * power >= value * 0.999) ?? 10) * power;
}

/**
 * Bars about zero with error bars of one standard error each way.
 * @param values one per name; a value that is not finite leaves a gap
 */
export function barChart(
  names: readonly string[],
  values: ArrayLike<number>,
  errors: ArrayLike<number>,
  title = "mean normalized susceptibility per component",
): Markup {
  const finite = (value: number) => (Number.isFinite(value) ? value : 0);
  const reach = Math.max(...names.map((_, i) => Math.abs(finite(values[i])) + Math.abs(finite(errors[i]))), 1e-9);
  const limit = roundUp(reach);
  const labeled = names.length <= LABELED;
  const longest = labeled ? Math.max(...names.map((name) => name.length), 0) : 0;
  const font = names.length > 40 ? 6 : 8.5;
  const height = TOP + PLOT_HEIGHT + 6 + longest * font * 0.64 + 4;
  const step = (WIDTH - LEFT) / Math.max(names.length, 1);
  const y = (value: number) => TOP + (PLOT_HEIGHT / 2) * (1 - value / limit);
  const at = (value: number) => raw(value.toFixed(1));
  const thin = step < 5 && html` stroke-width="${at(step / 5)}"`;
  const bars = names.map((name, i) => {
    if (!Number.isFinite(values[i])) return undefined;
    const x = LEFT + step * i;
    const middle = at(x + step / 2);
    const error = Math.abs(finite(errors[i]));
    const side = values[i] < 0 ? "neg" : "pos";
    const top = Math.min(y(values[i]), y(0));
    return html`<g><title>${name}: ${fixed(values[i])}${error > 0 && html` ± ${fixed(error)}`}</title><path class="hit" d="M${at(x)} ${TOP}h${at(step)}v${PLOT_HEIGHT}h${at(-step)}z"/><path class="${side}" d="M${at(x + step * 0.14)} ${at(top)}h${at(step * 0.72)}v${at(Math.abs(y(values[i]) - y(0)))}h${at(-step * 0.72)}z"/><path class="error"${thin} d="M${middle} ${at(y(values[i] - error))}V${at(y(values[i] + error))}"/></g>`;
  });
  const labels = labeled
    ? names.map((name, i) => {
        const x = LEFT + step * (i + 0.5) + font * 0.33;
        return html`<text transform="translate(${at(x)} ${TOP + PLOT_HEIGHT + 6}) rotate(-90)">${name}</text>`;
      })
    : undefined;
  const grid = [limit, limit / 2, 0, -limit / 2, -limit].map(
    (value) =>
      html`<path class="${value === 0 ? "zero" : "grid"}" d="M${LEFT} ${at(y(value))}H${WIDTH}"/>${
        (value === 0 || Math.abs(value) === limit) &&
        html`<text x="${LEFT - 5}" y="${at(y(value) + 3)}" text-anchor="end" font-size="9">${significant(value, 2)}</text>`
      }`,
  );
  return html`<svg class="bars" viewBox="0 0 ${WIDTH} ${Math.ceil(height)}" role="img" aria-label="${title}">${grid}${bars}<g text-anchor="end" font-size="${font}">${labels}</g></svg>`;
}

const SWEEP = { width: 300, height: 92, left: 30, bottom: 14, top: 6 };

/** Conductance of the prefixes of a sweep by size on a logarithmic scale, with a mark at the cluster. */
export function sweepChart(
  { sizes, conductance }: { readonly sizes: readonly number[]; readonly conductance: readonly number[] },
  mark: { readonly size: number; readonly conductance: number },
): Markup {
  const { width, height, left, bottom, top } = SWEEP;
  const last = Math.max(sizes.at(-1) ?? 2, mark.size, 2);
  const high = Math.max(...conductance.filter(Number.isFinite), mark.conductance, 1e-9);
  const at = (value: number) => raw(value.toFixed(1));
  const x = (size: number) => left + ((width - left - 6) * Math.log(size)) / Math.log(last);
  const y = (value: number) => top + (height - top - bottom) * (1 - value / high);
  const points = sizes
    .map((size, i) => `${i ? "L" : "M"}${x(size).toFixed(1)} ${y(conductance[i]).toFixed(1)}`)
    .join("");
  return html`<svg class="sweep" viewBox="0 0 ${width} ${height}" role="img" aria-label="conductance of the prefixes of its walk by size"><path class="zero" d="M${left} ${at(y(0))}H${width}"/><path class="line" d="${raw(points)}"/><circle cx="${at(x(mark.size))}" cy="${at(y(mark.conductance))}" r="3.5"><title>${mark.size}: ${fixed(mark.conductance, 3)}</title></circle><g font-size="9"><text x="${left - 4}" y="${at(y(high) + 6)}" text-anchor="end">${significant(high, 2)}</text><text x="${left - 4}" y="${at(y(0))}" text-anchor="end">0</text><text x="${left}" y="${height - 2}">1</text><text x="${width}" y="${height - 2}" text-anchor="end">${last} members</text></g></svg>`;
}

/** Draws of a line that are kept: more would be below a pixel. */
const POINTS = 240;

/**
 * One line a chain over its draws, all on one scale that holds zero.
 * @param traces [chains][draws]
 * @returns the chart and the ends of its scale
 */
export function traceChart(traces: readonly (readonly number[])[]): { chart: Markup; low: number; high: number } {
  const all = traces.flat().filter(Number.isFinite);
  const low = all.reduce((least, value) => Math.min(least, value), 0);
  const high = all.reduce((most, value) => Math.max(most, value), 0);
  const span = high - low || 1;
  const y = (value: number) => (100 * (high - value)) / span;
  const draws = Math.max(2, ...traces.map((trace) => trace.length));
  const stride = Math.ceil(draws / POINTS);
  const lines = traces.map((trace, chain) => {
    let path = "";
    let pen = "M";
    for (let draw = 0; draw < trace.length; draw += stride) {
      if (!Number.isFinite(trace[draw])) {
        pen = "M";
        continue;
      }
      path += `${pen}${draw} ${y(trace[draw]).toFixed(1)}`;
      pen = "L";
    }
    return html`<path class="chain ch${chain % 8}" d="${raw(path)}"/>`;
  });
  const zero = raw(y(0).toFixed(1));
  const chart = html`<svg class="trace" viewBox="0 -3 ${draws - 1} 106" preserveAspectRatio="none" role="img" aria-label="rise of the loss at every draw, a line per chain"><path class="zero" d="M0 ${zero}H${draws - 1}"/>${lines}</svg>`;
  return { chart, low, high };
}
