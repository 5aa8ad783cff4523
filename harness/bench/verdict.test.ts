import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { suite } from "../test/suite";
import { straightLine } from "./fit";
import { type BenchRow, type HeaderRow, readBench, roofOf } from "./lines";
import { spreadOf } from "./spread";
import { compareBenches, compareNotes, judge } from "./verdict";

const test = suite("harness/bench/verdict");

const around = (median: number, half: number) => ({ median, low: median - half, high: median + half });

const header: HeaderRow = {
  row: "header",
  date: "2026-01-02T03:04:05.000Z",
  adapter: "one",
  software: false,
  features: [],
  roof: { gflops: 100, gbps: 10 },
  cpus: 2,
  load: 0,
  node: "20.0.0",
};

const host = (name: string, samples: number[]): BenchRow => ({ row: "host", name, ...spreadOf(samples) });

test("a difference counts when it is more than noise", () => {
  assert.is(judge(around(10, 1), around(10.4, 0.1)), "same");
  assert.is(judge(around(10, 0.1), around(12, 0.1)), "slower");
  assert.is(judge(around(12, 0.1), around(10, 0.1)), "faster");
  // The middle halves touch: 10 to 12 and 11.5 to 12.5.
  assert.is(judge(around(11, 1), around(12, 0.5)), "unclear");
});

test("what the machine itself changed by is not a kernel's", () => {
  assert.is(judge(around(10, 0.1), around(15, 0.1), 1.6), "unclear");
  assert.is(judge(around(10, 0.1), around(20, 0.1), 1.6), "slower");
  const slow: HeaderRow = { ...header, roof: { gflops: 50, gbps: 10 } };
  const before = [header, host("a", [10, 10, 10]), host("b", [10, 10, 10])];
  const now = [slow, host("a", [18, 18, 18]), host("b", [40, 40, 40])];
  assert.equal(
    compareBenches(before, now).map(({ judgement }) => judgement),
    ["unclear", "slower"],
  );
  assert.match(compareNotes(before, now).join("\n"), "changed by 2.00");
});

test("only rows of both benches are compared, by name", () => {
  const before = [header, host("a", [1, 2, 3]), host("gone", [1])];
  const now = [{ ...header, adapter: "two" }, host("new", [1]), host("a", [4, 5, 6])];
  const verdicts = compareBenches(before, now);
  assert.is(verdicts.length, 1);
  assert.is(verdicts[0].key, "a");
  assert.is(verdicts[0].ratio, 2.5);
  assert.match(compareNotes(before, now).join("\n"), "compare adapters");
});

test("a roof is the best of those measured", () => {
  const end: BenchRow = { row: "end", date: header.date, load: 0, roof: { gflops: 90, gbps: 12 } };
  assert.equal(roofOf([header, end]), { gflops: 100, gbps: 12 });
  assert.is(roofOf([]), undefined);
});

test("spreads and lines", () => {
  const { median, low, high, min, max, samples } = spreadOf([5, 1, 3, 2, 4]);
  assert.equal([median, low, high, min, max, samples], [3, 2, 4, 1, 5, 5]);
  const { intercept, slope, r2 } = straightLine([
    [1, 5],
    [2, 7],
    [4, 11],
  ]);
  assert.equal([intercept, slope, r2], [3, 2, 1]);
  // By hand: mean (1, 1), sxx 2, sxy 1, sum of squares 2, rest 1.5.
  const rough = straightLine([
    [0, 0],
    [1, 2],
    [2, 1],
  ]);
  assert.ok(Math.abs(rough.slope - 0.5) < 1e-12 && Math.abs(rough.r2 - 0.25) < 1e-12);
  assert.throws(() => straightLine([[1, 1]]), /different x/);
});

test("a file that is no bench's is named with its line", () => {
  const folder = mkdtempSync(join(tmpdir(), "spectroscope-bench-"));
  try {
    const file = join(folder, "old.jsonl");
    const refused = (text: string, pattern: RegExp) => {
      writeFileSync(file, text);
      assert.throws(() => readBench(file), pattern);
    };
    refused('{"row":"kernel"}\n', /old\.jsonl, line 1: not a bench's header/);
    refused(`${JSON.stringify(header)}\n\nnonsense\n`, /line 3: not JSON/);
    refused(`${JSON.stringify(header)}\n{}\n`, /line 2: not a row/);
    assert.throws(() => readBench(join(folder, "absent")), /absent/);
    writeFileSync(file, `${JSON.stringify(header)}\n${JSON.stringify(host("a", [1]))}\n`);
    assert.is(readBench(file).length, 2);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test.run();
