/** A layout shows what the graph has: clusters apart, components side by side, neighbors close; always the same bits. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { plantClusters } from "../../../harness/test/planted";
import { suite } from "../../../harness/test/suite";
import { type Graph, graphFromEdges } from "../../../kernels/graph/csr";
import { projectRoot } from "../../node/root";
import { nearestNeighbors } from "../knn";
import { principalScores } from "../pca";
import { makeRandom } from "../random";
import { symmetrize } from "../symmetrize";
import { layOut } from "./layout";

const test = suite("cluster/layout");

/** Share of nodes whose nearest other node on the map has their label. */
function agreement(at: Float64Array, labels: ArrayLike<number>): number {
  const n = at.length / 2;
  let agree = 0;
  for (let i = 0; i < n; i++) {
    let [best, least] = [-1, Infinity];
    for (let j = 0; j < n; j++) {
      const square = (at[2 * i] - at[2 * j]) ** 2 + (at[2 * i + 1] - at[2 * j + 1]) ** 2;
      if (j !== i && square < least) [best, least] = [j, square];
    }
    if (labels[best] === labels[i]) agree++;
  }
  return agree / n;
}

/** Mean silhouette (Rousseeuw 1987) of labels on the map. */
function silhouette(at: Float64Array, labels: ArrayLike<number>): number {
  const n = at.length / 2;
  const kinds = Math.max(...Array.from(labels)) + 1;
  let sum = 0;
  for (let i = 0; i < n; i++) {
    const far = new Float64Array(kinds);
    const count = new Float64Array(kinds);
    for (let j = 0; j < n; j++) {
      if (j === i) continue;
      far[labels[j]] += Math.hypot(at[2 * i] - at[2 * j], at[2 * i + 1] - at[2 * j + 1]);
      count[labels[j]]++;
    }
    const mean = far.map((total, kind) => total / count[kind]);
    const own = mean[labels[i]];
    const other = Math.min(...mean.filter((_, kind) => kind !== labels[i]));
    sum += (other - own) / Math.max(own, other);
  }
  return sum / n;
}

interface Box {
  left: number;
  right: number;
  top: number;
  bottom: number;
}

function boxOf(at: Float64Array, nodes: readonly number[]): Box {
  const xs = nodes.map((v) => at[2 * v]);
  const ys = nodes.map((v) => at[2 * v + 1]);
  return { left: Math.min(...xs), right: Math.max(...xs), top: Math.min(...ys), bottom: Math.max(...ys) };
}

const area = ({ left, right, top, bottom }: Box) => (right - left) * (bottom - top);
const apart = (a: Box, b: Box) => a.right < b.left || b.right < a.left || a.bottom < b.top || b.bottom < a.top;

/** A random graph of groups: edges inside with one probability, between with another. */
function blocks(sizes: readonly number[], inside: number, between: number): { graph: Graph; labels: number[] } {
  const labels = sizes.flatMap((size, group) => new Array<number>(size).fill(group));
  const { uniform } = makeRandom(5);
  const ends: number[] = [];
  for (let a = 0; a < labels.length; a++)
    for (let b = 0; b < a; b++) if (uniform() < (labels[a] === labels[b] ? inside : between)) ends.push(a, b);
  return { graph: graphFromEdges(labels.length, ends), labels };
}

const clique = (from: number, size: number): number[] => {
  const ends: number[] = [];
  for (let a = 0; a < size; a++) for (let b = 0; b < a; b++) ends.push(from + a, from + b);
  return ends;
};

test("planted blobs of a matrix are apart on the map", (t) => {
  const sizes = [60, 80, 100, 120, 140];
  const points = plantClusters({ seed: 2, sizes, body: 0, dims: 12, centers: 1.6, spread: 0.6 });
  const graph = symmetrize(nearestNeighbors(points, 12), points.rows, "union");
  for (const start of [principalScores(points, 2), undefined]) {
    const at = layOut(graph, { start });
    const [share, width] = [agreement(at, points.truth), silhouette(at, points.truth)];
    t.note(
      `${start ? "principal axes" : "landmarks"}: nearest agrees ${share.toFixed(3)}, silhouette ${width.toFixed(2)}`,
    );
    assert.ok(share > 0.98);
    assert.ok(width > 0.5);
  }
});

test("groups of a graph are apart on the map", (t) => {
  const { graph, labels } = blocks([40, 50, 60, 70, 80, 90], 0.2, 0.004);
  const at = layOut(graph);
  t.note(`nearest agrees ${agreement(at, labels).toFixed(3)}, silhouette ${silhouette(at, labels).toFixed(2)}`);
  assert.ok(agreement(at, labels) > 0.95);
  assert.ok(silhouette(at, labels) > 0.4);
});

test("the factions of the karate club and the conferences of football are seen", (t) => {
  const folder = join(projectRoot(), "..", "shared", "data", "graphs");
  if (!existsSync(folder)) t.skip("there is no ../shared/data");
  for (const [name, least] of [
    ["karate", 0.9],
    ["football", 0.8],
  ] as const) {
    const text = readFileSync(join(folder, `${name}.gml`), "utf8");
    const nodes = [...text.matchAll(/\bid\s+(\d+)[\s\S]*?\bgt\s+"?([^"\s]+)/g)];
    const ids = new Map(nodes.map(([, id], i) => [id, i]));
    const ends = [...text.matchAll(/source\s+(\d+)\s+target\s+(\d+)/g)].flatMap(([, a, b]) => [
      ids.get(a) as number,
      ids.get(b) as number,
    ]);
    const kinds = [...new Set(nodes.map(([, , label]) => label))];
    const labels = nodes.map(([, , label]) => kinds.indexOf(label));
    const share = agreement(layOut(graphFromEdges(nodes.length, ends)), labels);
    t.note(`${name}: ${nodes.length} nodes, nearest agrees ${share.toFixed(3)}`);
    assert.ok(nodes.length > 30 && share > least);
  }
});

