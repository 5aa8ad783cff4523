/** Components of graphs, and clusterings that are put together from those of parts. */
import * as assert from "uvu/assert";
import { groupsOf, renamed, setsOf } from "../../harness/test/random-inputs";
import { suite } from "../../harness/test/suite";
import { graphFromEdges } from "../../kernels/graph/csr";
import { conductance } from "../../kernels/graph/reference";
import { randomSetEnvelope } from "./candidates";
import { joined, nothing, wholeCluster } from "./clustering";
import { connectedComponents } from "./components";
import { type ClusterConfig, parseClusterConfig } from "./config";
import { coverGraph } from "./cover";
import { makeRandom } from "./random";

const test = suite("runtime/cluster/components");

const upTo = (n: number) => Array.from({ length: n }, (_, v) => v);

/** Edges of a clique on the nodes from `first` on. */
function clique(first: number, size: number): number[] {
  const ends: number[] = [];
  for (let a = first; a < first + size; a++) for (let b = first; b < a; b++) ends.push(a, b);
  return ends;
}

test("components are the classes of the closure of edges, by their lowest node, of all nodes or of some", () => {
  for (let seed = 0; seed < 60; seed++) {
    const { uniform } = makeRandom(seed);
    const n = 1 + Math.floor(40 * uniform());
    const ends = upTo(Math.floor(n * uniform() * 2)).map(() => Math.floor(n * uniform()));
    if (ends.length % 2 === 1) ends.pop();
    const within = seed % 2 === 0 ? undefined : Uint8Array.from({ length: n }, () => (uniform() < 0.8 ? 1 : 0));
    // Every edge gives both ends the lower of their two names, until no name changes.
    const name = upTo(n);
    for (let pass = 0; pass < n; pass++) {
      for (let e = 0; e < ends.length; e += 2) {
        const [u, v] = [ends[e], ends[e + 1]];
        if (within && (within[u] === 0 || within[v] === 0)) continue;
        name[u] = name[v] = Math.min(name[u], name[v]);
      }
    }
    const names = [...new Set(name.filter((_, v) => !within || within[v] === 1))].sort((a, b) => a - b);
    const { of, members } = connectedComponents(graphFromEdges(n, ends), within);
    assert.equal(
      [...of],
      name.map((own, v) => (within?.[v] === 0 ? -1 : names.indexOf(own))),
      `graph ${seed}`,
    );
    assert.equal(
      members.map((nodes) => [...nodes]),
      names.map((own) => upTo(n).filter((v) => name[v] === own && within?.[v] !== 0)),
    );
  }
});

const cover = (n: number, ends: number[], changes: Partial<ClusterConfig> = {}) =>
  coverGraph(graphFromEdges(n, ends), parseClusterConfig({ null: "none", ...changes }), randomSetEnvelope, {
    threads: 1,
  });

test("separate cliques are clusters, whatever share of the volume they have; a component below min_size is none", async () => {
  const ends = [...clique(0, 20), ...clique(20, 10), ...clique(30, 8), ...clique(38, 3)];
  const { clusters, labels } = await cover(42, ends);
  assert.equal(
    clusters.map(({ size, conductance: phi, excess }) => [size, phi, excess]),
    [
      [20, 0, 1],
      [10, 0, 1],
      [8, 0, 1],
    ],
  );
  assert.equal(
    [...labels],
    [...new Array(20).fill(0), ...new Array(10).fill(1), ...new Array(8).fill(2), -1, -1, -1, -1],
  );
  assert.is((await cover(42, ends, { min_size: 3 })).clusters.length, 4);
  assert.is((await cover(42, ends, { min_size: 9 })).clusters.length, 2);
});

test("one component that nothing divides is no cluster, for there is nothing that it differs from", async () => {
  assert.is((await cover(12, clique(0, 12))).clusters.length, 0);
  assert.is((await cover(14, clique(0, 12))).clusters.length, 0, "nodes without an edge are nothing else");
  assert.is((await cover(14, [...clique(0, 12), 12, 13])).clusters.length, 1, "a pair is, though it is no cluster");
});

test("a component that is a graph of its own, an eighth of all or more, is clustered as it would be alone", async () => {
  for (let seed = 0; seed < 10; seed++) {
    const a = groupsOf(makeRandom(seed), false, 0.02);
    const alone = await cover(a.n, a.ends);
    const size = Math.ceil(a.n / 4);
    const beside = await cover(a.n + size, [...renamed(a.ends, (v) => v + size), ...clique(0, size)]);
    assert.equal(setsOf(beside.labels.slice(size)), setsOf(alone.labels), `graph ${seed}`);
    assert.equal(new Set(beside.labels.slice(0, size)).size, 1);
  }
});

test("clusterings of parts as one: members, seeds and candidates renamed, conductances those of the whole graph", () => {
  // Cliques 0-4 and 5-9 tied by one edge, and a separate 10-13; the parts are 0-4 with 10-13, and 5-9.
  const graph = graphFromEdges(15, [...clique(0, 5), ...clique(5, 5), ...clique(10, 4), 4, 5]);
  const [first, second] = [Uint32Array.of(0, 1, 2, 3, 4, 10, 11, 12, 13), Uint32Array.of(5, 6, 7, 8, 9)];
  const own = (members: number[]) => ({ ...wholeCluster(members), conductance: 0.5, seed: members[1] });
  const candidate = {
    ...{ members: Uint32Array.of(5, 6, 7, 8), conductance: 0.5, volume: 12, scale: 0, seed: 6 },
    ...{ votes: 3, excess: 0.2, recurrence: 1 },
  };
  const all = joined(graph, [
    {
      rows: first,
      clustering: {
        ...nothing(9),
        clusters: [own([0, 1, 2, 3, 4]), own([5, 6, 7, 8])],
        candidates: [candidate],
        rounds: 2,
        gamma: 3,
      },
    },
    { rows: second, clustering: { ...nothing(5), clusters: [own([0, 1, 2, 3, 4])], rounds: 5, gamma: 4 } },
  ]);
  assert.equal(
    all.clusters.map(({ id, members, seed }) => [id, members, seed]),
    [
      [0, [10, 11, 12, 13], 11],
      [1, [0, 1, 2, 3, 4], 1],
      [2, [5, 6, 7, 8, 9], 6],
    ],
  );
  for (const { members, conductance: phi } of all.clusters)
    assert.ok(Math.abs(phi - conductance(graph, members)) < 1e-12, `${members}`);
  assert.equal([...all.labels], [1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 0, 0, 0, 0, -1]);
  assert.equal([[...all.candidates[0].members], all.candidates[0].seed], [[10, 11, 12, 13], 11]);
  assert.equal([all.rounds, all.gamma], [5, 3], "the most rounds; gamma of the largest part");
  const alone = joined(graphFromEdges(3, []), [{ rows: Uint32Array.of(0, 1, 2), clustering: nothing(3) }]);
  assert.equal([alone.clusters.length, alone.gamma, alone.rounds], [0, 1, 0]);
});

test.run();
