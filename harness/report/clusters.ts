/** A card per cluster: members in context, tokens and roles against the probe, profile over components. */
import type { ClusterInfo } from "../../runtime/measure/report-data";
import { count, counted, fixed, percent, significant } from "./format";
import { html, type Markup, named } from "./html";
import { occurrences } from "./occurrences";
import { lookOf } from "./palette";
import { bestFeature } from "./sae";
import { barChart } from "./svg";
import type { ReportView } from "./view";

const TOKENS_SHOWN = 8;
const ROLES_SHOWN = 6;

interface Tally {
  readonly name: string;
  readonly inside: number;
  readonly everywhere: number;
}

/** Names by how often they occur among the members, ties by name. */
function tally(
  names: (token: number) => string | undefined,
  members: readonly number[],
  totals: Map<string, number>,
): Tally[] {
  const inside = new Map<string, number>();
  for (const member of members) {
    const name = names(member);
    if (name !== undefined) inside.set(name, (inside.get(name) ?? 0) + 1);
  }
  return [...inside]
    .map(([name, n]) => ({ name, inside: n, everywhere: totals.get(name) ?? n }))
    .sort((a, b) => b.inside - a.inside || (a.name < b.name ? -1 : 1));
}

function totalsOf(names: (token: number) => string | undefined, tokens: number): Map<string, number> {
  const totals = new Map<string, number>();
  for (let token = 0; token < tokens; token++) {
    const name = names(token);
    if (name !== undefined) totals.set(name, (totals.get(name) ?? 0) + 1);
  }
  return totals;
}

function histogram(
  rows: readonly Tally[],
  shown: number,
  size: number,
  last: (row: Tally) => Markup,
  head: Markup,
): Markup {
  const longest = Math.max(...rows.map((row) => row.inside), 1);
  const rest = rows.length - shown;
  return html`<table class="histogram"><thead><tr>${head}</tr></thead><tbody>${rows
    .slice(0, shown)
    .map(
      (row) =>
        html`<tr><th scope="row">${row.name}</th><td class="wide"><i class="meter" style="width:${((100 * row.inside) / longest).toFixed(0)}%"></i></td><td class="number" title="${percent(row.inside / size)} of the cluster">${count(row.inside)}</td>${last(row)}</tr>`,
    )}</tbody></table>${rest > 0 && html`<p class="note">and ${count(rest)} more</p>`}`;
}

/** Correlation of two profiles over components; 0 for a flat one. */
function likeness(a: readonly number[], b: readonly number[]): number {
  const n = a.length;
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / n;
  const [am, bm] = [mean(a), mean(b)];
  let [ab, aa, bb] = [0, 0, 0];
  for (let i = 0; i < n; i++) {
    ab += (a[i] - am) * (b[i] - bm);
    aa += (a[i] - am) ** 2;
    bb += (b[i] - bm) ** 2;
  }
  return aa > 0 && bb > 0 ? ab / Math.sqrt(aa * bb) : 0;
}

function nearest(clusters: readonly ClusterInfo[], position: number): Markup | false {
  const found = clusters
    .map((other, at) => ({ other, at, r: likeness(clusters[position].profile, other.profile) }))
    .filter(({ at, r }) => at !== position && Number.isFinite(r))
    .sort((a, b) => b.r - a.r || a.at - b.at)
    .slice(0, 2);
  if (found.length === 0) return false;
  return html`<p class="note">Most similar profiles: ${found.map(
    ({ other, at, r }, i) =>
      html`${i > 0 && ", "}<a class="${lookOf(at)} chip" href="#cluster-${other.id}" data-cluster="${at}">${other.id}</a> (r ${fixed(r)})`,
  )}</p>`;
}

function stabilityText(stability: ClusterInfo["stability"]): Markup | false {
  if (!stability) return false;
  const parts = [
    stability.chains !== undefined && `half the chains ${fixed(stability.chains)}`,
    stability.components !== undefined && `half the components ${fixed(stability.components)}`,
    stability.tokens !== undefined && `half the tokens ${fixed(stability.tokens)}`,
  ].filter(Boolean);
  return (
    parts.length > 0 &&
    html`<span title="Jaccard of the best match when clustered again">found again on ${parts.join(", ")}</span>`
  );
}

/** Section 3. */
export function clusterCards(view: ReportView): Markup {
  const { data } = view;
  const { clusters, tokens } = data;
  const total = tokens.length;
  if (clusters.length === 0)
    return html`<section id="clusters"><h2>Clusters</h2><p class="lead">No cluster was found: no group of tokens was tight enough to be told from the body.</p></section>`;
  const textOf = (token: number) => named(tokens[token].text);
  const roleOf = (token: number) => tokens[token].role;
  const textTotals = totalsOf(textOf, total);
  const roleTotals = totalsOf(roleOf, total);
  const cards = clusters.map((cluster, position) => {
    const { id, members } = cluster;
    const size = members.length;
    const lift = ({ inside, everywhere }: Tally) =>
      html`<td class="number">${significant(inside / size / (everywhere / total), 2)}×</td>`;
    const reach = ({ inside, everywhere }: Tally) => html`<td class="number">${percent(inside / everywhere, 0)}</td>`;
    const roles = tally(roleOf, members, roleTotals);
    const best = cluster.bestRole;
    return html`<article class="card" id="cluster-${id}" data-cluster="${position}" tabindex="0" aria-label="cluster ${id}">
<header><span class="chip big ${lookOf(position)}">${id}</span><span><b>${counted(size, "token")}</b>, ${percent(size / total)} of the probe</span><span title="share of the cluster's links that leave it; smaller is tighter">conductance <b>${fixed(cluster.conductance, 3)}</b></span>${
      best && html`<span>best at <b>${best.name}</b> (F1 ${fixed(best.f1)})</span>`
    }${bestFeature(view, id)}${stabilityText(cluster.stability)}<span class="note">seed: ${cluster.seed >= 0 && cluster.seed < total ? html`<q>${textOf(cluster.seed)}</q>, token ${cluster.seed}` : String(cluster.seed)}</span></header>
<div class="columns ${lookOf(position)}"><div class="contexts"><h4>Members in context</h4>${occurrences(view, members)}</div>
<div><h4>Tokens</h4>${histogram(tally(textOf, members, textTotals), TOKENS_SHOWN, size, lift, html`<th scope="col">token</th><th></th><th scope="col" class="number">count</th><th scope="col" class="number" title="share in the cluster over share in the probe">lift</th>`)}
${roles.length > 0 && html`<h4>Roles</h4>${histogram(roles, ROLES_SHOWN, size, reach, html`<th scope="col">role</th><th></th><th scope="col" class="number">count</th><th scope="col" class="number" title="share of the role's tokens that are in this cluster">of role</th>`)}`}</div>
<div><h4>Profile</h4>${barChart(data.columns, cluster.profile, cluster.profileError)}${nearest(clusters, position)}</div></div></article>`;
  });
  const index = clusters.map(
    ({ id, members }, position) =>
      html`<a class="chip ${lookOf(position)}" href="#cluster-${id}" data-cluster="${position}">${id}<small>${count(members.length)}</small></a>`,
  );
  return html`<section id="clusters"><h2>Clusters</h2><p class="note">Click a card to light up its tokens in the map and the heat map. Lift: how many times more frequent a token is here than in the whole probe. Profile: mean over the members of what was clustered, by component, its columns normalized as they were there, with one standard error over chains each way; every chart has its own scale.</p><nav class="index" aria-label="clusters">${index}</nav>${cards}</section>`;
}
