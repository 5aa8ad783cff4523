/** A card per cluster: who is in it from its middle to its rim, its labels, its walk, its mean. */
import { shortSweep } from "../../../runtime/cluster/profile";
import { count, fixed, percent } from "../format";
import { html, type Markup, raw } from "../html";
import { lookOf } from "../palette";
import { barChart, sweepChart } from "../svg";
import type { ReportCluster } from "./data";
import { type ClusteringView, labelOf, memberships, nameOf, shortName, unitCount } from "./view";

/** Members shown of each group, and clusters of so few show all. */
const SHOWN = 5;
const LABELS_SHOWN = 6;
/** Columns of a profile that are drawn; of many cards fewer, since every bar costs bytes. */
const MOST_COLUMNS = 60;
const LEAST_COLUMNS = 16;
const BARS = 4000;

/** A bar of 0 to 1 without a style of its own, which a strict policy would refuse. */
export function bar(share: number): Markup {
  const width = Math.round(100 * Math.min(1, Math.max(0, Number.isFinite(share) ? share : 0)));
  return html`<svg class="bar" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true"><path d="M0 0h${width}v8h${raw(String(-width))}z"/></svg>`;
}

/** Ranks of groups of members by membership: the strongest, the middle, the weakest. */
function groupsOf(size: number): readonly (readonly [string, readonly number[]])[] {
  const run = (from: number, length: number) => Array.from({ length }, (_, i) => from + i);
  if (size <= 3 * SHOWN) return [["all, from the strongest", run(0, size)]];
  const around = (quantile: number) => Math.round(quantile * (size - 1)) - (SHOWN >> 1);
  return [
    ["strongest", run(0, SHOWN)],
    ["about the median", run(around(0.5), SHOWN)],
    ["weakest", run(size - SHOWN, SHOWN)],
  ];
}

function members(view: ClusteringView, cluster: ReportCluster): Markup {
  const share = memberships(view, cluster);
  const order = cluster.members.map((_, i) => i).sort((a, b) => share[b] - share[a] || a - b);
  const rows = groupsOf(cluster.members.length).map(
    ([title, ranks]) =>
      html`<tr class="group"><th scope="colgroup" colspan="3">${title}</th></tr>${ranks.map((rank) => {
        const i = order[rank];
        const member = cluster.members[i];
        const name = nameOf(view, member);
        return html`<tr><th scope="row" title="${name}">${name}</th>${view.data.labels && html`<td>${labelOf(view, member)}</td>`}<td class="number">${percent(share[i], 0)}</td></tr>`;
      })}`,
  );
  return html`<h4>Members, and the share of their edges that stays inside</h4><table class="members"><tbody>${rows}</tbody></table>`;
}

/** How often each label occurs among members. */
function labelTable(view: ClusteringView, cluster: ReportCluster, totals: Float64Array): Markup | false {
  const { labels } = view.data;
  if (!labels) return false;
  const inside = new Map<number, number>();
  for (const member of cluster.members) {
    const label = labels.numbers[member];
    inside.set(label, (inside.get(label) ?? 0) + 1);
  }
  const rows = [...inside].sort(([a, x], [b, y]) => y - x || a - b);
  const rest = rows.length - LABELS_SHOWN;
  const body = rows.slice(0, LABELS_SHOWN).map(([label, n]) => {
    const name = label < 0 ? html`<i>no label</i>` : shortName(labels.names[label]);
    const of = label < 0 ? "" : percent(n / totals[label], 0);
    return html`<tr><th scope="row">${name}</th><td class="wide">${bar(n / cluster.members.length)}</td><td class="number">${count(n)}</td><td class="number">${percent(n / cluster.members.length, 0)}</td><td class="number">${of}</td></tr>`;
  });
  return html`<h4>Labels</h4><table class="histogram"><thead><tr><th scope="col">label</th><th></th><th scope="col" class="number">count</th><th scope="col" class="number">of cluster</th><th scope="col" class="number">of label</th></tr></thead><tbody>${body}</tbody></table>${rest > 0 && html`<p class="note">and ${count(rest)} more</p>`}`;
}

/** The columns that are drawn of a profile, in their order: the largest means. */
function shownColumns(profile: ArrayLike<number>, most: number): number[] {
  const size = (c: number) => (Number.isFinite(profile[c]) ? Math.abs(profile[c]) : -1);
  return Array.from({ length: profile.length }, (_, c) => c)
    .sort((a, b) => size(b) - size(a) || a - b)
    .slice(0, most)
    .sort((a, b) => a - b);
}

