/** Graphs of a folder: our own binary files, GML with a group at each node, and edge lists with their groups. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { SpectroscopeError } from "../../../kernels/errors";
import { EdgeSet, readGraph, type TruthGraph } from "./truth-graph";

export interface NamedGraph {
  readonly name: string;
  readonly graph: TruthGraph;
}

/**
 * All graphs of a folder, by name: NAME.bin (see `writeGraph`) with NAME.truth.bin; NAME.gml with `gt` at its nodes;
 * NAME.csv.gz (two node numbers a line) with NAME.truth.json.gz (`communities`: lists of nodes); NAME.tsv (the same, nodes
 * from 0) with NAME.labels.txt (a group a line, node by node). Directions, loops and repeats are dropped.
 * @throws SpectroscopeError for a folder that is not there and for files that are not so
 */
export function graphsOfFolder(folder: string): NamedGraph[] {
  if (!existsSync(folder)) {
    throw new SpectroscopeError(`--graphs ${folder}: no such folder`, {
      code: "usage",
      hint: "name a folder of graphs",
    });
  }
  const graphs: NamedGraph[] = [];
  for (const file of readdirSync(folder).sort()) {
    const path = join(folder, file);
    const name = file.replace(/\.(bin|gml|csv\.gz|tsv)$/, "");
    if (name === file || file.endsWith(".truth.bin")) continue;
    const beside = (suffix: string) => {
      const truth = join(folder, name + suffix);
      return existsSync(truth) ? truth : undefined;
    };
    if (file.endsWith(".bin")) graphs.push({ name, graph: readGraph(path, beside(".truth.bin")) });
    else if (file.endsWith(".gml")) graphs.push({ name, graph: parseGml(readFileSync(path, "utf8"), path) });
    else if (file.endsWith(".tsv")) graphs.push({ name, graph: readTsv(path, beside(".labels.txt")) });
    else graphs.push({ name, graph: readCsv(path, beside(".truth.json.gz")) });
  }
  return graphs;
}

/** The nodes, edges and `gt` of a GML file; other keys are passed over. Throws SpectroscopeError. */
export function parseGml(text: string, path: string): TruthGraph {
  const blocks = (kind: string) => text.matchAll(new RegExp(`\\b${kind}\\s*\\[([^\\]]*)\\]`, "g"));
  const value = (block: string, key: string) => block.match(new RegExp(`(?:^|\\s)${key}\\s+("[^"]*"|\\S+)`))?.[1];
  const index = new Map<string, number>();
  const groups: (string | undefined)[] = [];
  for (const [, block] of blocks("node")) {
    index.set(value(block, "id") ?? "", groups.length);
    groups.push(value(block, "gt"));
  }
  const edges = new EdgeSet(groups.length);
  for (const [, block] of blocks("edge")) {
    const [a, b] = [index.get(value(block, "source") ?? ""), index.get(value(block, "target") ?? "")];
    if (a === undefined || b === undefined) {
      throw new SpectroscopeError(`${path}: an edge ends at no node: ${block.trim().replace(/\s+/g, " ")}`);
    }
    edges.add(a, b);
  }
  const names = [...new Set(groups)].filter((group) => group !== undefined);
  const truth = names.length > 0 ? Int32Array.from(groups, (group) => names.indexOf(group!)) : undefined;
  return { n: groups.length, ends: Uint32Array.from(edges.ends), truth };
}

function readCsv(path: string, truthPath?: string): TruthGraph {
  const pairs = pairsOf(gunzipSync(readFileSync(path)).toString("utf8"));
  const communities: number[][] = truthPath
    ? JSON.parse(gunzipSync(readFileSync(truthPath)).toString("utf8")).communities
    : [];
  const graph = graphOfPairs(pairs, path, nodesOf(communities));
  if (!truthPath) return graph;
  const truth = new Int32Array(graph.n).fill(-1);
  communities.forEach((nodes, group) => {
    for (const v of nodes) truth[v] = group;
  });
  return { ...graph, truth };
}

function readTsv(path: string, labelsPath?: string): TruthGraph {
  const pairs = pairsOf(readFileSync(path, "utf8"));
  if (!labelsPath) return graphOfPairs(pairs, path, 0);
  const labels = readFileSync(labelsPath, "utf8").trimEnd().split(/\r?\n/);
  const graph = graphOfPairs(pairs, path, labels.length);
  if (labels.length < graph.n) {
    throw new SpectroscopeError(`${labelsPath}: has ${labels.length} lines for ${graph.n} nodes`, {
      hint: "a group a line, node by node",
    });
  }
  const groups = [...new Set(labels)];
  return { ...graph, truth: Int32Array.from(labels, (label) => groups.indexOf(label)) };
}

/** The first two numbers of every line. */
const pairsOf = (text: string): number[][] =>
  text
    .split(/\r?\n/)
    .filter(Boolean)
    .map((line) => line.split(/[\s,]+/, 2).map(Number));

const nodesOf = (lists: readonly number[][]): number =>
  lists.reduce((most, nodes) => nodes.reduce((n, v) => Math.max(n, v + 1), most), 0);

/** `least`: nodes there are whether edges name them or not. */
function graphOfPairs(pairs: readonly number[][], path: string, least: number): TruthGraph {
  const n = Math.max(least, nodesOf(pairs));
  if (!Number.isSafeInteger(n)) throw new SpectroscopeError(`${path}: a line does not begin with two node numbers`);
  const edges = new EdgeSet(n);
  for (const [a, b] of pairs) edges.add(a, b);
  return { n, ends: Uint32Array.from(edges.ends) };
}
