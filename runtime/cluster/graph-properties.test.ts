/** What must not change a clustering of a graph: units, what lies beside it, and nodes that come with a twin. */
import * as assert from "uvu/assert";
import { groupsOf, renamed, setsOf } from "../../harness/test/random-inputs";
import { suite } from "../../harness/test/suite";
import { type Graph, graphFromEdges } from "../../kernels/graph/csr";
import { clusterGraph } from "./cluster";
import { makeRandom } from "./random";

const test = suite("runtime/cluster/graph-properties");

const FIXED = { min_size: 5 } as const;
const inGraph = (graph: Graph, config: { readonly min_size: number } = FIXED) =>
  clusterGraph(graph, config, { threads: 1, profiles: false });

test("a scale of weights changes nothing but the weights", async () => {
  for (let seed = 0; seed < 30; seed++) {
    const { n, ends, weights } = groupsOf(makeRandom(seed), true);
    const first = await inGraph(graphFromEdges(n, ends, weights));
    for (const scale of [2 ** 40, 3.7, 1e-9]) {
      const scaled = weights?.map((w) => scale * w);
      const other = await inGraph(graphFromEdges(n, ends, scaled));
      assert.equal(other.labels, first.labels, `graph ${seed} times ${scale}`);
    }
  }
});

test("two graphs side by side: the clusters of each", async () => {
  for (let seed = 0; seed < 30; seed++) {
    const random = makeRandom(seed);
    const [a, b] = [groupsOf(random, false), groupsOf(random, false)];
    const alone = [await inGraph(graphFromEdges(a.n, a.ends)), await inGraph(graphFromEdges(b.n, b.ends))];
    const ends = [...a.ends, ...renamed(b.ends, (v) => v + a.n)];
    const both = await inGraph(graphFromEdges(a.n + b.n, ends));
    assert.equal(setsOf(both.labels.slice(0, a.n)), setsOf(alone[0].labels), `graph ${seed}, the first`);
    assert.equal(setsOf(both.labels.slice(a.n)), setsOf(alone[1].labels), `graph ${seed}, the second`);
  }
});

/**
 * The graph of twins has four times the edges, and a likelihood takes each for a finding of its own: a node that is torn between
 * groups may fall another way there, and a group that chance made uneven may part. Twins are together whatever the graph. Where
 * groups are nearly cliques, and every node has three quarters of its edges in its own, both graphs must give the groups that
 * were planted, all of them.
 */
test("every node twice, each with its twin and its neighbors' twins: the clusters with their twins", async (t) => {
  let plain = 0;
  for (let seed = 0; seed < 90; seed++) {
    const { n, ends, group } = groupsOf(makeRandom(seed), false, 0.01, seed % 3 === 0 ? 0.6 : 0.9);
    const [inside, all] = [new Uint32Array(n), new Uint32Array(n)];
    const doubled: number[] = [];
    for (let e = 0; e < ends.length; e += 2) {
      const [u, v] = [ends[e], ends[e + 1]];
      doubled.push(u, v, u + n, v, u, v + n, u + n, v + n);
      for (const end of [u, v]) {
        all[end]++;
        if (group[u] === group[v]) inside[end]++;
      }
    }
    for (let v = 0; v < n; v++) doubled.push(v, v + n);
    const twice = await inGraph(graphFromEdges(2 * n, doubled), { min_size: 2 * FIXED.min_size });
    assert.equal(twice.labels.slice(0, n), twice.labels.slice(n), `graph ${seed}, twins`);
    if (seed % 3 === 0 || inside.some((tie, v) => tie < 0.75 * all[v])) continue;
    plain++;
    const first = await inGraph(graphFromEdges(n, ends));
    assert.equal(setsOf(first.labels), setsOf(group), `graph ${seed}`);
    assert.equal(setsOf(twice.labels.slice(0, n)), setsOf(group), `graph ${seed} of twins`);
  }
  t.note(`${plain} of 90 graphs of groups that are nearly cliques`);
  assert.ok(plain > 30);
});

test.run();
