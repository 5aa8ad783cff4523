import * as assert from "uvu/assert";
import { refused } from "../../harness/test/refused";
import { suite } from "../../harness/test/suite";
import { openPool } from "../../runtime/threads/pool";
import { SpectroscopeError } from "../errors";
import { type Csr, checkCsr, type Graph, graphFromEdges, inducedSubgraph } from "./csr";
import { GraphKernel } from "./graph";
import { GraphMemory, graphSource } from "./memory";
import { clusterTies, pieces, relabel } from "./partition";
import { conductance, pickPrefix, polish, push, SWEEP_RULES, search, sweep } from "./reference";

const test = suite("kernels/graph");

/** Uniform numbers from a linear congruential generator: plenty for test graphs. */
function generator(seed: number): () => number {
  let state = seed * 2654435761 + 1;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 4294967296;
  };
}

/** Blocks of 20 nodes with mostly inner edges; weights 1 or random. */
function blocks(seed: number, n: number, edges: number, weighted: boolean): Graph {
  const random = generator(seed);
  const pick = (limit: number) => Math.floor(random() * limit);
  const ends: number[] = [];
  const weights: number[] = [];
  for (let e = 0; e < edges; e++) {
    const a = pick(n);
    const inner = Math.min(n - 1, Math.floor(a / 20) * 20 + pick(20));
    ends.push(a, random() < 0.8 ? inner : pick(n));
    weights.push(0.1 + random());
  }
  return graphFromEdges(n, ends, weighted ? weights : undefined);
}

/** Two cliques of `size` joined by one edge. */
function barbell(size: number): Graph {
  const ends: number[] = [0, size];
  for (const base of [0, size])
    for (let a = 0; a < size; a++) for (let b = 0; b < a; b++) ends.push(base + a, base + b);
  return graphFromEdges(2 * size, ends);
}

const ids = (n: number) => Uint32Array.from({ length: n }, (_, i) => i);
const OPTIONS = {
  alpha: 0.05,
  lazy: false,
  tolerances: [1e-2, 1e-3, 1e-5],
  maxPushes: Infinity,
  rule: "prominent" as const,
  delta: 0.2,
  minSize: 3,
  phiMax: 0.6,
  openPhi: 0.3,
  every: false,
  polishRounds: 4,
  strictness: 0.6,
};

