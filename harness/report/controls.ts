/** Whether the result would come again: halves of the chains against each other, other settings against these. */
import type { ComponentDiagnostics, Sensitivity } from "../../runtime/measure/report-data";
import { count, fixed, percent, significant } from "./format";
import { html, type Markup } from "./html";
import { meter } from "./scores";
import type { ReportView } from "./view";

function halves(columns: readonly ComponentDiagnostics[]): Markup {
  const known = columns.filter(({ reliability }) => reliability !== undefined);
  if (known.length === 0) {
    return html`<p class="callout">Split halves need two chains or more: this run says nothing about how well its columns would come again.</p>`;
  }
  const sorted = [...known].sort((a, b) => b.reliability! - a.reliability!);
  return html`<p class="note">Chains are put into two halves in every way; the correlation over tokens of a component's susceptibilities between halves, stepped up to all chains (Spearman and Brown), is what two runs like this one would correlate.</p><div class="scroll"><table class="scores"><thead><tr><th scope="col">component</th><th scope="col" colspan="2">reliability</th></tr></thead><tbody>${sorted.map(
    ({ name, reliability }) => html`<tr><th scope="row">${name}</th>${meter(reliability!)}</tr>`,
  )}</tbody></table></div>`;
}

function sweep({ rows, flown = [] }: Sensitivity): Markup {
  return html`<p class="note">The run sampled again under other settings, each compared with the run itself: Spearman's correlation of each component's susceptibilities over tokens (median, and the lowest of all components), and the adjusted Rand index of the clusters. All have another seed than the run; the first has its settings, and is as far as equal runs agree.</p><div class="scroll"><table class="scores"><thead><tr><th scope="col">setting</th><th scope="col" colspan="2">median Spearman</th><th scope="col" class="number">lowest</th><th scope="col" class="number">ARI</th><th scope="col" class="number">clusters</th><th scope="col" class="number">mean rise, nats</th></tr></thead><tbody>${rows.map(
    (row) =>
      html`<tr><th scope="row">${row.setting}</th>${meter(row.medianSpearman)}<td class="number">${fixed(row.lowestSpearman)}</td><td class="number">${fixed(row.ari)}</td><td class="number">${count(row.clusters)}</td><td class="number">${significant(row.rise[0], 2)} to ${significant(row.rise[1], 2)}</td></tr>`,
  )}</tbody></table></div>${flown.map(({ setting, why }) => html`<p class="callout">${setting}: chains flew off. ${why}</p>`)}`;
}

/** The section of controls beside the nulls of the summary. */
export function controls(view: ReportView): Markup {
  const { data } = view;
  const columns = data.components.filter(({ name }) => data.columns.includes(name));
  // The prior is held against chi, and is no null: it may find what chi finds.
  const nulls = data.scores.filter(({ control, features }) => control && !features.includes("n_beta = 0"));
  const worst = nulls.reduce((most, row) => Math.max(most, row.covered), 0);
  const summary =
    nulls.length > 0
      ? html`<p class="lead">${nulls.length} nulls went through the same clustering (<a href="#summary">summary</a>); the most that one covers is ${percent(worst)} of the tokens.</p>`
      : html`<p class="callout">No null went through the clustering.</p>`;
  const sensitivity = data.sensitivity
    ? sweep(data.sensitivity)
    : html`<p class="callout">No sweep was run, so it is not known how far these results depend on lr, n_beta and localization: <code>npx spectroscope sweep ${data.directory ?? "RUN"}</code></p>`;
  return html`<section id="controls"><h2>Controls</h2>${summary}<h3>Split halves</h3>${halves(columns)}<h3>Sensitivity to settings</h3>${sensitivity}</section>`;
}