function profileChart(view: ClusteringView, { profile, profileError }: ReportCluster): Markup | false {
  if (!profile || !profileError) return false;
  const most = Math.max(LEAST_COLUMNS, Math.min(MOST_COLUMNS, Math.floor(BARS / Math.max(1, view.carded.length))));
  const columns = shownColumns(profile, most);
  const names = columns.map((c) => shortName(view.data.columns?.[c] ?? String(c)).slice(0, 24));
  const [values, errors] = [profile, profileError].map((all) => columns.map((c) => all[c]));
  const kept = columns.length < profile.length;
  return html`<h4>Mean of the normalized columns</h4>${barChart(names, values, errors, "mean of the normalized columns over members")}${kept && html`<p class="note">the ${count(columns.length)} largest of ${count(profile.length)} columns</p>`}`;
}

function stabilityText({ stability }: ReportCluster, [, units]: readonly [string, string]): Markup | false {
  if (!stability) return false;
  const { tokens, components } = stability;
  const parts = [
    tokens !== undefined && `half the ${units} ${fixed(tokens)}`,
    components !== undefined && `half the columns ${fixed(components)}`,
  ].filter(Boolean);
  return (
    parts.length > 0 &&
    html`<span title="Jaccard index of the best match when clustered again">found again on ${parts.join(", ")}</span>`
  );
}

/** Members of each label everywhere. */
function totalsOf({ data: { labels } }: ClusteringView): Float64Array {
  const totals = new Float64Array(labels?.names.length ?? 0);
  for (let i = 0; labels && i < labels.numbers.length; i++) if (labels.numbers[i] >= 0) totals[labels.numbers[i]]++;
  return totals;
}

/** The section of the cards. */
export function clusterCards(view: ClusteringView): Markup {
  const { data, carded } = view;
  if (data.clusters.length === 0)
    return html`<section id="clusters"><h2>Clusters</h2><p class="lead">No cluster was found: no group of ${data.unit[1]} was tight enough to be told from the body.</p></section>`;
  const totals = totalsOf(view);
  const cards = carded.map((position) => {
    const cluster = data.clusters[position];
    const { id, size, conductance, excess, recurrence, seed, sweep, profile } = cluster;
    const figures = [
      ["conductance", "share of the weight of its edges that leaves it; smaller is tighter", fixed(conductance, 3)],
      ["excess", "share by which the conductance lies below the lowest of the null at this volume", fixed(excess)],
      ["recurrence", "share of the seeds tried among its members whose search found it again", fixed(recurrence)],
    ];
    return html`<article class="card" id="cluster-${id}" data-cluster="${position}" tabindex="0" aria-label="cluster ${id}">
<header><span class="chip big ${lookOf(position)}">${id}</span><span><b>${unitCount(view, size)}</b>, ${percent(size / data.n)}</span>${figures.map(([name, title, value]) => html`<span title="${title}">${name} <b>${value}</b></span>`)}${stabilityText(cluster, data.unit)}${seed >= 0 && seed < data.n && html`<span class="note">seed: ${nameOf(view, seed)}</span>`}</header>
<div class="columns ${profile ? "" : "two "}${lookOf(position)}"><div class="contexts">${members(view, cluster)}</div><div>${labelTable(view, cluster, totals)}${sweep.length > 1 && html`<h4>Conductance along its walk</h4>${sweepChart(shortSweep(sweep), { size, conductance })}`}</div>${profile && html`<div>${profileChart(view, cluster)}</div>`}</div></article>`;
  });
  const index = carded.map(
    (position) =>
      html`<a class="chip ${lookOf(position)}" href="#cluster-${data.clusters[position].id}" data-cluster="${position}">${data.clusters[position].id}<small>${count(data.clusters[position].size)}</small></a>`,
  );
  const profiles =
    data.clusters.some(({ profile }) => profile) &&
    " Profiles have one standard error over members each way, and every chart its own scale.";
  return html`<section id="clusters"><h2>Clusters</h2><p class="note">Lowest conductance first; click a card to light up its ${data.unit[1]} on the map. The walk's curve is the conductance of the ${data.unit[1]} nearest to its seed, as more are taken; the dot is the cluster as it ended, which polish and refinement may have moved off the curve.${profiles}</p><nav class="index" aria-label="clusters">${index}</nav>${cards}</section>`;
}