test("WebAssembly equals the twin bit for bit on 1,000 random graphs", async (t) => {
  let searches = 0;
  let sets = 0;
  let moves = 0;
  let parted = 0;
  let beyond = 0;
  const kernel = new GraphKernel(barbell(3));
  for (let round = 0; round < 1000; round++) {
    const random = generator(100 + round);
    const n = 5 + Math.floor(random() * (round % 50 === 0 ? 1500 : 120));
    const graph = blocks(round + 1, n, Math.floor(n * (1 + random() * 5)), round % 2 === 1);
    kernel.load(graph);
    const rule = SWEEP_RULES[round % 3];
    const seed = Math.floor(random() * n);
    const tolerance = 10 ** (-1 - 4 * random());
    const walk = push(graph, seed, 0.05, tolerance, Infinity);
    assert.equal(kernel.push(seed, 0.05, tolerance), walk);
    const half = graph.volume / 2;
    const cut = sweep(graph, walk.nodes, walk.p, rule, 0.2, 3, half);
    assert.equal(kernel.sweep(rule, 0.2, 3, half), cut);
    const set = cut.order.subarray(0, cut.size);
    assert.is(kernel.conductance(set), conductance(graph, set));
    assert.equal(kernel.polish(set, 5, 0.7, 3, half), polish(graph, set, 5, 0.7, 3, half));
    // Sets of more than half of the volume, and of all but minSize nodes.
    const whole = sweep(graph, walk.nodes, walk.p, rule, 0.2, 3, graph.volume);
    assert.equal(kernel.sweep(rule, 0.2, 3, graph.volume), whole);
    const most = whole.order.subarray(0, whole.size);
    assert.equal(kernel.polish(most, 5, 0.7, 3, graph.volume), polish(graph, most, 5, 0.7, 3, graph.volume));
    if (2 * whole.volumes[whole.size - 1] > graph.volume) beyond++;

    const options = {
      ...OPTIONS,
      rule,
      lazy: round % 4 === 0,
      every: round % 5 === 0,
      maxPushes: round % 7 === 0 ? 40 : Infinity,
      maxVolume: round % 3 === 0 ? graph.volume : (0.2 + 0.3 * random()) * graph.volume,
      mainBody: 0.9,
    };
    const seeds = ids(n).filter(() => random() < 20 / n);
    const found = await kernel.searchMany(seeds, options);
    for (const [i, v] of seeds.entries()) assert.equal(found[i], search(graph, v, options));
    searches += seeds.length;
    for (const result of found) {
      sets += result.sets.length + result.measures.length;
      for (const { volume } of result.sets) if (2 * volume > graph.volume) beyond++;
    }

    const labels = Int32Array.from({ length: n }, (_, v) => (random() < 0.3 ? -1 : Math.floor(v / 10)));
    const count = Math.ceil(n / 10);
    const relabelled = labels.slice();
    const rules = { share: 0.3 * random(), gamma: 3 * random(), joins: round % 3 > 0, rounds: 6 };
    const expected = relabel(graph, labels, count, rules);
    assert.is(await kernel.relabel(relabelled, count, rules), expected);
    assert.equal(relabelled, labels);
    assert.equal(await kernel.clusterTies(labels, count), clusterTies(graph, labels, count));
    moves += expected;
    // Clusters of some forty nodes, so that they have pieces; one gamma, or one each.
    const wide = labels.map((label) => (label < 0 ? -1 : label >> 2));
    const number = 1 + (count >> 2);
    const gamma = round % 2 ? 3 * random() : Float64Array.from({ length: number }, () => 4 * random());
    const parts = pieces(graph, wide, { gamma, rounds: 1 + (round % 5) });
    assert.equal(await kernel.pieces(wide, number, { gamma, rounds: 1 + (round % 5) }), parts);
    parted += new Set(parts).size;
  }
  t.note(
    `1,000 walks, ${searches} searches with ${sets} sets (${beyond} sets of more than half), ${moves} relabelled nodes, ` +
      `${parted} pieces compared, tolerance 0`,
  );
  assert.ok(beyond > 100);
});

test("a shared memory with any number of threads gives the same bytes", async () => {
  const graph = blocks(11, 1200, 5000, true);
  const options = { ...OPTIONS, maxVolume: graph.volume / 4, mainBody: 0.9 };
  const labels = Int32Array.from(ids(graph.n), (v) => (v % 7 === 0 ? -1 : Math.floor(v / 130)));
  const rules = { gamma: Float64Array.from({ length: 10 }, (_, c) => c / 2), rounds: 6 };
  const parts = pieces(graph, labels, rules);
  const alone = JSON.stringify(await new GraphKernel(graph).searchMany(ids(graph.n), options));
  for (const threads of [1, 2, 3]) {
    const pool = await openPool(graphSource, { pages: new GraphMemory(graph, threads).pages, threads });
    try {
      const kernel = new GraphKernel(graph, pool);
      for (let repeat = 0; repeat < 2; repeat++) {
        assert.equal(await kernel.pieces(labels, 10, rules), parts, `${threads} threads`);
        assert.equal(await kernel.clusterTies(labels, 10), clusterTies(graph, labels, 10), `${threads} threads`);
        assert.is(JSON.stringify(await kernel.searchMany(ids(graph.n), options)), alone, `${threads} threads`);
      }
    } finally {
      await pool.close();
    }
  }
});

test("what threads foresee of a round changes no relabelling", async (t) => {
  const pool = await openPool(graphSource, { pages: 200, threads: 2 });
  let moves = 0;
  let left = 0;
  try {
    for (let round = 0; round < 30; round++) {
      const random = generator(900 + round);
      const n = 1000 + Math.floor(2000 * random());
      const graph = blocks(round + 31, n, Math.floor(n * (1 + 4 * random())), round % 2 === 1);
      const count = Math.ceil(n / 20);
      // True blocks, of which a part of the nodes are in another, or in none.
      const labels = Int32Array.from(ids(n), (v) =>
        random() < 0.15 ? -1 : random() < 0.2 ? Math.floor(random() * count) : Math.floor(v / 20),
      );
      const found = labels.slice();
      const rules = { share: 0.6 * random(), gamma: 4 * random(), joins: round % 3 > 0, rounds: 8 };
      const expected = relabel(graph, labels, count, rules);
      assert.is(await new GraphKernel(graph, pool).relabel(found, count, rules), expected);
      assert.equal(found, labels);
      moves += expected;
      left += found.filter((label) => label < 0).length;
    }
  } finally {
    await pool.close();
  }
  t.note(`${moves} moves, ${left} nodes in no cluster, tolerance 0`);
});

