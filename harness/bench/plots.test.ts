import * as assert from "uvu/assert";
import { suite } from "../test/suite";
import { asMarkdown, asText, digits } from "./layout";
import type { BenchRow, HeaderRow } from "./lines";
import { roofline, scaling } from "./plots";
import { spreadOf } from "./spread";
import { panel } from "./svg";
import { headline, tables } from "./table";

const test = suite("harness/bench/plots");

const header: HeaderRow = {
  row: "header",
  date: "2026-01-02T03:04:05.000Z",
  adapter: "an <adapter>",
  software: true,
  features: [],
  roof: { gflops: 20, gbps: 2 },
  cpus: 2,
  load: 0.5,
  node: "20.0.0",
};

const kernelRow = (kernel: string, flops: number, bytes: number, chosen = true): BenchRow => ({
  ...{ row: "kernel", kernel, case: "c", variant: "plain", chosen, flops, bytes },
  ...{ ...spreadOf([2, 2, 2]), wall: 2.5, timestamps: true },
  ...{ gflops: flops / 2e6, gbps: bytes / 2e6, compileMs: 1 },
});

const rows: BenchRow[] = [
  header,
  kernelRow("matmul/nt", 8e6, 1e5),
  kernelRow("matmul/other", 8e6, 1e5, false),
  // No FLOPs: it has no place on a logarithmic axis.
  kernelRow("embedding/forward", 0, 1e5),
  ...[1, 2, 4].map((value): BenchRow => ({ row: "scaling", axis: "chains", value, ...spreadOf([value, value + 1]) })),
  { row: "fit", axis: "chains", intercept: 0.5, slope: 1, r2: 1, ofSeparate: 0.9 },
];

test("pictures hold every chosen kernel with FLOPs and every axis, and no NaN", () => {
  const roof = roofline(rows)!;
  assert.is(roof.match(/<circle[^>]*><title>/g)?.length, 1);
  assert.match(roof, "matmul/nt, c, plain: 4.00 GFLOP/s, 20 % of the roof");
  assert.match(roof, "an &lt;adapter&gt;");
  const lines = scaling(rows)!;
  assert.match(lines, "R2 = 1.0000");
  for (const picture of [roof, lines]) {
    assert.not.match(picture, /NaN|Infinity|undefined/);
    assert.match(picture, /^<svg [\s\S]*<\/svg>\n$/);
  }
});

test("without a roof or rows there is no picture", () => {
  assert.is(roofline([{ ...header, roof: undefined }, rows[1]]), undefined);
  assert.is(roofline([header]), undefined);
  assert.is(scaling([header]), undefined);
});

test("a coordinate that is no number is an error, not a picture", () => {
  const axis = { domain: [0, 1], ticks: [0, 1], label: "x" } as const;
  const marks = [{ kind: "points", color: "#000", at: [[0.5, Number.NaN]] }] as const;
  assert.throws(() => panel({ left: 0, top: 0, width: 10, height: 10, x: axis, y: axis, marks }), /NaN/);
});

test("tables as text and as Markdown", () => {
  const [kernels, scale] = tables(rows);
  assert.match(asText(kernels), /matmul\/nt\s+c\s+plain \*\s+2\.00\s+2\.00 to 2\.00\s+2\.50\s+4\.00\s+0\.0500\s+20 %/);
  assert.match(asMarkdown(scale), "| chains | 1: 1.50, 2: 2.50, 4: 4.50 | 0.500 + 1.00 x | 1.0000 | 0.900 |");
  assert.match(headline(rows), /an <adapter> .*2026-01-02 03:04 UTC.*load 0\.5.*20\.0 GFLOP\/s/);
  assert.equal([1234.5, 12.34, 1.234, 0.1234, 0.00001234, 0].map(digits), [
    "1235",
    "12.3",
    "1.23",
    "0.123",
    "0.000012",
    "0",
  ]);
});

test.run();
