/** A run as one HTML file that needs nothing else: no network, no library, readable years later. */
import type { ReportData } from "../../runtime/measure/report-data";
import { describeTokens, selectClusters } from "./behavior";
import { drawHeatMap } from "./canvas";
import { clusterCards } from "./clusters";
import { controls } from "./controls";
import { diagnostics } from "./diagnostics";
import { heatMap } from "./heatmap";
import { html, type Markup, raw, scriptJson } from "./html";
import { overview } from "./overview";
import { pageData } from "./page";
import { hueRules } from "./palette";
import { autoencoders } from "./sae";
import { scores } from "./scores";
import { styleSheet } from "./style";
import { tokenMap } from "./tokens";
import { viewOf } from "./view";

/** The last section. */
function remarks(lines: readonly string[]): Markup {
  const body =
    lines.length > 0 ? html`<ul>${lines.map((line) => html`<li>${line}</li>`)}</ul>` : html`<p class="lead">None.</p>`;
  return html`<section id="remarks"><h2>Remarks</h2>${body}</section>`;
}

/** Functions as text; each gets the page's data. One that fails leaves the others and the text of the page alone. */
function script(): string {
  const calls = [selectClusters, describeTokens, drawHeatMap]
    .map((part) => `try{(${part})(page)}catch(error){console.error(error)}`)
    .join("\n");
  return `"use strict";{const page=JSON.parse(document.getElementById("page-data").textContent);\n${calls}}`;
}

/**
 * The same data gives the same text.
 * @throws SpectroscopeError `bad-input` when the parts of the data do not fit each other
 */
export function renderReport(data: ReportData): string {
  const view = viewOf(data);
  const summary = scores(view);
  const features = autoencoders(view);
  const links = [
    ["measured", "What was measured"],
    ...(summary ? [["summary", "Summary"]] : []),
    ["clusters", "Clusters"],
    ["tokens", "Token map"],
    ["heat", "Heat map"],
    ...(features ? [["features", "Features"]] : []),
    ["diagnostics", "Diagnostics"],
    ["controls", "Controls"],
    ["remarks", "Remarks"],
  ];
  // The policy makes the promise of no network one that the browser keeps.
  const policy = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:";
  const page = html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${policy}"><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark"><meta name="generator" content="spectroscope ${data.version}"><link rel="icon" href="data:,"><title>${data.title}</title>
<style>${raw(styleSheet)}${raw(hueRules(data.clusters.length))}</style></head>
<body><header class="top"><h1>${data.title}</h1><nav aria-label="sections">${links.map(([id, name]) => html`<a href="#${id}">${name}</a>`)}</nav></header>
<main>${overview(view)}${summary}${clusterCards(view)}${tokenMap(view)}${heatMap(view)}${features}${diagnostics(view)}${controls(view)}${remarks(data.remarks)}</main>
<footer>Made by spectroscope ${data.version}. This file is complete: it loads nothing.</footer>
<div class="selection" hidden><b></b><span></span><a href="#clusters">card</a><a href="#tokens">map</a><a href="#heat">heat map</a><button type="button" aria-label="clear the selection">✕</button></div><div class="tip" hidden></div>
<script type="application/json" id="page-data">${scriptJson(pageData(view))}</script>
<script>${raw(script())}</script></body></html>
`;
  return page.text;
}
