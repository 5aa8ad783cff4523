/** The modes of the run's data, and how chi couples to them. */
import type { ClusterModes, LawFindings, LawName, ModeEnds, ModeFindings } from "../../runtime/measure/mode-findings";
import { count, fixed, percent } from "./format";
import { html, type Markup, named, visible } from "./html";
import { powersOfTwo, shareChart, shareKey, valueChart } from "./modes-charts";
import { couplingMaps } from "./modes-maps";
import { lookOf } from "./palette";
import { meter } from "./scores";
import type { ReportView } from "./view";

const TITLES: Readonly<Record<LawName, string>> = {
  grammar: "By the law of the grammars",
  model: "By the model’s own predictions",
  counts: "By counts of the text",
};

/** The numbers behind the curves: without the noise of chains where that is known. */
function shareTable(law: LawFindings): Markup {
  const { values, measured, noiseFree, plain } = law;
  const { modes, randomOrder, randomBases, best, principal } = noiseFree ?? plain;
  const last = modes.shares.length;
  const told = [...powersOfTwo(last), ...(Number.isInteger(Math.log2(last)) ? [] : [last])];
  const cell = (value: number | undefined) =>
    html`<td class="number">${value === undefined ? "–" : percent(value)}</td>`;
  const spread = ({ shares, low, high }: LawFindings["plain"]["randomOrder"], i: number) =>
    i >= shares.length
      ? cell(undefined)
      : html`<td class="number">${percent(shares[i])}${low && high && html` <span class="soft">${fixed(100 * low[i], 1)} to ${fixed(100 * high[i], 1)}</span>`}</td>`;
  const rows = told.map((k) => {
    const i = k - 1;
    const error = modes.errors?.[i] ?? null;
    return html`<tr><th scope="row" class="number">${k}</th><td class="number">${fixed(values[i], 3)}</td><td class="number"><b>${percent(modes.shares[i])}</b>${error !== null && ` ± ${fixed(100 * error, 1)}`}</td>${spread(randomOrder, i)}${spread(randomBases, i)}${cell(best.shares[i])}${cell(principal.shares[i])}${noiseFree && cell(plain.modes.shares[i])}${cell(measured[i])}</tr>`;
  });
  const head = (text: string) => html`<th scope="col" class="number">${text}</th>`;
  return html`<div class="scroll"><table class="scores"><thead><tr>${["k", "s of the last", "modes", "random order", "random bases", "best bases", "PCA"].map(head)}${noiseFree && head("with noise")}${head("measured tokens")}</tr></thead><tbody>${rows}</tbody></table></div>`;
}

/** Shares by the least singular value. */
function bandTable({ bands }: LawFindings): Markup {
  const rows = bands.map(
    ({ from, modes, share, error, random }) =>
      html`<tr><th scope="row" class="number">${from}</th><td class="number">${modes}</td><td class="number"><b>${percent(share)}</b>${error !== null && ` ± ${fixed(100 * error, 1)}`}</td><td class="number">${percent(random)}</td></tr>`,
  );
  return html`<div class="scroll"><table class="scores narrow"><thead><tr><th scope="col" class="number">s at least</th><th scope="col" class="number">modes</th><th scope="col" class="number">share</th><th scope="col" class="number">at random</th></tr></thead><tbody>${rows}</tbody></table></div>`;
}

function endsCell(ends: ModeEnds, side: keyof ModeEnds, word: (text: string) => string): Markup {
  return html`<td>${ends[side].map(({ text, value }) => html`<q title="${fixed(value)}">${word(text)}</q> `)}</td>`;
}

/** Modes in words: where their functions are largest. */
function wordTable({ modes }: LawFindings): Markup {
  const rows = modes.map(
    ({ mode, value, contexts, tokens }) =>
      html`<tr><th scope="row" class="number">${mode}</th><td class="number">${fixed(value, 3)}</td>${endsCell(contexts, "positive", visible)}${endsCell(tokens, "positive", named)}${endsCell(contexts, "negative", visible)}${endsCell(tokens, "negative", named)}</tr>`,
  );
  return html`<div class="scroll"><table class="scores words"><thead><tr><th scope="col" class="number">mode</th><th scope="col" class="number">s</th><th scope="col">contexts +</th><th scope="col">tokens +</th><th scope="col">contexts −</th><th scope="col">tokens −</th></tr></thead><tbody>${rows}</tbody></table></div>`;
}

const signed = (value: number) => `${value > 0 ? "+" : ""}${fixed(value, 1)}`;

