/**
 * Draws the rooms of docs/architecture.md and who imports whom, from the sources: `node docs/pictures/rooms.mjs`. An arrow that
 * follows from others is left out. Places are set by hand; a room without one, or an arrow that points upwards, is an error.
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { picture } from "./svg.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, "..", "..");

/** Middle of each room's box, the row that it stands in, and what is in it. */
const PLACES = {
  harness: [450, 0, "cli, report, verify, bench, test, setup"],
  "models/corpora.ts": [420, 1, "a run's texts"],
  "models/embedded.ts": [610, 1.75, "model of a preset"],
  "models/hub": [790, 1, "fetch, cache; Node"],
  "models/grammars": [255, 4, "text with roles"],
  "models/nano": [170, 3.25, "an embedded model"],
  "models/iota": [310, 3.25, "another"],
  "models/presets.ts": [240, 2.5, "what is known of both"],
  "models/text": [450, 3, "tokenizer, rows"],
  "models/weights.ts": [620, 3, "config and tensors"],
  "models/formats": [500, 4, "safetensors, ids"],
  "models/families": [660, 4, "GPT-NeoX"],
  "models/sae": [790, 3, "autoencoders' files"],
  "runtime/measure": [255, 5, "the pipeline"],
  "runtime/node": [790, 5, "all that is Node's"],
  "runtime/store": [400, 6, "runs, Zarr"],
  "runtime/susceptibility": [360, 7, "chi, diagnostics"],
  "runtime/sampler": [420, 8, "chains"],
  "runtime/cluster": [258, 9, "graph, clusters"],
  "runtime/modes": [96, 9, "laws, modes, shares"],
  "runtime/sae": [620, 7, "codes of features"],
  "runtime/transformer": [520, 9, "plans of a model"],
  "runtime/webgpu": [670, 9, "a GPU as Device"],
  "runtime/processor": [820, 9, "WebAssembly"],
  "runtime/formats": [90, 10, "JSON, npy, edges"],
  "runtime/statistics": [235, 11, "ranks, quantiles"],
  "runtime/config": [380, 10, "schemas of keys"],
  "runtime/plan": [580, 10, "calls, Device, Memory"],
  "runtime/threads": [790, 10, "workers"],
  kernels: [450, 12, "WGSL and AssemblyScript, a folder each; registry"],
};

/** Arrows that leave their straight way for this x, to pass between boxes. */
const DETOURS = {
  "runtime/store>runtime/formats": 16,
  "runtime/susceptibility>runtime/statistics": 168,
  "models/families>runtime/transformer": 520,
};

const GROUPS = [
  ["harness", 0, 0],
  ["models", 1, 4],
  ["runtime", 5, 11],
  ["kernels", 12, 12],
];

const WIDTH = 900;
const BOX = { width: 132, height: 36 };
const ROW = 64;
const TOP = 16;

/** The room that a path is in. Of `models` itself: what opens weights, what opens texts, what is known of embedded models. */
function roomOf(path) {
  const [room, inner, file] = path.split("/");
  if (room === "harness" || room === "kernels") return room;
  if (file !== undefined) return `${room}/${inner}`;
  const [name] = inner.split(".");
  return ["corpora", "embedded", "presets"].includes(name) ? `models/${name}.ts` : "models/weights.ts";
}

function* sources(folder) {
  for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) {
      if (entry.name !== "assembly") yield* sources(path);
    } else if (/(?<!\.test|\.d)\.ts$/.test(entry.name)) yield path;
  }
}

