/** Members of a cluster in context: a concordance, with the member's column aligned. */
import { count } from "./format";
import { html, type Markup, visible } from "./html";
import type { ReportView } from "./view";

/** Tokens of context on each side. */
const BEFORE = 6;
const AFTER = 3;
/** Occurrences shown at once, and at most, listed when opened. */
const SHOWN = 8;
const LISTED = 200;

function words(view: ReportView, tokens: readonly number[]): string {
  return tokens.map((token) => visible(view.data.tokens[token].text)).join(view.separator);
}

function row(view: ReportView, token: number): Markup {
  const { tokens, number } = view.sequences[view.sequenceOf[token]];
  const place = view.placeOf[token];
  const start = Math.max(0, place - BEFORE);
  const first = view.data.starts?.[number];
  const lead = start > 0 ? "…" : first === undefined ? "" : visible(first);
  const before = [lead, words(view, tokens.slice(start, place))].filter(Boolean).join(view.separator);
  const after = words(view, tokens.slice(place + 1, place + 1 + AFTER));
  const more = place + 1 + AFTER < tokens.length ? `${view.separator}…` : "";
  return html`<tr data-token="${token}"><td class="before"><span>${before}${view.separator}</span></td><td class="member"><mark>${visible(view.data.tokens[token].text)}</mark>${view.separator}${after}${more}</td></tr>`;
}

/** `take` members spread evenly, so that the first sequence does not fill the card. */
function spread(members: readonly number[], take: number): number[] {
  if (members.length <= take) return [...members];
  return Array.from({ length: take }, (_, i) => members[Math.floor(((i + 0.5) * members.length) / take)]);
}

/** Up to eight members, and the others under a line that opens. */
export function occurrences(view: ReportView, members: readonly number[]): Markup {
  const first = spread(members, SHOWN);
  const chosen = new Set(first);
  const others = members.filter((member) => !chosen.has(member));
  const listed = others.slice(0, LISTED);
  const rest =
    others.length > 0 &&
    html`<details><summary>${count(others.length)} more</summary><table class="context"><tbody>${listed.map((token) => row(view, token))}</tbody></table>${
      others.length > LISTED && html`<p class="note">${count(others.length - LISTED)} are left out here.</p>`
    }</details>`;
  return html`<table class="context"><tbody>${first.map((token) => row(view, token))}</tbody></table>${rest}`;
}
