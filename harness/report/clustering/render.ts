/** The clustering of any matrix or graph as one HTML file that needs nothing else, and runs under a policy that lets nothing else run. */
import { createHash } from "node:crypto";
import { html, type Markup, raw, scriptJson } from "../html";
import { decodeMap, indexMap, paintMap } from "../map/draw";
import { runMap } from "../map/moves";
import { mapFigure, mapStyle } from "../map/section";
import { hueRules } from "../palette";
import { styleSheet } from "../style";
import { selectCluster, startMap } from "./behavior";
import { clusterCards } from "./cards";
import type { ClusteringData } from "./data";
import { clusteringPage } from "./page-data";
import { clusteringFacts, howAndWhatNot, labelScores } from "./summary";
import { type ClusteringView, notShown, unitCount, viewOfClustering } from "./view";

const style = `
.members{width:100%;font-size:13px;table-layout:fixed}.members th,.members td{padding:1px 8px 1px 0;overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
.members td{color:var(--soft);width:32%}.members td.number{width:15%}.members .group th{color:var(--soft);font-size:12px;padding-top:6px}
.bar{display:block;width:100%;min-width:30px;height:9px;fill:var(--accent);opacity:.75}.columns .bar{fill:oklch(calc(var(--l)*.55 + .27) .1 var(--hue));opacity:1}
.sweep{width:100%;max-width:420px;display:block}.sweep .line{fill:none;stroke:var(--accent);stroke-width:1.6}.sweep .zero{stroke:var(--line)}.sweep circle{fill:var(--ink)}
.columns.two{grid-template-columns:repeat(2,minmax(0,1fr))}@media (max-width:640px){.columns.two{grid-template-columns:minmax(0,1fr)}}
#labels .wide{width:30%}
.selection{max-width:calc(100vw - 24px);flex-wrap:wrap}
@media (max-width:640px){.facts{grid-template-columns:repeat(2,minmax(0,1fr));gap:0 16px}.switch button:first-child{margin-left:0}main,footer{padding:0 12px}.selection{right:12px;bottom:10px;gap:4px 12px}.card{padding:10px 12px}.card>header .note{margin:0}.top nav{gap:2px 12px}}
`.trim();

/** Parts as text, each by its own; one that fails leaves the others and the text of the page alone. */
function script(): string {
  const parts = `{decodeMap:${decodeMap},indexMap:${indexMap},paintMap:${paintMap}}`;
  const calls = [`(${selectCluster})(page)`, `(${startMap})(page,${runMap},${parts})`];
  const tried = calls.map((call) => `try{${call}}catch(error){console.error(error)}`).join("\n");
  return `"use strict";{const page=JSON.parse(document.getElementById("page-data").textContent);\n${tried}}`;
}

const hashOf = (text: string) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;

function mapSection(view: ClusteringView): Markup {
  const { positions, noMap, unit, labels } = view.data;
  const body = positions
    ? mapFigure(
        `map of ${unitCount(view, view.data.n)}, colored by cluster; the clusters are listed below`,
        labels !== undefined,
      )
    : html`<p class="callout">${noMap ?? "There is nothing to draw."}</p>`;
  return html`<section id="map"><h2>Map</h2>${body}<p class="note">Every dot is a ${unit[0]}; ${unit[1]} that share edges were drawn together, the others pushed apart. The clusters come from the graph and not from this map: small distances tell neighbors, large ones tell nothing. What no edge connects is put side by side, ${unit[1]} without an edge as a block.</p></section>`;
}

/**
 * The same data gives the same text.
 * @throws SpectroscopeError `bad-input` when the parts of the data do not fit each other
 */
export function renderClustering(data: ClusteringData): string {
  const view = viewOfClustering(data);
  const page = clusteringPage(view);
  const scores = labelScores(view);
  const rules = `${styleSheet}${mapStyle}${style}${hueRules(data.clusters.length)}`;
  const code = script();
  // Only this text of rules and this script run, and nothing is loaded: the browser holds the page to it.
  const policy = `default-src 'none'; style-src ${hashOf(rules)}; script-src ${hashOf(code)}; img-src data:; base-uri 'none'; form-action 'none'`;
  const links = [
    ["found", "Found"],
    ["map", "Map"],
    ...(scores ? [["labels", "Labels"]] : []),
    ["clusters", "Clusters"],
    ["how", "Advice and settings"],
  ];
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${raw(policy)}"><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark"><meta name="generator" content="spectroscope ${data.version}"><link rel="icon" href="data:,"><title>${data.title}</title>
<style>${raw(rules)}</style></head>
<body><header class="top"><h1>${data.title}</h1><nav aria-label="sections">${links.map(([id, name]) => html`<a href="#${id}">${name}</a>`)}</nav></header>
<main>${clusteringFacts(view)}${mapSection(view)}${scores}${clusterCards(view)}${howAndWhatNot(view, notShown(view, page.map?.edges !== undefined))}</main>
<footer>Made by spectroscope ${data.version}. This file is complete: it loads nothing.</footer>
<div class="selection" hidden><b></b><span></span><a href="#clusters">card</a><a href="#map">map</a><button type="button" aria-label="clear the selection">✕</button></div><div class="tip" hidden></div>
<script type="application/json" id="page-data">${scriptJson(page)}</script>
<script>${raw(code)}</script></body></html>
`.text;
}
