/** Clusters beside the features of sparse autoencoders: the headline, curves over thresholds, a table, and what it cannot say. */
import { bestFirst, isMatched, type KeptComparison, randomRange } from "../../runtime/measure/sae-result";
import type { MatchResult } from "../../runtime/sae/match-result";
import { count, fixed, percent, significant } from "./format";
import { html, type Markup, named } from "./html";
import { lookOf } from "./palette";
import { meter } from "./scores";
import { curveChart } from "./threshold-chart";
import type { ReportView } from "./view";

/** Clusters of a table: the best matched ones of many. */
const MOST = 120;

type Cluster = MatchResult["clusters"][number];

/** The comparisons that are of the clusters which the report shows. */
function current({ data }: ReportView): readonly KeptComparison[] {
  return (data.autoencoders ?? []).filter((one) => one.current);
}

/** A line for a cluster's card, of the first comparison: features are numbers, so the name of their autoencoder stands with them. */
export function bestFeature(view: ReportView, id: number): Markup | undefined {
  const [first] = current(view);
  const one = first?.match.clusters.find(({ cluster }) => cluster === id);
  if (!one?.best) return undefined;
  const where = `${first.sae.name}, ${first.hook}, at the ${first.at}; in parentheses the 95th percentile of the null and the best single token id`;
  return html`<span title="${where}">best feature <b>#${one.best.feature}</b>, F1 ${fixed(one.best.f1)} (null ${fixed(one.chance.p95)}, token id ${fixed(one.token.f1)})</span>`;
}

function headline({ match, random }: KeptComparison): Markup {
  const { headline: rows, clusters, paper, permutations } = match;
  const [all] = rows;
  const total = clusters.length;
  const others = rows.slice(1).map(({ minF1, above95 }) => `${above95} with an F1 of ${minF1} or more`);
  return html`<p class="lead"><b>${count(all.above95)} of ${count(total)} clusters (${percent(all.share95 ?? 0)})</b> have a feature that finds them better than chance and better than any single token id: its F1 is above the 95th percentile of ${count(permutations)} permutations and above the best token id's. ${count(all.above99)} (${percent(all.share99 ?? 0)}) with the 99th percentile; ${others.join(", ")}. ${beside(random)}The paper has ${paper.matched} of ${paper.clusters} (${percent(paper.matched / paper.clusters)}), by a rule that it does not state, of another model and autoencoder.</p>`;
}

/** What random directions reach, in the headline. */
function beside(random: KeptComparison["random"]): Markup | undefined {
  const [all, half] = [0, 0.5].map((minF1) => randomRange({ random }, minF1));
  if (!all || !half) return undefined;
  const words = ([low, high]: readonly [number, number]) =>
    low === high ? count(low) : `${count(low)} to ${count(high)}`;
  return html`As many <b>random directions</b> in the place of the features match ${words(all)} by the same rule, ${words(half)} with an F1 of 0.5 or more. `;
}

/** Mean over draws of random directions, by threshold. */
const randomShares = ({ match, random }: KeptComparison) =>
  match.curve.map((_, i) => random.reduce((sum, { shares }) => sum + shares[i], 0) / random.length);

function charts(one: KeptComparison): Markup {
  const { curve, otherDirection } = one.match;
  const cuts = curve.map(({ cut }) => cut);
  const clusters = curveChart("share of clusters found with an F1 of at least the threshold", cuts, [
    { name: "best feature", look: "measured", shares: curve.map(({ features }) => features) },
    { name: "null, 95 %", look: "null", shares: curve.map(({ chance95 }) => chance95) },
    { name: "best token id", look: "token", shares: curve.map(({ tokens }) => tokens) },
    ...(one.random.length > 0
      ? [{ name: "random directions", look: "random" as const, shares: randomShares(one) }]
      : []),
  ]);
  const known = otherDirection.counted > 0;
  const features =
    known &&
    curveChart(
      "share of features found by a cluster with an F1 of at least the threshold",
      otherDirection.curve.map(({ cut }) => cut),
      [
        { name: "best cluster", look: "measured", shares: otherDirection.curve.map(({ share }) => share ?? 0) },
        { name: "null, mean", look: "null", shares: otherDirection.curve.map(({ chance }) => chance ?? 0) },
      ],
    );
  return html`<div class="curves"><figure><figcaption>Clusters: the best feature of each</figcaption>${clusters}</figure>${
    known &&
    html`<figure><figcaption>The other way: of ${count(otherDirection.counted)} features that fire on ${otherDirection.minFires} tokens or more, the best cluster of each</figcaption>${features}</figure>`
  }</div>`;
}

