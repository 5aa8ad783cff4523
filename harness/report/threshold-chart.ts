/** Shares over thresholds as inline SVG: lines that differ by dash as well as by color. */
import { fixed, percent } from "./format";
import { html, type Markup, raw } from "./html";

/** A line: its look is a class of the style sheet. */
export interface ThresholdLine {
  readonly name: string;
  readonly look: "measured" | "null" | "token" | "random";
  /** One a threshold, 0 to 1. */
  readonly shares: readonly number[];
}

const WIDTH = 420;
const HEIGHT = 190;
const [LEFT, RIGHT, TOP, BOTTOM] = [38, 10, 8, 30];

/** @param cuts ascending, within 0 to 1 */
export function curveChart(title: string, cuts: readonly number[], lines: readonly ThresholdLine[]): Markup {
  const at = (value: number) => raw(value.toFixed(1));
  const [low, high] = [cuts[0] ?? 0, cuts.at(-1) ?? 1];
  const x = (cut: number) => LEFT + ((WIDTH - LEFT - RIGHT) * (cut - low)) / (high - low || 1);
  const y = (share: number) => TOP + (HEIGHT - TOP - BOTTOM) * (1 - Math.min(1, Math.max(0, share)));
  const grid = [0, 0.25, 0.5, 0.75, 1].map(
    (share) =>
      html`<path class="${share === 0 ? "zero" : "grid"}" d="M${LEFT} ${at(y(share))}H${WIDTH - RIGHT}"/>${share % 0.5 === 0 && html`<text x="${LEFT - 5}" y="${at(y(share) + 3)}" text-anchor="end">${percent(share, 0)}</text>`}`,
  );
  const names = cuts.map(
    (cut, i) =>
      i % 2 === 0 &&
      html`<text x="${at(x(cut))}" y="${HEIGHT - BOTTOM + 12}" text-anchor="middle">${fixed(cut, 1)}</text>`,
  );
  const drawn = lines.map(({ name, look, shares }) => {
    const path = cuts.map((cut, i) => `${i ? "L" : "M"}${x(cut).toFixed(1)} ${y(shares[i]).toFixed(1)}`).join("");
    const points = cuts.map(
      (cut, i) =>
        html`<circle cx="${at(x(cut))}" cy="${at(y(shares[i]))}" r="2.6"><title>${name}: ${percent(shares[i])} with F1 ≥ ${fixed(cut, 1)}</title></circle>`,
    );
    return html`<g class="${look}"><path d="${raw(path)}"/>${points}</g>`;
  });
  const legend = lines.map(
    ({ name, look }) =>
      html`<span class="${look}"><svg viewBox="0 0 26 8" aria-hidden="true"><path d="M0 4H26"/></svg>${name}</span>`,
  );
  return html`<svg class="curve" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${title}">${grid}<g font-size="9.5">${names}<text x="${at((LEFT + WIDTH - RIGHT) / 2)}" y="${HEIGHT - 3}" text-anchor="middle">F1 at least</text></g>${drawn}</svg><p class="legend">${legend}</p>`;
}