test("a graph that WebAssembly cannot hold is refused before anything is allocated", () => {
  const huge = { n: 30_000_000, neighbors: { length: 900_000_000 } as Uint32Array, unit: true };
  assert.throws(
    () => new GraphMemory(huge, 2).pages,
    (error: Error) =>
      error instanceof SpectroscopeError &&
      error.code === "memory" &&
      /30000000 nodes .* GiB with 2 threads/.test(error.line),
  );
});

test("push: mass is 1, residuals stay below the tolerance, the walk converges to PageRank", () => {
  const graph = blocks(7, 60, 240, true);
  const kernel = new GraphKernel(graph);
  for (const tolerance of [1e-1, 1e-3, 1e-6]) {
    const { nodes, p, residual } = kernel.push(3, 0.1, tolerance);
    const mass = p.reduce((a, b) => a + b, 0) + residual.reduce((a, b) => a + b, 0);
    assert.ok(Math.abs(mass - 1) < 1e-12, `mass ${mass}`);
    for (const [i, v] of nodes.entries()) assert.ok(residual[i] <= tolerance * Math.fround(graph.degree[v]));
  }
  // Fixed point: p = alpha e + (1 - alpha) (p + p D^-1 A) / 2, iterated.
  let exact = new Float64Array(graph.n);
  for (let step = 0; step < 600; step++) {
    const next = new Float64Array(graph.n);
    next[3] = 0.1;
    for (let v = 0; v < graph.n; v++) {
      next[v] += 0.45 * exact[v];
      for (let e = graph.offsets[v]; e < graph.offsets[v + 1]; e++)
        next[graph.neighbors[e]] += (0.45 * exact[v] * graph.weights[e]) / graph.degree[v];
    }
    exact = next;
  }
  const { nodes, p } = kernel.push(3, 0.1, 1e-9);
  for (const [i, v] of nodes.entries())
    assert.ok(Math.abs(p[i] - exact[v]) < 1e-6, `node ${v}: ${p[i]} and ${exact[v]}`);
});

test("push stops at maxPushes and leaves an isolated seed alone", () => {
  const graph = graphFromEdges(4, [0, 1, 1, 2]);
  const kernel = new GraphKernel(graph);
  assert.is(kernel.push(0, 0.1, 1e-9, 5).pushes, 5);
  const alone = kernel.push(3, 0.1, 1e-9);
  assert.equal([...alone.nodes], [3]);
  assert.is(alone.pushes, 0);
  assert.is(kernel.sweep("global", 0, 1, graph.volume).size, 0);
});

test("conductance against all subsets of tiny graphs", () => {
  for (let seed = 0; seed < 6; seed++) {
    const graph = blocks(seed + 40, 7, 14, seed % 2 === 0);
    const kernel = new GraphKernel(graph);
    for (let bits = 1; bits < 1 << graph.n; bits++) {
      const inside = (v: number) => ((bits >> v) & 1) === 1;
      let cut = 0;
      let vol = 0;
      for (let v = 0; v < graph.n; v++) {
        if (!inside(v)) continue;
        for (let e = graph.offsets[v]; e < graph.offsets[v + 1]; e++) {
          vol += graph.weights[e];
          if (!inside(graph.neighbors[e])) cut += graph.weights[e];
        }
      }
      const smaller = Math.min(vol, graph.volume - vol);
      const expected = smaller > 1e-9 ? cut / smaller : undefined;
      const got = kernel.conductance([...ids(graph.n)].filter(inside));
      if (expected !== undefined) assert.ok(Math.abs(got - expected) < 1e-9, `${bits}: ${got} and ${expected}`);
    }
  }
});

