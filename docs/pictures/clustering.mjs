/**
 * Draws `clustering-way.svg`, the way of docs/clustering.md from a matrix or a graph to clusters, and `clustering-maps.svg`, the
 * maps that `cluster --report` draws of two made-up inputs: `node docs/pictures/clustering.mjs`, some ten seconds.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { picture } from "./svg.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const program = join(here, "..", "..", "harness", "setup", "spectroscope.mjs");

/** Column, row, name and what is done there. */
const BOXES = {
  matrix: [0, 0, "matrix", "a row a point"],
  points: [1, 0, "points", "columns, rows, order"],
  neighbors: [2, 0, "k nearest neighbors", "ties as a whole"],
  graph: [3, 0, "graph", "mutual or union"],
  parts: [4, 0, "parts far apart", "one by one"],
  file: [0, 1, "graph file", "an edge a line, ..."],
  components: [4, 1, "components", "without a null"],
  searches: [4, 2, "searches of seeds", "walk, sweep, polish"],
  candidates: [3, 2, "candidates", "beat the envelope"],
  chosen: [2, 2, "chosen sets", "lowest first, disjoint"],
  refined: [1, 2, "refinement", "split, merge, move"],
  clusters: [0, 2, "clusters", "beat it once more"],
  nulls: [4, 3, "null graphs", "the same search"],
  envelope: [3, 3, "envelope", "lowest by volume"],
  left: [0, 3, "left out", "said, where in one piece"],
};
const ARROWS = [
  ...["matrix>points", "points>neighbors", "neighbors>graph", "graph>parts", "parts>components", "file>components"],
  ...["components>searches", "searches>candidates", "candidates>chosen", "chosen>refined", "refined>clusters"],
  ...["nulls>envelope", "envelope>candidates", "clusters>left"],
];
const BOX = { width: 146, height: 40 };
const at = (name) => [90 + 172 * BOXES[name][0], 34 + 76 * BOXES[name][1]];

/** From edge to edge of two boxes, straight. */
function arrow(key) {
  const [[x, y], [u, v]] = key.split(">").map(at);
  const [dx, dy] = [Math.sign(u - x), y === v ? 0 : Math.sign(v - y)];
  const side = dy === 0 ? [dx * (BOX.width / 2), 0] : [0, dy * (BOX.height / 2)];
  return `<path class="line thin s8" marker-end="url(#tip)" d="M${x + side[0]} ${y + side[1]}L${u - side[0] - 2 * (dy === 0 ? dx : 0)} ${v - side[1] - 2 * dy}"/>`;
}

function way() {
  const boxes = Object.keys(BOXES).map((name) => {
    const [x, y] = at(name);
    const [, , title, what] = BOXES[name];
    const rect = `<rect class="band s8" stroke-width="1" x="${x - BOX.width / 2}" y="${y - BOX.height / 2}" width="${BOX.width}" height="${BOX.height}" rx="5"/>`;
    return `${rect}<text class="title" x="${x}" y="${y - 3}" text-anchor="middle">${title}</text><text class="small quiet" x="${x}" y="${y + 13}" text-anchor="middle">${what}</text>`;
  });
  const [[from, row], [to]] = [at("chosen"), at("searches")];
  const top = row - BOX.height / 2;
  const rounds = [
    `<path class="line thin s8" marker-end="url(#tip)" d="M${from} ${top}v-12H${to - 30}v10"/>`,
    `<text class="small quiet" x="${(from + to) / 2}" y="${top - 16}" text-anchor="middle">rounds: what is left over</text>`,
  ];
  const tip =
    '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path class="f8" d="M0 0L8 4L0 8z"/></marker></defs>';
  const description = "The way from a matrix or a graph file over searches and candidates to clusters";
  return picture({ width: 868, height: 296, description, parts: [tip, ...ARROWS.map(arrow), ...rounds, ...boxes] });
}

/** Uniform numbers of 0 to 1 (Park and Miller 1988), so that the inputs are the same everywhere. */
function uniform(seed) {
  let state = seed;
  return () => {
    state = (state * 48271) % 2147483647;
    return state / 2147483647;
  };
}

