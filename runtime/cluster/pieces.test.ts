/** Pieces of a cluster, against a plain search that sums over edges at every step. */
import * as assert from "uvu/assert";
import { suite } from "../../harness/test/suite";
import { type Graph, graphFromEdges } from "../../kernels/graph/csr";
import { clusterTies } from "../../kernels/graph/partition";
import { BlockModel } from "./block-model";
import { PieceJoiner } from "./pieces";
import { makeRandom } from "./random";

const test = suite("runtime/cluster/pieces");

/** Sets of nodes: size, volume, weight inside (both ends) and the tie to another set, each from the edges. */
function measure(graph: Graph, a: ReadonlySet<number>, b: ReadonlySet<number>) {
  let [volume, inside, tie] = [0, 0, 0];
  for (const v of a) {
    volume += graph.degree[v];
    for (let e = graph.offsets[v]; e < graph.offsets[v + 1]; e++) {
      if (a.has(graph.neighbors[e])) inside += graph.weights[e];
      if (b.has(graph.neighbors[e])) tie += graph.weights[e];
    }
  }
  return { volume, inside, tie };
}

function unionGain(graph: Graph, model: BlockModel, a: ReadonlySet<number>, b: ReadonlySet<number>): number {
  const [of, to] = [measure(graph, a, b), measure(graph, b, a)];
  return model.union(of.inside, to.inside, of.tie, of.volume, to.volume);
}

/** The parts of one cluster as they are defined: the most strongly tied pair that should is joined, from the edges anew each time. */
function plainParts(
  graph: Graph,
  model: BlockModel,
  nodes: readonly number[],
  piece: Int32Array,
  minSize: number,
  cost: number,
): number[][] {
  const names = [...new Set(nodes.map((v) => piece[v]))];
  let parts = names.map((name) => new Set(nodes.filter((v) => piece[v] === name)));
  for (;;) {
    let best: { strength: number; a: number; b: number } | undefined;
    for (let a = 0; a < parts.length; a++) {
      for (let b = a + 1; b < parts.length; b++) {
        const [of, to] = [measure(graph, parts[a], parts[b]), measure(graph, parts[b], parts[a])];
        if (of.tie === 0) continue;
        const small = parts[a].size < minSize || parts[b].size < minSize;
        if (!small && !(unionGain(graph, model, parts[a], parts[b]) > 0)) continue;
        const strength = of.tie / (of.volume * to.volume);
        if (!best || strength > best.strength) best = { strength, a, b };
      }
    }
    if (!best) break;
    const { a, b } = best;
    parts[a] = new Set([...parts[a], ...parts[b]]);
    parts = parts.filter((_, i) => i !== b);
  }
  const whole = [[...nodes]];
  if (parts.length === 1 || parts.some(({ size }) => size < minSize)) return whole;
  // Likelihood of the parts less that of their union: unions one after the other, in any order.
  let gain = 0;
  let all = parts[0];
  for (const part of parts.slice(1)) {
    gain -= unionGain(graph, model, all, part);
    all = new Set([...all, ...part]);
  }
  const entropy = -parts.reduce((sum, { size }) => sum + size * Math.log(size / nodes.length), 0);
  return gain > cost * entropy ? parts.map((part) => [...part].sort((a, b) => a - b)) : whole;
}

test("pieces join as a search over all pairs joins them, and a split pays for its entropy as sums over edges say", (t) => {
  const counts = new Map<number, number>();
  for (let seed = 0; seed < 400; seed++) {
    const { uniform } = makeRandom(seed);
    const groups = 2 + Math.floor(4 * uniform());
    const size = 4 + Math.floor(8 * uniform());
    const rest = 30;
    const n = groups * size + rest;
    const group = (v: number) => (v < groups * size ? Math.floor(v / size) : groups);
    const inner = 0.25 + 0.7 * uniform();
    const outer = 0.25 * uniform();
    const ends: number[] = [];
    const weights: number[] = [];
    for (let v = 0; v < n; v++) {
      for (let u = 0; u < v; u++) {
        const p = group(v) === groups || group(u) === groups ? (group(u) === group(v) ? 0.3 : 0.03) : undefined;
        if (uniform() >= (p ?? (group(u) === group(v) ? inner : outer))) continue;
        ends.push(u, v);
        weights.push(seed % 2 === 0 ? 1 : 0.3 + uniform());
      }
    }
    const graph = graphFromEdges(n, ends, seed % 2 === 0 ? undefined : weights);
    // The groups are one cluster, what is around them another; pieces of a third of a group, some nodes in a wrong one.
    const labels = Int32Array.from({ length: n }, (_, v) => (v < groups * size ? 0 : 1));
    const piece = Int32Array.from({ length: n }, (_, v) => {
      const own = 3 * group(v) + (v % 3);
      return uniform() < 0.1 ? 3 * Math.floor(groups * uniform()) : own;
    }).map((name, v) => (v < groups * size ? name : 3 * groups + 1));
    const model = new BlockModel(clusterTies(graph, labels, 2), graph);
    const nodes = Array.from({ length: groups * size }, (_, v) => v);
    const minSize = 2 + (seed % 4);
    const joiner = new PieceJoiner(graph, piece, model, minSize);
    for (const cost of [0, 0.5, 0.75]) {
      const { count, of } = joiner.parts(Uint32Array.from(nodes), cost) ?? {
        count: 1,
        of: new Int32Array(nodes.length),
      };
      const found = Array.from({ length: count }, (_, c) => nodes.filter((_, i) => of[i] === c));
      const expected = plainParts(graph, model, nodes, piece, minSize, cost);
      const sorted = (sets: number[][]) => sets.map((set) => set.join()).sort();
      assert.equal(sorted(found), sorted(expected), `graph ${seed}, cost ${cost}`);
      counts.set(count, (counts.get(count) ?? 0) + 1);
    }
  }
  t.note(
    [...counts]
      .sort((a, b) => a[0] - b[0])
      .map(([parts, times]) => `${parts} parts: ${times}`)
      .join(", "),
  );
  assert.ok((counts.get(1) ?? 0) > 100 && (counts.get(2) ?? 0) > 50 && (counts.get(3) ?? 0) > 50);
});

test("one piece, and more than 64, are one part", () => {
  // Seventy triangles in a row: plainly pieces.
  const ends: number[] = [];
  for (let c = 0; c < 70; c++) {
    ends.push(3 * c, 3 * c + 1, 3 * c + 1, 3 * c + 2, 3 * c, 3 * c + 2);
    if (c > 0) ends.push(3 * c - 1, 3 * c);
  }
  const graph = graphFromEdges(210, ends);
  const model = new BlockModel(clusterTies(graph, new Int32Array(210), 1), graph);
  const piece = Int32Array.from({ length: 210 }, (_, v) => Math.floor(v / 3));
  const joiner = new PieceJoiner(graph, piece, model, 2);
  const upTo = (n: number) => Uint32Array.from({ length: n }, (_, v) => v);
  assert.is(joiner.parts(upTo(3), 0), undefined);
  assert.is(joiner.parts(upTo(3 * 65), 0), undefined);
  assert.ok((joiner.parts(upTo(3 * 64), 0)?.count ?? 1) > 1);
  assert.is(joiner.parts(upTo(3 * 64), 1e9), undefined, "no split pays that");
});

test.run();
