/** The probe as text, every token in its cluster's color. */
import { count } from "./format";
import { html, type Markup, raw, visible } from "./html";
import { DISTINCT, lookOf } from "./palette";
import type { ReportView } from "./view";

/** Tokens drawn as text; a browser becomes slow far above. */
const MOST_TOKENS = 20_000;

function sequence(view: ReportView, index: number): Markup {
  const { tokens, number } = view.sequences[index];
  const { data } = view;
  const modes = [...new Set(tokens.map((token) => data.tokens[token].mode))].filter((mode) => mode !== undefined);
  let expected = data.tokens[tokens[0]].position;
  const text = tokens.map((token) => {
    const info = data.tokens[token];
    const gap = info.position !== expected && html`<span class="gap" title="tokens that were not measured">…</span>`;
    expected = info.position + 1;
    const look = lookOf(view.clusterOf[token]);
    const ends = info.text.includes("\n") && raw("<br>");
    return html`${gap}<span class="t${look && " "}${look}" data-token="${token}">${visible(info.text)}</span>${ends}`;
  });
  const start =
    data.starts &&
    html`<span class="start" title="start of the sequence; it has no loss">${visible(data.starts[number])}</span>`;
  return html`<div class="sequence"><h4>${number}${modes.length > 0 && html` <span>${modes.join(", ")}</span>`}</h4><p>${start}${text}</p></div>`;
}

/** Section 4. */
export function tokenMap(view: ReportView): Markup {
  const { data } = view;
  const blocks: Markup[] = [];
  let drawn = 0;
  for (let index = 0; index < view.sequences.length && drawn < MOST_TOKENS; index++) {
    blocks.push(sequence(view, index));
    drawn += view.sequences[index].tokens.length;
  }
  const legend =
    data.clusters.length > 0 &&
    html`<nav class="index" aria-label="legend">${data.clusters.map(({ id }, position) => html`<button type="button" class="chip ${lookOf(position)}" data-cluster="${position}">${id}</button>`)}</nav>`;
  const repeats = data.clusters.length > DISTINCT && ` Colors repeat after ${DISTINCT} clusters: hover to be sure.`;
  const left =
    drawn < data.tokens.length && ` The first ${count(drawn)} of ${count(data.tokens.length)} tokens are shown.`;
  return html`<section id="tokens"><h2>Token map</h2><p class="note">The probe's text, sequence by sequence. Color is the cluster; plain tokens are in none. Hover for a token's numbers, click to select its cluster.${repeats}${left}</p>${legend}<div class="map${view.separator === "" && " text"}">${blocks}</div></section>`;
}
