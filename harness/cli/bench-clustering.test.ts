/** `spectroscope bench --clustering` as a person runs it, on what takes a second. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { assertRefused, runProgram } from "../test/program";
import { suite } from "../test/suite";

const test = suite("harness/cli/bench-clustering");
const folder = mkdtempSync(join(tmpdir(), "spectroscope-bench-clustering-"));
const bench = (...words: string[]) => runProgram(folder, ["bench", "--clustering", ...words]);

test.after(() => rmSync(folder, { recursive: true, force: true }));

test("options that do not go together: usage errors", () => {
  assertRefused(bench("--planted", "--size", "10k"), 2, "--planted", "--size");
  assertRefused(bench("--planted", "--points"), 2, "--planted", "--points");
  assertRefused(bench("--points", "--size", "10k"), 2, "--points", "--size");
  assertRefused(bench("--only", "no such"), 2, "no such");
  assertRefused(bench("--points", "--only", "no such"), 2, "no such");
  assertRefused(bench("--size", "small", "--compare", "absent.json"), 1, "absent.json");
});

test("small graphs: rows of ours, and beside an earlier run the exit says whether any is worse", () => {
  const words = ["--size", "small", "--only", "^ring-20x12$"];
  const first = bench(...words, "--json");
  assert.is(first.status, 0, first.stderr);
  const result = JSON.parse(first.stdout);
  assert.equal(
    result.rows.map(({ graph, method, nodes }: { graph: string; method: string; nodes: number }) => [
      graph,
      method,
      nodes,
    ]),
    [["ring-20x12", "spectroscope", 240]],
  );
  assert.ok(result.rows[0].busy > 0 && result.knn === undefined && result.scaling.length === 0);
  const file = join(folder, "earlier.json");
  writeFileSync(file, first.stdout);
  const same = bench(...words, "--compare", file);
  assert.is(same.status, 0, same.stderr);
  assert.match(same.stdout, "1 compared, 0 lost");
  result.rows[0].ari += 0.02;
  writeFileSync(file, JSON.stringify(result));
  const worse = bench(...words, "--compare", file);
  assert.is(worse.status, 1, worse.stderr);
  assert.match(worse.stdout, "1 compared, 1 lost");
});

test("points: ours on the graph and on the points; a folder's graphs beside drawn ones", () => {
  const points = bench("--points", "--only", "^blobs-4x40-d2$", "--json");
  assert.is(points.status, 0, points.stderr);
  assert.equal(
    JSON.parse(points.stdout).rows.map(({ method, nodes }: { method: string; nodes: number }) => [method, nodes]),
    [
      ["spectroscope", 160],
      ["spectroscope, points", 160],
    ],
  );
  writeFileSync(join(folder, "pair.tsv"), "0\t1\n2\t1\n1\t0\n");
  writeFileSync(join(folder, "pair.labels.txt"), "x\nx\ny\nz\n");
  const both = bench("--graphs", ".", "--size", "small", "--only", "^pair$|^ring-6x8$", "--json");
  assert.is(both.status, 0, both.stderr);
  assert.equal(
    JSON.parse(both.stdout).rows.map(({ graph, nodes, edges }: Record<string, unknown>) => [graph, nodes, edges]),
    [
      ["pair", 4, 2],
      ["ring-6x8", 48, 174],
    ],
  );
});

test.run();
