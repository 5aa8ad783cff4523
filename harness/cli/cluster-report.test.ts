/** `cluster --report` through the program: a page is there whole, of what was clustered, or nothing is. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { encodeNpy } from "../../runtime/formats/npy";
import { plantClusters } from "../test/planted";
import { assertRefused, runProgram } from "../test/program";
import { suite } from "../test/suite";

const test = suite("harness/cli/cluster-report");
const folder = mkdtempSync(join(tmpdir(), "spectroscope-report-"));
test.after(() => rmSync(folder, { recursive: true, force: true }));

const put = (name: string, content: string | Uint8Array) => writeFileSync(join(folder, name), content);
const read = (name: string) => readFileSync(join(folder, name), "utf8");
const cluster = (...words: string[]) => runProgram(folder, ["cluster", ...words]);

/** Six cliques of eight in a ring, their nodes with hostile names. */
function ring(): string {
  const name = (v: number) => `</script>${v}`;
  const lines: string[] = [];
  for (let g = 0; g < 6; g++) {
    for (let a = 0; a < 8; a++) for (let b = 0; b < a; b++) lines.push(`${name(8 * g + a)}\t${name(8 * g + b)}`);
    lines.push(`${name(8 * g)}\t${name((8 * g + 9) % 48)}`);
  }
  return `${lines.join("\n")}\n`;
}
put("ring.tsv", ring());
put("labels.txt", Array.from({ length: 48 }, (_, v) => `</script>${v}\tgroup <${Math.floor(v / 8)}>\n`).join(""));

test("of a graph: names and labels on the page, its path in --json, and the same bytes again", () => {
  const words = ["--graph", "ring.tsv", "--labels", "labels.txt", "--out", "out.jsonl"];
  const run = cluster(...words, "--report", "page.html", "--json");
  assert.is(run.status, 0, run.stderr);
  const json = JSON.parse(run.stdout);
  assert.is(json.report, "page.html");
  assert.ok(json.seconds.map >= 0);
  const page = read("page.html");
  assert.match(page, /<title>Clusters of ring\.tsv<\/title>/);
  assert.match(page, /&lt;\/script&gt;/);
  assert.match(page, /group &lt;5&gt;/);
  const lines = read("out.jsonl").trim().split("\n").length;
  assert.is([...page.matchAll(/<article/g)].length, lines);
  // Keys that make points have no meaning for a graph.
  assert.not.match(page, /<dt>whiten<\/dt>/);
  const again = cluster(...words, "--threads", "1", "--report", "again.html");
  assert.match(again.stdout, /^report: again\.html$/m);
  assert.is(read("again.html"), page);
  const without = cluster(...words, "--json");
  assert.is(JSON.parse(without.stdout).report, null);
});

test("of a matrix: profiles of clusters, also where nothing can be clustered", () => {
  const planted = plantClusters({ seed: 3, sizes: [40, 40, 40], body: 300, dims: 12, centers: 1.8, spread: 0.3 });
  const { rows, cols, data } = planted;
  put("planted.npy", Buffer.concat(encodeNpy({ shape: [rows, cols], data })));
  const run = cluster("--matrix", "planted.npy", "--out", "out.jsonl", "--report", "page.html", "--json");
  assert.is(run.status, 0, run.stderr);
  assert.ok(JSON.parse(run.stdout).clusters >= 2);
  assert.match(read("page.html"), /420 rows, 12 columns/);
  assert.match(read("page.html"), /Mean of the normalized columns/);
  put("flat.npy", Buffer.concat(encodeNpy({ shape: [5, 2], data: new Float64Array(10).fill(1) })));
  const flat = cluster("--matrix", "flat.npy", "--out", "out.jsonl", "--report", "page.html");
  assert.is(flat.status, 0, flat.stderr);
  assert.match(read("page.html"), /There is no map/);
});

test("a page over an input or the other result, or where none can be, is refused before any work", () => {
  symlinkSync("ring.tsv", join(folder, "link.tsv"));
  const words = ["--graph", "ring.tsv", "--labels", "labels.txt", "--out", "fresh.jsonl"];
  const before = readdirSync(folder).sort();
  const refused: readonly (readonly [string, RegExp])[] = [
    ["ring.tsv", /--report ring\.tsv is the file of --graph/],
    ["link.tsv", /--report link\.tsv is the file of --graph/],
    ["labels.txt", /is the file of --labels/],
    ["./fresh.jsonl", /is the file of --out/],
    ["ring.tsv/page.html", /cannot write/],
    [".", /cannot write/],
  ];
  for (const [path, text] of refused) {
    const run = cluster(...words, "--report", path);
    assert.ok(run.status !== 0, path);
    assert.match(run.stderr, text);
  }
  assertRefused(cluster("some-run", "--report", "page.html"), 2, /--report/, /report\.html/);
  assert.equal(readdirSync(folder).sort(), before);
  assert.is(read("ring.tsv"), ring());
});

test("what fails on the way leaves neither result", () => {
  rmSync(join(folder, "page.html"), { force: true });
  put("bad.tsv", "a b\nc\n");
  const run = cluster("--graph", "bad.tsv", "--out", "none.jsonl", "--report", "none.html");
  assert.is(run.status, 1);
  assert.not.ok(existsSync(join(folder, "none.html")) || existsSync(join(folder, "none.jsonl")));
});

test.run();
