/** What is in no cluster and in one piece: its size, and the keys that advice names. */
import * as assert from "uvu/assert";
import { suite } from "../../harness/test/suite";
import { graphFromEdges } from "../../kernels/graph/csr";
import { type LeftOut, leftOut, leftOutAdvice } from "./advice";
import { parseClusterConfig } from "./config";

const test = suite("runtime/cluster/left-out");

/** A path over nodes 0-3, one over 4-9, one node alone, and a triangle of 11-13: degrees by hand. */
const graph = graphFromEdges(14, [0, 1, 1, 2, 2, 3, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 11, 12, 12, 13, 13, 11]);

test("the largest piece that edges hold together, by nodes, with its share of the volume", () => {
  const none = new Int32Array(14).fill(-1);
  assert.equal(leftOut(graph, none), { nodes: 6, share: 10 / 22 });
  // A cluster in the middle of the path of six cuts it in 2 and 3: then the path of four is the largest.
  const cut = none.slice();
  cut[6] = 0;
  assert.equal(leftOut(graph, cut), { nodes: 4, share: 6 / 22 });
  const triangle = Int32Array.from(none, (_, v) => (v < 10 ? 0 : -1));
  assert.equal(leftOut(graph, triangle), { nodes: 3, share: 6 / 22 });
  assert.is(leftOut(graph, new Int32Array(14)), null, "all are in a cluster");
});

test("below a tenth of the nodes, or of one node, nothing is told", () => {
  const ends: number[] = [];
  for (let v = 1; v < 40; v++) ends.push(0, v);
  const star = (n: number) => leftOut(graphFromEdges(n, [...ends, 40, 41, 41, 42, 42, 43]), labels(n));
  const labels = (n: number) => Int32Array.from({ length: n }, (_, v) => (v < 40 ? 0 : -1));
  assert.equal(star(44), null, "4 of 44 are less than a tenth");
  const own = Int32Array.from({ length: 44 }, (_, v) => (v < 39 ? 0 : -1));
  assert.equal(leftOut(graphFromEdges(44, [...ends, 39, 40, 40, 41, 41, 42, 42, 43]), own), {
    nodes: 5,
    share: (2 + 2 + 2 + 2 + 1) / 86,
  });
  assert.is(leftOut(graphFromEdges(3, []), new Int32Array(3).fill(-1)), null, "nodes without an edge are no piece");
});

const advice = (
  left: LeftOut | null,
  changes: Parameters<typeof parseClusterConfig>[0] = {},
  unit = "rows",
  n = 1000,
) => leftOutAdvice(left, parseClusterConfig(changes), unit, n);

test("beside a null a piece above max_share is told with a value that holds it", () => {
  assert.equal(advice(null), []);
  const [large] = advice({ nodes: 610, share: 0.62 });
  assert.match(large, /^in no cluster, in one piece: 610 of 1000 rows, 62 % of the volume\./);
  assert.match(large, /larger than max_share \(25 %\)/);
  for (const share of [0.26, 0.3, 0.62, 0.65, 0.901, 0.94]) {
    const value = Number(advice({ nodes: 300, share })[0].match(/set max_share=([\d.]+)/)?.[1]);
    assert.ok(value >= share && value <= share + 0.05 + 1e-9 && value <= 1, `${value} for ${share}`);
    assert.is(parseClusterConfig({ max_share: value }).max_share, value);
  }
  assert.match(advice({ nodes: 300, share: 0.3 }, { max_share: 0.28 })[0], /larger than max_share \(28 %\)/);
});

test("where size is not the reason, excess_min is named, and for rows the preset of points", () => {
  const [small] = advice({ nodes: 200, share: 0.2 });
  assert.match(small, /200 of 1000 rows, 20 % of the volume/);
  assert.match(small, /those of null=column_shuffle by excess_min \(0\.2\)/);
  assert.match(small, /--preset points/);
  assert.not.match(small, /max_share/);
  // All of it is no question of size, unless someone set the limit.
  assert.match(advice({ nodes: 990, share: 0.97 })[0], /excess_min/);
  assert.match(advice({ nodes: 990, share: 0.97 }, { max_share: 0.5 })[0], /max_share=1$/);
  const [graphs] = advice({ nodes: 500, share: 0.5 }, { null: "none" }, "nodes");
  assert.match(graphs, /500 of 1000 nodes.*than a random one by excess_min/);
  assert.not.match(graphs, /preset|max_share/);
  assert.not.match(advice({ nodes: 500, share: 0.2 }, { refine: "modularity" })[0], /preset/);
  assert.not.match(advice({ nodes: 500, share: 0.2 }, { excess_min: 0 })[0], /excess_min/);
});

test("a piece of less than twice min_size says so", () => {
  assert.match(
    advice({ nodes: 7, share: 0.3 }, { null: "none" }, "nodes", 20)[0],
    /min_size \(4\) or more; set min_size lower/,
  );
  assert.match(advice({ nodes: 8, share: 0.3 }, { null: "none" }, "nodes", 20)[0], /excess_min/);
  assert.match(advice({ nodes: 30, share: 0.3 }, { min_size: 16 })[0], /min_size \(16\)/);
});

test.run();