function row(view: ReportView, { tokenNames }: KeptComparison, one: Cluster, roles: boolean): Markup {
  const { cluster, size, best, chance, token, union, role, featureRole } = one;
  const position = view.data.clusters.findIndex(({ id }) => id === cluster);
  const text = named(tokenNames[token.id] ?? `#${token.id}`);
  const chip =
    position < 0
      ? String(cluster)
      : html`<a class="${lookOf(position)} chip" href="#cluster-${cluster}" data-cluster="${position}">${cluster}</a>`;
  const named2 = (known: Cluster["role"]) => (known ? html`${known.name} <small>${fixed(known.f1)}</small>` : "–");
  return html`<tr${!isMatched(one) && html` class="control"`}><th scope="row">${chip}</th><td class="number">${count(size)}</td><td class="number">${best ? `#${best.feature}` : "–"}</td>${meter(best?.f1 ?? 0)}<td class="number">${fixed(chance.p95)}</td><td class="number">${fixed(token.f1)}</td><td class="token"><code>${text}</code>${token.as === "input" && html` <small>before</small>`}</td><td>${isMatched(one) ? "yes" : "no"}</td>${
    roles && html`<td>${named2(role)}</td><td>${named2(featureRole)}</td>`
  }<td class="number" title="features ${union.parts.map((part) => `#${part}`).join(" + ")}">${fixed(union.f1)}</td></tr>`;
}

function table(view: ReportView, comparison: KeptComparison): Markup {
  const all = bestFirst(comparison.match);
  const roles = all.some(({ role }) => role);
  const head = (text: string, title?: string, number = true) =>
    html`<th scope="col"${number && html` class="number"`}${title && html` title="${title}"`}>${text}</th>`;
  const rest = all.length - MOST;
  return html`<div class="scroll"><table class="scores matches"><thead><tr>${head("cluster", undefined, false)}${head("size")}${head("feature")}<th scope="col" colspan="2">F1</th>${head("null 95 %", "95th percentile of the highest F1 of any feature, after permutations")}<th scope="col" colspan="2" title="the single token id that finds the cluster best: of the token, or of the one before">best token id</th>${head("both", "whether the feature's F1 is above both", false)}${
    roles && [
      head("role of cluster", "the known role that it finds best", false),
      head("role of feature", "the known role that the feature finds best", false),
    ]
  }${head("union of 3", "F1 of the best union of up to three features that was found")}</tr></thead><tbody>${all.slice(0, MOST).map((one) => row(view, comparison, one, roles))}</tbody></table></div>${rest > 0 && html`<p class="note">and ${count(rest)} more in sae.csv</p>`}`;
}

function comparison(view: ReportView, one: KeptComparison, several: boolean): Markup {
  const { sae, model, hook, at, l0, notes, match } = one;
  const where = html`<p class="note">${sae.name}: ${count(sae.features)} features (${sae.format}, ${sae.architecture}), read at <b>${hook}</b> of ${model}, at the ${at === "token" ? "token itself" : "position before each token, where it is predicted"}; ${count(match.tokens)} tokens, ${significant(l0, 3)} features a token.</p>`;
  const title = several && html`<h3>${sae.name}, ${hook}, at the ${at}</h3>`;
  const body =
    match.clusters.length === 0
      ? html`<p class="lead">There are no clusters to hold features against.</p>`
      : html`${headline(one)}${charts(one)}${table(view, one)}`;
  // The first sentence of `said` is the headline, which stands above.
  const said = match.clusters.length === 0 ? match.said : match.said.slice(1);
  return html`${title}${where}${body}<h4>What this says and cannot say</h4><ul class="said">${[...notes, ...said].map((line) => html`<li>${line}</li>`)}</ul>`;
}

/** The section of features; nothing where no comparison was made. */
export function autoencoders(view: ReportView): Markup | undefined {
  const all = view.data.autoencoders ?? [];
  if (all.length === 0) return undefined;
  const now = current(view);
  const stale = all
    .filter((one) => !one.current)
    .map(
      ({ sae, hook, at }) =>
        html`<p class="callout">The comparison with ${sae.name} (${hook}, at the ${at}) is of an earlier clustering and is not shown: <code>npx spectroscope sae ${view.data.directory ?? "RUN"}</code> makes it again.</p>`,
    );
  return html`<section id="features"><h2>Features of a sparse autoencoder</h2><p class="note">For every cluster the feature that overlaps with it best, by F1 of their tokens, beside the highest F1 that any feature reaches when tokens of one id and like position exchange their clusters (the null), and beside the best single token id: a cluster that is one token is matched by whatever fires on that token.</p>${now.map((one) => comparison(view, one, now.length > 1))}${stale}</section>`;
}