test("the same input gives the same bits; seeds differ", () => {
  const { graph } = blocks([30, 40], 0.3, 0.02);
  const at = layOut(graph, { seed: 3 });
  assert.equal(layOut(graph, { seed: 3 }), at);
  assert.not.equal(layOut(graph, { seed: 4 }), at);
});

test("components stand side by side, with room for their nodes, and none is flung away", () => {
  const sizes = [120, 30, 30, 8, 3, 2, 2];
  const ends: number[] = [];
  let from = 0;
  const parts = sizes.map((size) => {
    ends.push(...clique(from, size));
    from += size;
    return Array.from({ length: size }, (_, i) => from - size + i);
  });
  const lone = Array.from({ length: 25 }, (_, i) => from + i);
  const at = layOut(graphFromEdges(from + 25, ends));
  assert.ok(at.every(Number.isFinite));
  const boxes = [...parts, lone].map((nodes) => boxOf(at, nodes));
  for (let a = 0; a < boxes.length; a++) for (let b = 0; b < a; b++) assert.ok(apart(boxes[a], boxes[b]), `${a}, ${b}`);
  // A node has the same room in every component, and no more than twice that is left empty.
  const whole = boxOf(
    at,
    Array.from({ length: from + 25 }, (_, v) => v),
  );
  assert.ok(area(whole) < 3 * (from + 25), `${area(whole)}`);
  assert.ok(area(boxes[0]) > 2.5 * area(boxes[1]));
});

test("many small components take no longer than one large graph", (t) => {
  const n = 40_000;
  const began = performance.now();
  const at = layOut(
    graphFromEdges(
      n,
      Array.from({ length: n }, (_, v) => v),
    ),
  );
  const seconds = (performance.now() - began) / 1000;
  t.note(`${n / 2} pairs: ${seconds.toFixed(1)} s`);
  assert.ok(at.every(Number.isFinite));
  assert.ok(seconds < 20);
});

test("one node, none, one edge and a star have a place each", () => {
  assert.is(layOut(graphFromEdges(0, [])).length, 0);
  assert.ok(layOut(graphFromEdges(1, [])).every(Number.isFinite));
  const pair = layOut(graphFromEdges(2, [0, 1]));
  assert.ok(Math.hypot(pair[0] - pair[2], pair[1] - pair[3]) > 0.1);
  const star = layOut(graphFromEdges(40, Array.from({ length: 39 }, (_, i) => [0, i + 1]).flat()));
  const places = new Set(
    Array.from({ length: 40 }, (_, v) => `${star[2 * v].toFixed(4)} ${star[2 * v + 1].toFixed(4)}`),
  );
  assert.is(places.size, 40);
});

test("weights of any scale give the same map, and equal starts are pulled apart", () => {
  const { graph } = blocks([30, 40], 0.3, 0.02);
  const scaled = (by: number): Graph => ({
    ...graph,
    weights: graph.weights.map((w) => w * by),
    degree: graph.degree.map((d) => d * by),
    volume: graph.volume * by,
  });
  assert.equal(layOut(scaled(2 ** 60)), layOut(graph));
  assert.equal(layOut(scaled(2 ** -60)), layOut(graph));
  const flat = { rows: graph.n, cols: 1, data: new Float64Array(graph.n).fill(7) };
  const at = layOut(graph, { start: flat });
  assert.ok(at.every(Number.isFinite));
  assert.ok(
    area(
      boxOf(
        at,
        Array.from({ length: graph.n }, (_, v) => v),
      ),
    ) > 10,
  );
});

test("of the smallest graphs neighbors are nearest: a path is in order, a star about its middle", () => {
  const graphOf = (n: number, edges: [number, number][]) => graphFromEdges(n, edges.flat());
  for (const [n, edges] of [
    [
      3,
      [
        [0, 1],
        [1, 2],
      ],
    ],
    [
      3,
      [
        [1, 0],
        [0, 2],
      ],
    ],
    [
      4,
      [
        [0, 1],
        [1, 2],
        [2, 3],
      ],
    ],
    [
      4,
      [
        [0, 1],
        [0, 2],
        [0, 3],
      ],
    ],
  ] as [number, [number, number][]][]) {
    const at = layOut(graphOf(n, edges));
    const apart = (a: number, b: number) => Math.hypot(at[2 * a] - at[2 * b], at[2 * a + 1] - at[2 * b + 1]);
    const joined = (a: number, b: number) => edges.some(([x, y]) => (x === a && y === b) || (x === b && y === a));
    let [longest, shortest] = [0, Infinity];
    for (let a = 0; a < n; a++)
      for (let b = 0; b < a; b++)
        if (joined(a, b)) longest = Math.max(longest, apart(a, b));
        else shortest = Math.min(shortest, apart(a, b));
    assert.ok(longest < shortest, `${JSON.stringify(edges)}: edges to ${longest}, others from ${shortest}`);
  }
});

test.run();
