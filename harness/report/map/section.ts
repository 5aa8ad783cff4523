/** What of a map stands in the page before its script runs. */
import { html, type Markup } from "../html";

/** @param named of what the canvas is a picture, for who does not see it; `byLabel`: whether points can be colored by label too */
export function mapFigure(named: string, byLabel: boolean): Markup {
  const color =
    byLabel &&
    html`<span class="switch">color: <button type="button" data-map-color="cluster" aria-pressed="true">clusters</button><button type="button" data-map-color="label" aria-pressed="false">labels</button></span>`;
  return html`<div class="map-bar"><span>Click a dot to light up its cluster. After a click the wheel zooms; drag to move.</span>${color}<span class="switch"><button type="button" data-map-zoom="1.6" aria-label="zoom in">+</button><button type="button" data-map-zoom="0.625" aria-label="zoom out">−</button><button type="button" data-map-zoom="0">whole</button></span></div>
<div class="plane"><canvas role="img" tabindex="0" aria-label="${named}"></canvas></div><noscript><p class="note">The map is drawn by the script of this page, which did not run.</p></noscript>`;
}

/** Rules of the map; its dots take their hue from their group and all else from the theme. */
export const mapStyle = `
:root{--dot-c:.155;--dot-l0:.62;--dot-l1:.47;--dot-l2:.75;--body-dot:#a9b0b7}
@media (prefers-color-scheme:dark){@media not print{:root{--dot-c:.14;--dot-l0:.72;--dot-l1:.58;--dot-l2:.86;--body-dot:#59616a}}}
.map-bar{display:flex;flex-wrap:wrap;gap:6px 26px;align-items:baseline;font-size:13px;color:var(--soft);margin-bottom:8px}.map-bar>:first-child{margin-right:auto}
.switch button{border:1px solid var(--line);background:var(--card);color:var(--ink);font:inherit;padding:1px 10px;border-radius:5px;margin-left:5px;cursor:pointer}.switch [aria-pressed=true]{border-color:var(--accent);color:var(--accent)}
.plane{background:var(--card);border:1px solid var(--line);border-radius:10px;overflow:hidden}
.plane canvas{display:block;width:100%;touch-action:pan-y}.plane canvas:focus-visible{outline:2px solid var(--accent);outline-offset:-2px}
@media print{.map-bar{display:none}.plane canvas{max-width:100%}}
`.trim();