test("the sweep finds the best prefix, never a whole component", () => {
  const graph = barbell(8);
  const kernel = new GraphKernel(graph);
  kernel.push(2, 0.05, 1e-7);
  const cut = kernel.sweep("global", 0, 2, graph.volume);
  assert.equal([...cut.order.subarray(0, cut.size)].sort(), [...ids(8)].sort());
  assert.is(cut.conductance, 1 / 57);
  // Without the bridge the clique is a whole component: the sweep may come close but not take it.
  const apart = graphFromEdges(6, [0, 1, 1, 2, 2, 0, 3, 4, 4, 5, 5, 3]);
  const other = new GraphKernel(apart);
  other.push(0, 0.1, 1e-8);
  const part = other.sweep("global", 0, 1, apart.volume);
  assert.ok(part.size < 3);
  assert.is(other.sweep("global", 0, 3, apart.volume).size, 0);
});

test("rules: global, first valley, first prominent valley", () => {
  const profile = Float64Array.from([0.9, 0.5, 0.8, 0.3, 0.6, 0.28, 0.7]);
  const all = new Uint8Array(7).fill(1);
  assert.is(pickPrefix(profile, all, "global", 0), 6);
  assert.is(pickPrefix(profile, all, "first_local", 0), 2);
  assert.is(pickPrefix(profile, all, "prominent", 0.2), 4);
  assert.is(pickPrefix(profile, all, "prominent", 0.01), 6);
  assert.is(pickPrefix(profile, all, "prominent", 5), 2);
  assert.is(pickPrefix(profile, new Uint8Array(7), "global", 0), 0);
});

test("polish repairs a clique with a wrong and a missing member", () => {
  const graph = barbell(10);
  const spoiled = [0, 1, 2, 3, 4, 5, 6, 7, 8, 15];
  const { members, moves } = new GraphKernel(graph).polish(spoiled, 5, 0.6, 2, graph.volume / 2);
  assert.equal([...members], [...ids(10)]);
  assert.is(moves, 2);
});

test("searches find planted blocks", async () => {
  const n = 200;
  const random = generator(5);
  const ends: number[] = [];
  for (let e = 0; e < 1600; e++) {
    const a = Math.floor(random() * n);
    const b = random() < 0.9 ? Math.floor(a / 20) * 20 + Math.floor(random() * 20) : Math.floor(random() * n);
    ends.push(a, b);
  }
  const graph = graphFromEdges(n, ends);
  const found = await new GraphKernel(graph).searchMany(ids(n), {
    ...OPTIONS,
    maxVolume: graph.volume / 4,
    mainBody: 0.9,
  });
  const names = new Set(found.flatMap(({ sets }) => sets.map(({ members }) => members.join())));
  for (let block = 0; block < 10; block++)
    assert.ok(names.has([...ids(20)].map((i) => block * 20 + i).join()), `block ${block} is among ${names.size} sets`);
});

test("relabelling repairs a partition and leaves a tie alone", async () => {
  const graph = barbell(10);
  const labels = Int32Array.from(ids(20), (v) => (v < 10 ? 0 : 1));
  labels[3] = 1;
  labels[15] = -1;
  const kernel = new GraphKernel(graph);
  const rules = { share: 0.3, gamma: 1, joins: true, rounds: 5 };
  assert.is(await kernel.relabel(labels, 2, rules), 2);
  assert.equal(
    [...labels],
    [...ids(20)].map((v) => (v < 10 ? 0 : 1)),
  );
  assert.is(await kernel.relabel(labels, 2, rules), 0);
  labels[15] = -1;
  assert.is(await kernel.relabel(labels, 2, { ...rules, joins: false }), 0, "without joins it stays out");
});