/** Modes that each cluster lies far out on. */
function loadTable(view: ReportView, clusters: readonly ClusterModes[]): Markup | undefined {
  const positions = new Map(view.data.clusters.map(({ id }, position) => [id, position]));
  const rows = clusters.flatMap(({ id, loads }) => {
    const position = positions.get(id);
    if (position === undefined) return [];
    const said = loads.map(
      ({ mode, side, mean, z }) =>
        html`<span class="load" title="z ${fixed(z, 1)}">mode ${mode} of ${side}s <b>${signed(mean)}</b></span> `,
    );
    return [
      html`<tr><th scope="row"><button type="button" class="chip ${lookOf(position)}" data-cluster="${position}">${id}</button></th><td class="number">${count(view.data.clusters[position].members.length)}</td><td>${said}</td></tr>`,
    ];
  });
  if (rows.length === 0) return undefined;
  return html`<details><summary>modes that clusters load on</summary><p class="note">Means over a cluster’s members of a mode’s function of the context or of the token, in standard deviations of the law; those farthest out for the cluster’s size.</p><div class="scroll"><table class="scores"><thead><tr><th scope="col">cluster</th><th scope="col" class="number">tokens</th><th scope="col">modes</th></tr></thead><tbody>${rows}</tbody></table></div></details>`;
}

function clusteringTable({ clusterings }: LawFindings): Markup | undefined {
  if (clusterings.length === 0) return undefined;
  const roles = clusterings.some(({ ariRoles }) => ariRoles !== undefined);
  const rows = clusterings.map(
    ({ rows, k, clusters, ari, ariRoles }) =>
      html`<tr><th scope="row">${rows === "coordinates" ? `coordinates of ${k} modes alone` : `chi cut at ${k} modes`}</th><td class="number">${count(clusters)}</td>${meter(ari)}${roles && html`<td class="number">${ariRoles === undefined ? "–" : fixed(ariRoles)}</td>`}</tr>`,
  );
  return html`<h4>Clusters from modes</h4><p class="note">Rows through the same clustering as chi: coordinates s v(x) and s u(y) of tokens, which know nothing of chi; and the expansion of chi, cut. ARI: agreement with the clusters of chi, 1 where they are the same, 0 as by chance${roles && ", and with the known roles"}.</p><div class="scroll"><table class="scores"><thead><tr><th scope="col">rows</th><th scope="col" class="number">clusters</th><th scope="col" colspan="2">ARI with chi’s</th>${roles && html`<th scope="col" class="number">with roles</th>`}</tr></thead><tbody>${rows}</tbody></table></div>`;
}

function lawPart(view: ReportView, found: ModeFindings, law: LawFindings, open: boolean): Markup {
  const shares = law.noiseFree ?? law.plain;
  const stale = view.data.modesStale;
  const whose = law.noiseFree ? "without the noise of chains: from products of different chains" : "noise and all";
  return html`<details class="law"${open && " open"}><summary>${TITLES[law.law]}</summary><p class="note">The law: ${law.source}; ${fixed(law.loss, 4)} nats a token. ${count(law.values.length)} modes${law.held < 0.9995 && `, which hold ${percent(law.held)} of all squared singular values but the trivial one`}.</p><ul>${law.said.map((sentence) => html`<li>${sentence}.</li>`)}</ul>
<div class="charts"><figure><figcaption>Share of chi’s variance in pairs of the first k modes, ${whose}</figcaption>${shareChart(shares)}${shareKey(shares)}</figure><figure><figcaption>Singular values</figcaption>${valueChart(law)}</figure></div>
${shareTable(law)}<p class="note">Shares are of chi on all pairs of a context and a token, about its mean. Measured tokens: how much of chi at the tokens that were measured the expansion cut at k gives.</p>
<h4>By the singular value</h4>${bandTable(law)}<h4>Modes in words</h4>${wordTable(law)}${couplingMaps(law, found.chains)}${!stale && loadTable(view, law.clusters)}${!stale && clusteringTable(law)}</details>`;
}

/** The section of modes; where they were not looked for, what would look. */
export function modes(view: ReportView): Markup {
  const { modes: found, modesStale, directory = "RUN" } = view.data;
  const again = html`<code>npx spectroscope modes ${directory}</code>`;
  if (!found)
    return html`<section id="modes"><h2>Modes of the data</h2><p class="lead">Modes were not looked for: ${again}</p></section>`;
  const { components, contexts, tokens, agreed, laws } = found;
  const noise =
    agreed === null
      ? ""
      : agreed > 0
        ? ` Chains agree about ${percent(agreed, 0)} of its variance; the rest is their noise.`
        : " Chains agree about none of its variance: what follows is noise.";
  const stale =
    modesStale &&
    html`<p class="callout">The run was clustered again after these modes were found. What they say of clusters is of the earlier ones and is left out here; to have it made again: ${again}</p>`;
  return html`<section id="modes"><h2>Modes of the data</h2><p class="lead">A mode is a function of contexts and a function of tokens that go together: after contexts where the one is high, tokens where the other is high are likelier. Its singular value s, 1 at most, says how much. A component’s chi on every pair of a context x and a token y is a sum over pairs of modes, χ(x, y) = Σ χ<sub>ab</sub> v<sub>a</sub>(x) u<sub>b</sub>(y); the question is whether pairs with large s hold it.</p><p class="note">${count(components)} components on ${count(contexts)} contexts × ${count(tokens)} tokens.${noise}</p>${stale}${laws.map((law, i) => lawPart(view, found, law, i === 0))}</section>`;
}
