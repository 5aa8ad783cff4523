/** What a run measured beside the same of its prior, as intervals about no difference. */
import type { IntervalOf, PriorComparison } from "../../runtime/measure/report-data";
import { fixed } from "./format";
import { html, type Markup, raw } from "./html";

const WIDTH = 320;
const HEIGHT = 18;

/** One interval on a scale from -limit to limit, its line of no difference in the middle. */
function bar({ value, low, high }: IntervalOf, limit: number, apart: boolean | undefined): Markup | undefined {
  if (value === null || low === null || high === null) return undefined;
  const x = (at: number) => raw(((WIDTH / 2) * (1 + Math.max(-1, Math.min(1, at / limit)))).toFixed(1));
  const look = (apart ?? (low > 0 || high < 0)) ? "apart" : "alike";
  return html`<svg class="interval ${look}" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${fixed(low, 3)} to ${fixed(high, 3)}"><path class="zero" d="M${WIDTH / 2} 0V${HEIGHT}"/><path class="reach" d="M${x(low)} ${HEIGHT / 2}H${x(high)}"/><circle cx="${x(value)}" cy="${HEIGHT / 2}" r="4"/></svg>`;
}

interface Row {
  readonly name: string;
  readonly first: number;
  readonly second: number;
  readonly difference: IntervalOf;
  readonly apart?: boolean;
}

function table(title: string, [first, second]: readonly [string, string], rows: readonly Row[]): Markup {
  const ends = rows.flatMap(({ difference: { low, high } }) => (low === null || high === null ? [] : [-low, high]));
  const limit = Math.max(...ends, 1e-9);
  const number = (value: number | null) => (value === null ? "–" : fixed(value, 3));
  const body = rows.map(({ name, first: a, second: b, difference, apart }) => {
    const { value, low, high } = difference;
    const range = low === null ? "not known" : `${number(low)} to ${number(high)}`;
    return html`<tr><th scope="row">${name}${apart && html` <span class="tag">apart</span>`}</th><td class="number">${number(a)}</td><td class="number">${number(b)}</td><td class="number">${number(value)}</td><td class="number">${range}</td><td class="wide">${bar(difference, limit, apart)}</td></tr>`;
  });
  return html`<div class="scroll"><table class="scores intervals"><thead><tr><th scope="col">${title}</th><th scope="col" class="number">${first}</th><th scope="col" class="number">${second}</th><th scope="col" class="number">difference</th><th scope="col" class="number">95 % interval</th><th scope="col" class="wide">−${fixed(limit)} to ${fixed(limit)}</th></tr></thead><tbody>${body}</tbody></table></div>`;
}

function comparison({ features, against, said, scores, clusters, columns }: PriorComparison): Markup {
  const root = ([a, b]: readonly [number, number]) => Math.sqrt(Math.max(0, a) * Math.max(0, b));
  const measures = scores.map(({ measure, means, difference }) => {
    return { name: measure, first: means[0], second: means[1], difference };
  });
  const alike = [
    ...(clusters
      ? [
          {
            name: "clusters (ARI)",
            first: root(clusters.within),
            second: clusters.between,
            difference: clusters.excess,
          },
        ]
      : []),
    ...(columns?.each ?? []).map(({ name, within, between, excess, apart }) => {
      return { name, first: root(within), second: between, difference: excess, apart };
    }),
  ];
  const scoreTable = measures.length > 0 && table("score, mean of single chains", [features, against], measures);
  const alikeTable =
    alike.length > 0 &&
    html`<details><summary>clusters and columns: likeness of chains within each and between both</summary>${table("clusters, columns", ["within", "between"], alike)}</details>`;
  return html`<h4>${features} against ${against}</h4><ul>${said.map((sentence) => html`<li>${sentence}.</li>`)}</ul>${scoreTable}${alikeTable}`;
}

/** A part of the summary; nothing where there is no prior to compare with. */
export function priors(comparisons: readonly PriorComparison[]): Markup | undefined {
  if (comparisons.length === 0) return undefined;
  return html`<h3>Beside the prior</h3><p class="note">Chains are scored one by one (many in parts), with the same weights for both; intervals are of 95 %, each for itself, from how far chains differ. An interval that holds 0 says that no difference was seen at these settings, not that there is none. Single columns are marked apart at 5 % for all of them together.</p>${comparisons.map(comparison)}`;
}
