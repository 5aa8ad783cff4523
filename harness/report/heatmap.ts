/** chi as a picture: components down, tokens across, ordered by cluster and then by role. */
import { count } from "./format";
import { html, type Markup } from "./html";
import type { ReportView } from "./view";

/** Values whose numbers travel in the page; above, every n-th token of the order is taken. */
const MOST_CELLS = 90_000;

/** Standard deviations at which colors saturate. */
export const CLIP = 3;

/** Height of a row that holds a name, CSS pixels; the style sheet knows it too. */
const NAMED_ROW = 14;

/** What the page needs to draw: numbers of `order`'s tokens, row-major, little-endian f32 in base64. */
export interface HeatData {
  /** Token of each drawn row. */
  readonly order: readonly number[];
  readonly mean: readonly number[];
  readonly deviation: readonly number[];
  readonly chi: string;
  readonly error: string;
  readonly clip: number;
  /** Height of a component's row, CSS pixels. */
  readonly rowHeight: number;
}

/** All tokens: by cluster (none last), then role, then place in the probe. */
export function heatOrder(view: ReportView): number[] {
  const last = view.data.clusters.length;
  const cluster = (token: number) => (view.clusterOf[token] < 0 ? last : view.clusterOf[token]);
  const role = (token: number) => view.data.tokens[token].role ?? "";
  return view.data.tokens
    .map((_, token) => token)
    .sort((a, b) => cluster(a) - cluster(b) || (role(a) < role(b) ? -1 : role(a) > role(b) ? 1 : a - b));
}

/** Rows get thin when there are many components; names then no longer fit and the read-out tells them. */
function rowHeight(columns: number): number {
  return columns <= 64 ? NAMED_ROW : 5;
}

function stride(view: ReportView): number {
  return Math.max(1, Math.ceil((view.data.tokens.length * view.data.columns.length) / MOST_CELLS));
}

function base64(values: Float32Array, order: readonly number[], columns: number): string {
  const bytes = new DataView(new ArrayBuffer(order.length * columns * 4));
  order.forEach((token, row) => {
    for (let c = 0; c < columns; c++) bytes.setFloat32((row * columns + c) * 4, values[token * columns + c], true);
  });
  const all = new Uint8Array(bytes.buffer);
  let text = "";
  for (let i = 0; i < all.length; i += 8192) text += String.fromCharCode(...all.subarray(i, i + 8192));
  return btoa(text);
}

export function heatData(view: ReportView): HeatData {
  const every = stride(view);
  const order = heatOrder(view).filter((_, i) => i % every === 0);
  const columns = view.data.columns.length;
  return {
    order,
    mean: [...view.columnMean],
    deviation: [...view.columnDeviation],
    chi: base64(view.data.chi, order, columns),
    error: base64(view.data.chiError, order, columns),
    clip: CLIP,
    rowHeight: rowHeight(columns),
  };
}

/** Section 5. */
export function heatMap(view: ReportView): Markup {
  const { columns, tokens } = view.data;
  const every = stride(view);
  const kept = every > 1 && ` One in ${every} of the ${count(tokens.length)} tokens is drawn.`;
  const body =
    columns.length === 0 || tokens.length === 0
      ? html`<p class="lead">There is nothing to draw.</p>`
      : html`<div class="heat-bar"><span class="scale"><span>−${CLIP}</span><i></i><span>${CLIP} standard deviations</span></span><span class="zoom">tokens: <button type="button" data-zoom="1" aria-pressed="true">fit</button><button type="button" data-zoom="3">3×</button><button type="button" data-zoom="8">8×</button></span></div>
<div class="heat"><div class="names" aria-hidden="true">${rowHeight(columns.length) === NAMED_ROW && [html`<div></div>`, columns.map((name) => html`<div>${name}</div>`)]}</div><div class="scroll"><canvas role="img" aria-label="heat map of susceptibilities: components down, tokens across"></canvas></div></div><p class="readout">Hover to read a value.</p><noscript><p class="note">The heat map is drawn by the script of this page, which did not run.</p></noscript>`;
  return html`<section id="heat"><h2>Heat map of chi</h2><p class="note">A row is a component, a column is a token; tokens stand by cluster (the colored band on top), then by role, and those in no cluster come last. Rows are z-scored over tokens and clipped at ±${CLIP}; the read-out gives the value itself with its jackknife error over chains.${kept}</p>${body}</section>`;
}
