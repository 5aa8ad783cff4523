/** Scores of chi, of other features and of controls through the same clustering. */
import type { ScoreRow } from "../../runtime/measure/report-data";
import { count, fixed, percent } from "./format";
import { html, type Markup } from "./html";
import { priors } from "./priors";
import type { ReportView } from "./view";

function kind(row: ScoreRow): { look: string; tag?: Markup } {
  if (row.control) return { look: "control", tag: html` <span class="tag control">control</span>` };
  if (row.baseline) return { look: "baseline", tag: html` <span class="tag">baseline</span>` };
  return { look: "measured" };
}

/** A number with its bar, two cells of a table; bars hold 0 to 1. */
export function meter(value: number): Markup {
  const share = Number.isFinite(value) ? Math.min(1, Math.max(0, value)) : 0;
  return html`<td class="number">${fixed(value)}</td><td class="wide"><i class="meter" style="width:${(100 * share).toFixed(1)}%"></i></td>`;
}

const DRAWN_NOTE = html`<p class="note">Draws: chains × draws of each chain, the same for every row that comes from draws. Rise: how much the loss went up, nats, the mean over components. Halves: what two equal runs would correlate, the median over columns.</p>`;

/** What a row was drawn with, three cells; empty for what comes from no draws. */
function drawnCells({ drawn }: ScoreRow): Markup {
  if (!drawn) return html`<td></td><td></td><td></td>`;
  const { chains, draws, meanRise, reliability } = drawn;
  const cell = (text: string) => html`<td class="number">${text}</td>`;
  return html`${cell(`${count(chains)} × ${count(draws)}`)}${cell(fixed(meanRise))}${cell(reliability === undefined ? "" : fixed(reliability))}`;
}

/** Section 2. Without known roles only what controls say about counts is left; without rows, nothing. */
export function scores(view: ReportView): Markup | undefined {
  const rows = view.data.scores;
  if (rows.length === 0) return undefined;
  const { roles } = view.data;
  const known = roles !== undefined;
  const head = known
    ? html`<th scope="col" colspan="2">mean best F1</th><th scope="col" class="number">roles ≥ 0.5</th><th scope="col" class="number">ARI roles</th><th scope="col" class="number">ARI modes</th><th scope="col" class="number">NMI roles</th><th scope="col" class="number">kNN</th>`
    : undefined;
  const anyDrawn = rows.some(({ drawn }) => drawn);
  const drawnHead = anyDrawn
    ? html`<th scope="col" class="number">draws</th><th scope="col" class="number">rise</th><th scope="col" class="number">halves</th>`
    : undefined;
  const body = rows.map((row) => {
    const { look, tag } = kind(row);
    const scored = known
      ? html`${meter(row.meanBestF1)}<td class="number">${count(row.rolesAboveHalf)} of ${count(roles)}</td><td class="number">${fixed(row.ariRoles)}</td><td class="number">${fixed(row.ariModes)}</td><td class="number">${fixed(row.nmiRoles)}</td><td class="number">${row.knnAccuracy === undefined ? "–" : fixed(row.knnAccuracy)}</td>`
      : undefined;
    return html`<tr class="${look}"><th scope="row">${row.features}${tag}</th>${anyDrawn ? drawnCells(row) : undefined}${scored}<td class="number">${percent(row.covered)}</td><td class="number">${count(row.clusters)}</td></tr>`;
  });
  const note = known
    ? html`<p class="note">Every row went through the same clustering. Mean best F1: for each known role with at least 10 tokens, the F1 of the cluster that finds it best, averaged over roles. ARI and NMI compare the whole partition with the known one: 0 is chance, 1 is equality. kNN: the share of tokens whose role most of their 8 nearest neighbors have, among tokens of those roles; it needs no clusters. A <span class="tag control">control</span> is the same pipeline with what it claims to see taken out, so what counts is the distance to it; a <span class="tag">baseline</span> owes nothing to the measurement.</p>`
    : html`<p class="note">Roles are not known for this text, so clusters cannot be scored. A <span class="tag control">control</span> is the same pipeline with what it claims to see taken out: as many clusters in it would mean that those of the measurement say little.</p>`;
  return html`<section id="summary"><h2>Summary</h2><div class="scroll"><table class="scores"><thead><tr><th scope="col">features</th>${drawnHead}${head}<th scope="col" class="number">covered</th><th scope="col" class="number">clusters</th></tr></thead><tbody>${body}</tbody></table></div>${note}${anyDrawn ? DRAWN_NOTE : undefined}${priors(view.data.comparisons)}</section>`;
}