/** Rooms that each room imports from. */
function importsByRoom() {
  const found = new Map(Object.keys(PLACES).map((room) => [room, new Set()]));
  for (const file of ["kernels", "runtime", "models", "harness"].flatMap((folder) => [...sources(folder)])) {
    const from = roomOf(file);
    if (!found.has(from)) throw new Error(`docs/pictures/rooms.mjs has no place for ${from}`);
    for (const [, path] of readFileSync(join(root, file), "utf8").matchAll(/\bfrom\s+["'](\.[^"']+)["']/g)) {
      const target = normalize(join(dirname(file), path));
      if (!/^(kernels|runtime|models|harness)\//.test(target)) continue;
      const to = roomOf(target);
      if (to !== from) found.get(from).add(to);
    }
  }
  return found;
}

/** Arrows without those that others imply. */
function reduced(imports) {
  const reaches = (from, to, skip) =>
    [...imports.get(from)].some((next) => next !== skip && (next === to || reaches(next, to)));
  const arrows = [];
  for (const [from, targets] of imports) {
    for (const to of targets) {
      if (PLACES[from][1] >= PLACES[to][1]) throw new Error(`${from} imports ${to}, which is drawn above it`);
      if (!reaches(from, to, to)) arrows.push([from, to]);
    }
  }
  return arrows;
}

const middle = (row) => TOP + row * ROW + BOX.height / 2;
const widthOf = (room) => (room.includes("/") ? BOX.width : 330);

function box(room) {
  const [x, row, words] = PLACES[room];
  const [width, y] = [widthOf(room), middle(row) - BOX.height / 2];
  const color = room === "runtime/node" || room === "models/hub" || room === "harness" ? 1 : 0;
  const place = `x="${x - width / 2}" y="${y}" width="${width}" height="${BOX.height}" rx="5"`;
  return [
    `<rect class="paper" ${place}/><rect class="line thin s${color}" ${place}/>`,
    `<text class="title" x="${x}" y="${y + 15}" text-anchor="middle">${room.split("/").at(-1)}</text>`,
    `<text class="small quiet" x="${x}" y="${y + 29}" text-anchor="middle">${words}</text>`,
  ].join("");
}

/** From below one box to above another; ends are spread along wide boxes. */
function arrow([from, to]) {
  const [[x1, row1], [x2, row2]] = [PLACES[from], PLACES[to]];
  const within = (room, x, other) => Math.max(x - widthOf(room) / 2 + 20, Math.min(x + widthOf(room) / 2 - 20, other));
  const start = [
    row1 === 0 ? within(from, x1, x2) : within(from, x1, x1 + (x2 - x1) / 4),
    middle(row1) + BOX.height / 2,
  ];
  const end = [
    to === "kernels" ? within(to, x2, x1) : within(to, x2, x2 + (x1 - x2) / 6),
    middle(row2) - BOX.height / 2 - 5,
  ];
  const curve = ([ax, ay], [bx, by]) => `C${ax} ${(ay + by) / 2} ${bx} ${(ay + by) / 2} ${bx} ${by}`;
  const detour = DETOURS[`${from}>${to}`];
  const passed =
    detour === undefined
      ? []
      : [
          [detour, start[1] + ROW],
          [detour, end[1] - 26],
        ];
  const way =
    passed.length === 0 ? curve(start, end) : `${curve(start, passed[0])}V${passed[1][1]}${curve(passed[1], end)}`;
  return `<path class="line thin s8" d="M${start[0]} ${start[1]}${way}" marker-end="url(#head)"/>`;
}

function group([name, first, last]) {
  const [top, bottom] = [middle(first) - ROW / 2 + 3, middle(last) + ROW / 2 - 3];
  return [
    `<rect class="band" x="6" y="${top}" width="${WIDTH - 12}" height="${bottom - top}" rx="6"/>`,
    `<text class="title" x="16" y="${top + 18}">${name}/</text>`,
  ].join("");
}

const arrows = reduced(importsByRoom());
const svg = picture({
  width: WIDTH,
  height: TOP + 12 * ROW + BOX.height + 22,
  description: `Rooms and who imports whom: ${arrows.map(([from, to]) => `${from} from ${to}`).join(", ")}`,
  parts: [
    '<defs><marker id="head" viewBox="0 0 8 8" refX="3" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path class="f8" d="M0 0L8 4L0 8z"/></marker></defs>',
    ...GROUPS.map(group),
    ...arrows.map(arrow),
    ...Object.keys(PLACES).map(box),
    `<text class="small quiet" x="${WIDTH - 16}" y="${middle(0) + 4}" text-anchor="end">orange: may ask for Node</text>`,
  ],
});
writeFileSync(join(here, "rooms.svg"), svg);
console.log(`${arrows.length} arrows`);
