/** The planted matrix at full size and its nulls, through the program with its defaults. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { gaussianMatrix, shuffledColumns } from "../../runtime/cluster/controls";
import { encodeNpy } from "../../runtime/formats/npy";
import type { Matrix } from "../../runtime/statistics/matrix";
import { foundInBody, plantedInBody } from "../test/planted";
import { runProgram } from "../test/program";
import { suite } from "../test/suite";

const test = suite("harness/cli/planted");
const folder = mkdtempSync(join(tmpdir(), "spectroscope-planted-"));
test.after(() => rmSync(folder, { recursive: true, force: true }));

/** Members of the clusters that the program writes. */
function clustersOf({ rows, cols, data }: Matrix): { members: number[] }[] {
  writeFileSync(join(folder, "x.npy"), Buffer.concat(encodeNpy({ shape: [rows, cols], data })));
  const run = runProgram(folder, ["cluster", "--matrix", "x.npy", "--out", "clusters.jsonl", "--json"]);
  assert.is(run.status, 0, run.stderr);
  const lines = readFileSync(join(folder, "clusters.jsonl"), "utf8").split("\n").filter(Boolean);
  return lines.map((line) => JSON.parse(line));
}

for (const seed of [1, 3]) {
  test(`25 planted clusters in a body of 4,000, seed ${seed}: found, and the body left alone`, (t) => {
    const matrix = plantedInBody(seed);
    const clusters = clustersOf(matrix);
    const { found, body } = foundInBody(clusters, matrix.truth);
    t.note(`${found} of 25 with F1 > 0.8 in ${clusters.length} clusters; ${(100 * body).toFixed(2)} % of the body`);
    assert.is(found, 25);
    assert.ok(body <= 0.02);
    assert.ok(clusters.length <= 30);
  });
}

test("nothing in Gaussian points of three sizes, nor in the planted matrix with every column shuffled", (t) => {
  const nulls: [string, Matrix][] = [
    ["500 x 16", gaussianMatrix(500, 16, 11)],
    ["2,000 x 32", gaussianMatrix(2000, 32, 12)],
    ["6,000 x 32", gaussianMatrix(6000, 32, 13)],
    ["shuffled columns", shuffledColumns(plantedInBody(1), 5)],
  ];
  for (const [name, matrix] of nulls) {
    const clusters = clustersOf(matrix);
    t.note(`${name}: ${clusters.length} clusters`);
    assert.is(clusters.length, 0, name);
  }
});

test.run();