test("pieces: cliques of one cluster are told apart, nothing leaves its cluster, and gamma sets the scale", async () => {
  // Four cliques of 10 in a ring; 0 and 1 in one cluster, 2 and half of 3 in another, the other half in none.
  const ends: number[] = [];
  for (let c = 0; c < 4; c++) {
    ends.push(10 * c, 10 * ((c + 1) % 4) + 1);
    for (let a = 0; a < 10; a++) for (let b = 0; b < a; b++) ends.push(10 * c + a, 10 * c + b);
  }
  const graph = graphFromEdges(40, ends);
  const kernel = new GraphKernel(graph);
  const labels = Int32Array.from(ids(40), (v) => (v < 20 ? 1 : v < 35 ? 0 : -1));
  const expected = [...ids(40)].map((v) => (v < 35 ? Math.floor(v / 10) : -1));
  assert.equal([...(await kernel.pieces(labels, 2, { gamma: 1, rounds: 10 }))], expected);
  // A gain is tie - gamma degree volume / volume of the graph, here 9 * 9 / 368 a pair: beyond 4.5 no edge pays for it.
  const single = await kernel.pieces(labels, 2, { gamma: Float64Array.of(1, 5), rounds: 10 });
  assert.equal([...single.subarray(0, 20)], [...ids(20)]);
  assert.equal(
    [...single.subarray(20)],
    expected.slice(20).map((piece) => (piece < 0 ? -1 : piece + 18)),
  );
  assert.equal([...(await kernel.pieces(labels, 2, { gamma: 1, rounds: 0 }))].slice(0, 35), [...ids(35)]);
  for (const gamma of [Number.NaN, -1, Float64Array.of(1)])
    await refused(kernel.pieces(labels, 2, { gamma, rounds: 1 }), /gamma of 2 clusters/);
  await refused(kernel.pieces(labels, 1, { gamma: 1, rounds: 1 }), /one above 0/);
});

test("an induced subgraph keeps inner edges only", () => {
  const graph = barbell(4);
  const part = inducedSubgraph(graph, Uint32Array.from([0, 1, 4, 5]));
  assert.equal([...part.degree], [2, 1, 2, 1]);
  assert.equal([...part.neighbors], [1, 2, 0, 0, 3, 2]);
});

test("bad graphs and calls are refused with a reason", () => {
  const csr = (offsets: number[], neighbors: number[], weights = neighbors.map(() => 1)): Csr => ({
    n: offsets.length - 1,
    offsets: Uint32Array.from(offsets),
    neighbors: Uint32Array.from(neighbors),
    weights: Float64Array.from(weights),
  });
  const refuses = (body: () => unknown, pattern: RegExp) =>
    assert.throws(body, (error: Error) => error instanceof SpectroscopeError && pattern.test(error.line));
  refuses(() => checkCsr(csr([0, 1, 1], [1])), /0-1 is not symmetric/);
  refuses(() => checkCsr(csr([0, 0, 1], [0])), /1-0 is not symmetric/);
  refuses(() => checkCsr(csr([0, 1], [0])), /self-loop/);
  refuses(() => checkCsr(csr([0, 1, 2], [5, 0])), /neighbor 5, but there are 2/);
  refuses(() => checkCsr(csr([0, 2, 3, 4], [2, 1, 0, 0])), /not strictly ascending: 1 after 2/);
  refuses(() => checkCsr(csr([0, 2, 4], [1, 1, 0, 0])), /not strictly ascending: 1 after 1/);
  refuses(() => checkCsr(csr([0, 1, 2], [1, 0], [1, 2])), /weights 1 and 2/);
  for (const w of [0, -1, Number.NaN, Infinity])
    refuses(() => checkCsr(csr([0, 1, 2], [1, 0], [w, w])), /finite and positive/);
  refuses(() => checkCsr(csr([0, 3, 2], [1, 0])), /offsets fall from 3 to 2 at node 1/);
  refuses(() => checkCsr({ ...csr([0, 1, 2], [1, 0]), n: 5 }), /expected 6/);
  refuses(() => graphFromEdges(2, [0, 7]), /joins 0 and 7/);
  const kernel = new GraphKernel(barbell(4));
  refuses(() => kernel.push(8, 0.1, 1e-3), /seed 8 is not a node/);
  refuses(() => kernel.push(0, 1, 1e-3), /alpha = 1/);
  refuses(() => kernel.push(0, 0.1, 0), /tolerance = 0/);
  refuses(() => kernel.conductance([1, 1]), /given twice/);
  refuses(() => kernel.sweep("global", 0, 0, 1), /minSize = 0/);
});

test("a graph without edges has no sets", async () => {
  const graph = graphFromEdges(3, []);
  const found = await new GraphKernel(graph).searchMany(ids(3), { ...OPTIONS, maxVolume: 1, mainBody: 0.9 });
  assert.ok(found.every(({ sets }) => sets.length === 0));
});

test.run();
