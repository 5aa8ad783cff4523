import * as assert from "uvu/assert";
import { suite } from "../../harness/test/suite";
import { graphFromEdges } from "../../kernels/graph/csr";
import { clusterTies } from "../../kernels/graph/partition";
import { connectedComponents } from "./components";
import { contract } from "./merge";
import { makeRandom } from "./random";

const test = suite("runtime/cluster/contraction");

/** Merges as the rule says them, in a matrix of all ties that is looked through anew in each round. */
function merged(n: number, ends: readonly number[], should: (tie: number, a: number, b: number) => boolean): number[] {
  const tie = Array.from({ length: n }, () => new Array<number>(n).fill(0));
  for (let e = 0; e < ends.length; e += 2) {
    tie[ends[e]][ends[e + 1]] = 1;
    tie[ends[e + 1]][ends[e]] = 1;
  }
  const volume = tie.map((row) => row.reduce((a, b) => a + b, 0));
  const of = Array.from({ length: n }, (_, c) => c);
  for (;;) {
    const pairs: [number, number, number][] = [];
    for (let a = 0; a < n; a++) {
      for (let b = a + 1; b < n; b++) {
        if (of[a] !== a || of[b] !== b || tie[a][b] === 0 || !should(tie[a][b], volume[a], volume[b])) continue;
        pairs.push([tie[a][b] / (volume[a] * volume[b]), a, b]);
      }
    }
    if (pairs.length === 0) return of;
    pairs.sort((p, q) => q[0] - p[0] || p[1] - q[1] || p[2] - q[2]);
    const taken = new Set<number>();
    for (const [, a, b] of pairs) {
      if (!taken.has(a) && !taken.has(b)) {
        volume[a] += volume[b];
        for (let c = 0; c < n; c++) {
          tie[a][c] += tie[b][c];
          tie[c][a] = tie[a][c];
          if (of[c] === b) of[c] = a;
        }
      }
      taken.add(a);
      taken.add(b);
    }
  }
}

test("merges are those of looking through all pairs in every round", () => {
  let joined = 0;
  for (let seed = 1; seed <= 60; seed++) {
    const { uniform } = makeRandom(seed);
    const n = 5 + Math.floor(20 * uniform());
    const seen = new Set<number>();
    const ends: number[] = [];
    for (let e = 0; e < 2 * n; e++) {
      const [a, b] = [Math.floor(n * uniform()), Math.floor(n * uniform())];
      if (a >= b || seen.has(a * n + b)) continue;
      seen.add(a * n + b);
      ends.push(a, b);
    }
    const graph = graphFromEdges(n, ends);
    const ties = clusterTies(
      graph,
      Int32Array.from({ length: n }, (_, v) => v),
      n,
    );
    const found = contract(
      ties,
      Array.from({ length: n }, (_, c) => c),
      (a, b, tie, { volume }) => tie * graph.volume > volume[a] * volume[b],
    );
    const expected = merged(n, ends, (tie, a, b) => tie * graph.volume > a * b);
    assert.equal(Array.from(found), expected, `seed ${seed}`);
    joined += expected.filter((root, c) => root !== c).length;
  }
  assert.ok(joined > 200, `${joined} merges`);
});

test("components: the same whether nodes lie component by component or not", () => {
  // A path of 4, a triangle, a node alone, a pair.
  const ends = [0, 1, 1, 2, 2, 3, 4, 5, 5, 6, 4, 6, 8, 9];
  const sizes = [4, 3, 1, 2];
  const straight = connectedComponents(graphFromEdges(10, ends));
  assert.equal(
    straight.members.map((m) => m.length),
    sizes,
  );
  assert.equal(Array.from(straight.of), [0, 0, 0, 0, 1, 1, 1, 2, 3, 3]);
  for (let seed = 1; seed <= 50; seed++) {
    const { uniform } = makeRandom(seed);
    const names = Array.from({ length: 10 }, (_, v) => v);
    for (let i = 9; i > 0; i--) {
      const j = Math.floor((i + 1) * uniform());
      [names[i], names[j]] = [names[j], names[i]];
    }
    const { of, members } = connectedComponents(
      graphFromEdges(
        10,
        ends.map((v) => names[v]),
      ),
    );
    for (let a = 0; a < 10; a++)
      for (let b = 0; b < 10; b++)
        assert.is(of[names[a]] === of[names[b]], straight.of[a] === straight.of[b], `seed ${seed}: ${a} and ${b}`);
    const lowest = members.map((own) => own[0]);
    assert.equal(
      lowest,
      lowest.slice().sort((a, b) => a - b),
    );
    members.forEach((own, c) => {
      assert.ok(own.every((v) => of[v] === c));
    });
  }
});

test.run();
