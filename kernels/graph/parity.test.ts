/**
 * LocalGraphClustering (0.6.1, C++) finds the same. What it does, and where ours differs:
 *
 * - Push: lazy, first in first out; a node's own leftover is queued before its neighbors receive; the node itself on
 *   residual >= eps degree, a neighbor when it passes eps degree. Ours does the same in the same order, which decides: the
 *   support of another order differs by a percent and the sets with it.
 * - Sweep: descending p / degree by an unstable sort, ours by id among equals; the lowest conductance of all prefixes, the
 *   first of equals; cut / min(vol, total - vol), 1 where that side is empty. The whole support may be the answer on both
 *   sides. A whole component, conductance 0, may be theirs and never ours: no seed of the golden is such a case.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { parityGraphs } from "../../harness/bench/clustering/catalogue";
import { suite } from "../../harness/test/suite";
import { projectRoot } from "../../runtime/node/root";
import { graphFromEdges } from "./csr";
import { GraphKernel } from "./graph";

const test = suite("kernels/graph parity");

interface Run {
  graph: string;
  n: number;
  edges: number;
  alpha: number;
  eps: number;
  /** Seed, size of the support, size of the set, conductance, hash of the set. */
  rows: [number, number, number, number, string][];
}

const file = join(projectRoot(), "goldens", "clustering", "lgc.json");
const golden: { runs: Run[] } = JSON.parse(readFileSync(file, "utf8"));

/** FNV-1a of ids as little-endian words. */
function hash(ids: Uint32Array): string {
  let state = 2166136261;
  for (const id of ids) for (let s = 0; s < 32; s += 8) state = Math.imul(state ^ ((id >>> s) & 255), 16777619);
  return (state >>> 0).toString(16).padStart(8, "0");
}

/** Conductances are quotients of whole numbers: both sides round once. The bound is the issue's. */
const CONDUCTANCE = 1e-9;
/** Of all seeds; a tie of p / degree or a residual at the threshold may fall either way. */
const AGREE = 0.995;

test("push and sweep agree with LocalGraphClustering in support and conductance", async (t) => {
  let seeds = 0;
  let agree = 0;
  let exact = 0;
  let compared = 0;
  for (const entry of parityGraphs()) {
    for (const { name, graph } of await entry.make()) {
      const kernel = new GraphKernel(graphFromEdges(graph.n, graph.ends));
      for (const { n, edges, alpha, eps, rows } of golden.runs.filter((run) => run.graph === name)) {
        assert.equal([graph.n, graph.ends.length / 2], [n, edges], `${name} is not the graph of the golden`);
        compared++;
        for (const [seed, support, , conductance, digest] of rows) {
          kernel.walk(seed, alpha, eps);
          const cut = kernel.sweep("global", 0, 1, Infinity);
          seeds++;
          if (cut.order.length === support && Math.abs(cut.conductance - conductance) <= CONDUCTANCE) agree++;
          if (hash(cut.order.slice(0, cut.size).sort()) === digest) exact++;
        }
      }
    }
  }
  assert.is(compared, golden.runs.length, "every run of the golden has its graph");
  t.note(`${agree} of ${seeds} seeds agree, ${exact} in the exact set`);
  assert.ok(agree >= AGREE * seeds, `${agree} of ${seeds} seeds agree`);
});

test.run();
