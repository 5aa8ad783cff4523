/** `spectroscope bench` as a person runs it. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { assertRefused, runProgram } from "../test/program";
import { suite } from "../test/suite";

const test = suite("harness/cli/bench", { gpu: true });
const folder = mkdtempSync(join(tmpdir(), "spectroscope-bench-"));
const bench = (...words: string[]) => runProgram(folder, ["bench", ...words]);
/** WebGPU whatever the tests' own device is: only it has variants and a roof. */
const GPU = ["--adapter", "gpu", "--budget", "1"];

test.after(() => rmSync(folder, { recursive: true, force: true }));

test("arguments that cannot be: usage errors", () => {
  assertRefused(bench("--kernels", "("), 2, "--kernels", "regular expression");
  assertRefused(bench("--kernels", "no such"), 2, "no kernel");
  assertRefused(bench("--model", "gpt-5"), 2, "gpt-5", "nano");
  assertRefused(bench("--size", "10k"), 2, "--clustering");
  const both = bench("--json", "--markdown");
  assert.is(both.status, 2);
  assert.match(JSON.parse(both.stdout).error, "keep one");
  assertRefused(bench("--peers", "--adapter", "wasm"), 2, "--peers");
  assertRefused(bench("--budget", "0"), 2, "--budget");
  assertRefused(bench("--compare", join(folder, "absent.jsonl")), 1, "absent.jsonl");
});

test("one small kernel: JSON lines, compared with themselves, drawn", () => {
  const first = bench("--kernels", "add/sum", "--json", ...GPU);
  assert.is(first.status, 0, first.stderr);
  const rows = first.stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  assert.is(rows[0].row, "header");
  assert.ok(rows[0].roof.gflops > 0 && rows[0].roof.gbps > 0 && rows[0].adapter);
  const kernels = rows.filter(({ row }) => row === "kernel");
  assert.ok(kernels.some(({ chosen }) => chosen));
  for (const row of kernels) {
    assert.is(row.kernel, "add/sum");
    assert.ok(row.samples >= 3 && row.min > 0 && row.min <= row.low && row.low <= row.median, JSON.stringify(row));
    assert.ok(Math.abs(row.gflops * row.median * 1e6 - row.flops) < 1e-6 * row.flops);
  }
  assert.is(rows[rows.length - 1].row, "end");
  const file = join(folder, "before.jsonl");
  writeFileSync(file, first.stdout);
  const again = bench("--kernels", "add/sum", "--compare", file, "--plots", "pictures", "--markdown", ...GPU);
  assert.is(again.status, 0, again.stderr);
  assert.match(again.stdout, "| kernel | case | variant |");
  assert.match(again.stdout, /\| add\/sum nano #plain \| .* \| (faster|same|slower|unclear) \|/);
  assert.match(readFileSync(join(folder, "pictures", "bench-roofline.svg"), "utf8"), "add/sum");
  assert.not(existsSync(join(folder, "pictures", "bench-scaling.svg")));
});

test("the processor: no roof, one function a kernel", () => {
  const run = bench("--kernels", "add/sum", "--json", "--adapter", "wasm", "--budget", "1");
  assert.is(run.status, 0, run.stderr);
  const rows = run.stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  assert.is(rows[0].roof, undefined);
  const variants = rows.filter(({ row }) => row === "kernel").map(({ variant }) => variant);
  assert.ok(variants.length > 0 && variants.every((variant) => variant === "wasm"));
});

test.run();
