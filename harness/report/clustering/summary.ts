/** What was clustered and how, what the labels say of it, and what is not in it. */
import { scoreSets } from "../../../runtime/cluster/score";
import { count, fixed, percent } from "../format";
import { html, type Markup } from "../html";
import { facts, settingList } from "../overview";
import { lookOf } from "../palette";
import { bar } from "./cards";
import { type ClusteringView, shortName, unitCount } from "./view";

/** Labels of the table. */
const LABELS_SHOWN = 60;

/** The first section. */
export function clusteringFacts(view: ClusteringView): Markup {
  const { data, covered } = view;
  const sizes = data.clusters.map(({ size }) => size).sort((a, b) => a - b);
  const middle = sizes[sizes.length >> 1];
  return html`<section id="found"><h2>What was found</h2>
<p class="lead">A <dfn>conductance cluster</dfn> is a group of which few edges leave: the conductance is the share of the weight of its edges that do, so smaller is tighter. ${data.fromPoints && "Here an edge joins rows that are among each other's nearest. "}What no cluster holds is the <dfn>body</dfn>, grey on the map.</p>
${facts([
  ...data.facts,
  ["Clusters", count(data.clusters.length)],
  ["In a cluster", `${unitCount(view, covered)}${data.n > 0 ? `, ${percent(covered / data.n)}` : ""}`],
  ...(sizes.length > 0
    ? [["Sizes", `${count(sizes[0])} to ${count(sizes[sizes.length - 1])}, median ${count(middle)}`] as const]
    : []),
])}</section>`;
}

/** The section of labels; nothing without. */
export function labelScores(view: ClusteringView): Markup | undefined {
  const { labels, scores, clusters, minCount = 1 } = view.data;
  if (!labels) return undefined;
  const { perLabel } = scoreSets(clusters, labels.numbers, minCount);
  const sorted = [...perLabel].sort((a, b) => b.count - a.count || a.label - b.label);
  const rows = sorted.slice(0, LABELS_SHOWN).map(({ label, count: n, bestF1, set }) => {
    const cluster =
      set < 0
        ? "none"
        : html`<a class="chip ${lookOf(set)}" href="#${view.carded.includes(set) ? `cluster-${clusters[set].id}` : "map"}" data-cluster="${set}">${clusters[set].id}</a>`;
    return html`<tr><th scope="row">${shortName(labels.names[label])}</th><td class="number">${count(n)}</td><td class="number">${fixed(bestF1)}</td><td class="wide">${bar(bestF1)}</td><td>${cluster}</td></tr>`;
  });
  const rest = perLabel.length - rows.length;
  const table =
    rows.length > 0 &&
    html`<div class="scroll"><table class="scores"><thead><tr><th scope="col">label</th><th scope="col" class="number">count</th><th scope="col" class="number" colspan="2">best F1</th><th scope="col">cluster</th></tr></thead><tbody>${rows}</tbody></table></div>${rest > 0 && html`<p class="note">and ${count(rest)} smaller labels</p>`}`;
  return html`<section id="labels"><h2>Against the labels</h2>${facts((scores ?? []).map(([term, value]) => [term, fixed(value, 3)]))}<p class="note">The clustering has not seen the labels. ARI and NMI compare the whole partition with them: 0 is chance (of ARI), 1 is equality; ${view.data.unit[1]} in no cluster, or without a label, are alone. F1: of the cluster that finds a label best, for labels with at least ${count(minCount)} ${view.data.unit[1]}.</p>${table}</section>`;
}

const list = (lines: readonly string[]) => html`<ul>${lines.map((line) => html`<li>${line}</li>`)}</ul>`;

/** The last section. */
export function howAndWhatNot(view: ClusteringView, notShown: readonly string[]): Markup {
  const { advice, leftOut, config } = view.data;
  const omitted = [...leftOut, ...notShown];
  return html`<section id="how"><h2>Advice, what is left out, settings</h2><h3>Advice</h3>${advice.length > 0 ? list(advice) : html`<p class="note">None.</p>`}<h3>Left out</h3>${omitted.length > 0 ? list(omitted) : html`<p class="note">Nothing.</p>`}<h3>Settings</h3>${settingList(config)}</section>`;
}
