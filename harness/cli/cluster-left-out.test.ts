/** What is in no cluster and in one piece, through the program: said in words and in JSON, with the key whose value changes it. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { encodeNpy } from "../../runtime/formats/npy";
import { blobs } from "../bench/clustering/shapes";
import { plantClusters } from "../test/planted";
import { runProgram } from "../test/program";
import { suite } from "../test/suite";

const test = suite("harness/cli/cluster-left-out");
const folder = mkdtempSync(join(tmpdir(), "spectroscope-left-out-"));
test.after(() => rmSync(folder, { recursive: true, force: true }));

function json(...words: string[]) {
  const run = runProgram(folder, ["cluster", ...words, "--out", "c.jsonl", "--json"]);
  assert.is(run.status, 0, run.stderr);
  const text = readFileSync(join(folder, "c.jsonl"), "utf8");
  const sizes = text
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line).size as number);
  return { ...JSON.parse(run.stdout), sizes } as {
    left_out: unknown;
    advice: string[];
    sizes: number[];
    clusters: number;
  };
}

/** Edges of a chain of cliques. */
function chain(sizes: readonly number[]): string {
  const lines: string[] = [];
  let base = 0;
  for (const size of sizes) {
    if (base > 0) lines.push(`${base - 1} ${base}`);
    for (let a = 0; a < size; a++) for (let b = 0; b < a; b++) lines.push(`${base + a} ${base + b}`);
    base += size;
  }
  return `${lines.join("\n")}\n`;
}

test("a clique above max_share is told in words and in JSON, and the value that advice names makes it a cluster", () => {
  writeFileSync(join(folder, "edges.txt"), chain([40, 6]));
  const all = json("--graph", "edges.txt");
  assert.equal([all.sizes.sort(), all.left_out, all.advice], [[40, 6], null, []]);
  const part = json("--graph", "edges.txt", "--set", "max_share=0.5");
  // Volumes 1561 and 31.
  assert.equal([part.sizes, part.left_out], [[6], { nodes: 40, share: 1561 / 1592 }]);
  const [said] = part.advice;
  assert.match(said, /^in no cluster, in one piece: 40 of 46 nodes, 98 % of the volume\..* max_share \(50 %\)/);
  const value = said.match(/set max_share=([\d.]+)/)?.[1];
  assert.is(json("--graph", "edges.txt", "--set", `max_share=${value}`).clusters, 2);
  const words = runProgram(folder, ["cluster", "--graph", "edges.txt", "--set", "max_share=0.5", "--out", "c.jsonl"]);
  assert.match(words.stdout, /^1 cluster, 13\.0 % of 46 nodes, .*, 40 in no cluster and in one piece: c\.jsonl/);
  assert.match(words.stderr, `advice: ${said}`);
});

test("a body around planted clusters is told with its size; far blobs leave nothing to tell", () => {
  const planted = plantClusters({
    seed: 3,
    sizes: [20, 25, 30, 35, 40, 45],
    body: 700,
    dims: 20,
    centers: 1.6,
    spread: 0.35,
  });
  const put = ({ rows, cols, data }: { rows: number; cols: number; data: Float64Array }) =>
    writeFileSync(join(folder, "x.npy"), Buffer.concat(encodeNpy({ shape: [rows, cols], data })));
  put(planted);
  const { left_out: left, advice, sizes } = json("--matrix", "x.npy");
  assert.ok(sizes.length >= 5);
  const { nodes, share } = left as { nodes: number; share: number };
  assert.ok(nodes > 560 && nodes <= 720 && share > 0.5 && share < 0.95);
  assert.match(
    advice.join("\n"),
    `in no cluster, in one piece: ${nodes} of 895 rows, ${(100 * share).toFixed(0)} % of the volume`,
  );
  put(blobs({ sizes: [100, 100, 100], dims: 8, distance: 15, seed: 1 }).points);
  const far = json("--matrix", "x.npy", "--set", "rows=none");
  assert.equal([far.sizes, far.left_out, far.advice], [[100, 100, 100], null, []]);
});

test.run();