/** Seven groups of 30 to 90 points in a body of 1,000, 32 columns, as text. */
function pointsInBody() {
  const next = uniform(11);
  const normal = () => Math.sqrt(-2 * Math.log(next())) * Math.cos(2 * Math.PI * next());
  const row = (center, spread) => center.map((c) => (c + spread * normal()).toFixed(4)).join(",");
  const columns = Array.from({ length: 32 }, (_, i) => `x${i}`);
  const lines = [columns.join(",")];
  for (let i = 0; i < 1000; i++)
    lines.push(
      row(
        columns.map(() => 0),
        1,
      ),
    );
  for (let g = 0; g < 7; g++) {
    const center = columns.map(() => 1.6 * normal());
    for (let i = 0; i < 30 + 10 * g; i++) lines.push(row(center, 0.35));
  }
  return `${lines.join("\n")}\n`;
}

/** Twelve groups of eight; one edge of six leads anywhere. */
function groupsWithEdges() {
  const next = uniform(5);
  const lines = ["source,target"];
  for (let v = 0; v < 96; v++)
    for (let u = v - (v % 8); u < v; u++)
      lines.push(`${v},${next() < 1 / 6 ? (v + 1 + Math.floor(95 * next())) % 96 : u}`);
  return `${lines.join("\n")}\n`;
}

/** What the page of a clustering holds of its map: places from 0 to 1 of the longer side, and groups from 1. */
function mapOf(folder, input, option) {
  const [path, page] = [join(folder, input.name), join(folder, "page.html")];
  writeFileSync(path, input.text);
  const words = ["cluster", option, path, "--out", join(folder, "clusters.jsonl"), "--report", page];
  console.error(execFileSync(process.execPath, [program, ...words], { encoding: "utf8" }).trim());
  const found = /id="page-data">(.*?)<\/script>/s.exec(readFileSync(page, "utf8"));
  const { map } = JSON.parse(found[1]);
  const numbers = (text, Kind) => new Kind(Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer);
  const edges = option === "--graph" ? numbers(map.edges, Uint32Array) : [];
  return { xy: numbers(map.xy, Uint16Array), group: numbers(map.group, Uint16Array), edges };
}

function mapPanel({ xy, group, edges }, left, title) {
  const x = (v) => Math.round(left + (340 * xy[2 * v]) / 65535);
  const y = (v) => Math.round(34 + (340 * xy[2 * v + 1]) / 65535);
  const out = [`<text class="title" x="${left}" y="20">${title}</text>`];
  let lines = "";
  for (let e = 0; e < edges.length; e += 2)
    lines += `M${x(edges[e])} ${y(edges[e])}L${x(edges[e + 1])} ${y(edges[e + 1])}`;
  if (lines) out.push(`<path class="grid" fill="none" d="${lines}"/>`);
  /** Colors come again after five groups; neighbors on the map are told apart by their place. */
  const paths = new Map();
  for (let v = 0; v < group.length; v++) {
    const color = group[v] === 0 ? 8 : (group[v] - 1) % 5;
    paths.set(color, `${paths.get(color) ?? ""}M${x(v)} ${y(v)}h0`);
  }
  const dots = [...paths].sort(([a], [b]) => b - a);
  for (const [color, path] of dots)
    out.push(
      `<path class="s${color}" fill="none" stroke-linecap="round" stroke-width="${color === 8 ? 2 : 5}" d="${path}"/>`,
    );
  return out;
}

function maps() {
  const folder = mkdtempSync(join(tmpdir(), "maps-"));
  try {
    const matrix = mapOf(folder, { name: "X.csv", text: pointsInBody() }, "--matrix");
    const graph = mapOf(folder, { name: "edges.csv", text: groupsWithEdges() }, "--graph");
    const description = "Maps of two reports: groups of points in a body, gray, and groups of nodes of a graph";
    const parts = [
      ...mapPanel(matrix, 20, "--matrix: seven groups in a body"),
      ...mapPanel(graph, 400, "--graph: twelve groups, a sixth of edges astray"),
    ];
    return picture({ width: 760, height: 394, description, parts });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

writeFileSync(join(here, "clustering-way.svg"), way());
writeFileSync(join(here, "clustering-maps.svg"), maps());
