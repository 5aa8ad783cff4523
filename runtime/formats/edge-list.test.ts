import * as assert from "uvu/assert";
import { suite } from "../../harness/test/suite";
import { SpectroscopeError } from "../../kernels/errors";
import { parseEdgeList } from "./edge-list";

const test = suite("runtime/formats/edge-list");
const parse = (text: string) => parseEdgeList(new TextEncoder().encode(text), "edges.tsv");
const refused = (text: string, ...patterns: RegExp[]) =>
  assert.throws(
    () => parse(text),
    (error: Error) =>
      error instanceof SpectroscopeError &&
      error.line.startsWith("edges.tsv: ") &&
      patterns.every((pattern) => pattern.test(error.line)),
  );

test("tabs, commas, spaces, comments, blank lines, line ends of any system", () => {
  const wanted = [0, 1, 1, 2, 3, 0];
  for (const text of [
    "0\t1\n1\t2\n3\t0\n",
    "0,1\n1,2\n3,0",
    "  0 1  \r\n1  2\r\n\r\n3 0\r\n",
    "# a comment\n0, 1\n1, 2 # another\n\n#\n3 ,0\n",
    "\ufeff0 1\n1 2\n3 0\n",
  ]) {
    const list = parse(text);
    assert.equal([...list.ends], wanted, JSON.stringify(text));
    assert.equal([list.n, list.weights, list.names, list.header], [4, undefined, undefined, undefined]);
  }
});

test("a weight column; weight 0 is no edge, an edge to itself is counted", () => {
  const list = parse("0 1 2.5\n1 1 3\n2 0 0\n2 1 1e-3\n");
  assert.equal([...list.ends], [0, 1, 2, 1]);
  assert.equal([...list.weights!], [2.5, 1e-3]);
  assert.equal([list.n, list.selfLoops, list.zeroWeights], [3, 1, 1]);
  assert.is(parse("0 1 {}\n1 2 {}\n").weights, undefined, "networkx's edges without attributes");
});

test("ids that are whole numbers are the nodes; others are names in order of first appearance", () => {
  assert.is(parse("0 9\n").n, 10, "nodes that no edge has are there all the same");
  const named = parse("b\ta\na\tc\nc\tb\n");
  assert.equal([named.n, named.names, [...named.ends]], [3, ["b", "a", "c"], [0, 1, 1, 2, 2, 0]]);
  assert.equal(parse("7 x\n07 7\n").names, ["7", "x", "07"], "one name makes all of them names");
  assert.equal(parse("für Ω\n").names, ["für", "Ω"]);
  assert.equal(parse("C# F#\n").names, ["C#", "F#"], "# begins a comment at a field's begin only");
});

test("a first line with a number that is no id is an edge like any other", () => {
  for (const first of ["0 -1", "0.0 1.0", "0 1e300", "a 2.5"]) {
    const list = parse(`${first}\n1 2\n`);
    assert.equal([list.header, list.ends.length, list.n, list.names?.slice(0, 2)], [undefined, 4, 4, first.split(" ")]);
  }
  for (const weight of ["inf", "-Infinity", "nan", "-1", "1e999"])
    assert.throws(
      () => parse(`a b ${weight}\nb c 1\n`),
      (error: Error) => error.message.includes(`line 1 has weight ${weight}`),
    );
  assert.equal(parse("source target 0.5\nb c 1\n").names, ["source", "target", "b", "c"]);
});

test("one header line: known words, or what cannot be an edge where the others are", () => {
  for (const [text, header] of [
    ["source,target\n0,1\n", "source target"],
    ["x y\n0 1\n", "x y"],
    ["from to\nann bob\n", "from to"],
    ["a b weight\nann bob 2\n", "a b weight"],
  ]) {
    const list = parse(text);
    assert.equal([list.header, list.ends.length, list.n], [header, 2, 2], text);
  }
  assert.is(parse("ann bob\nbob cid\n").header, undefined);
  assert.is(parse("x y\n").names!.length, 2, "a line alone is an edge");
});

test("bad lines are named", () => {
  refused("0 1\n2\n", /line 2 has one column/);
  refused("0 1\n\n# x\n2 3 1 9\n", /line 4 has more than 3 columns/);
  refused("0 1 1\n2 3\n", /line 2 has 2 columns, and the lines before have 3/, /every edge a weight, or none/);
  for (const weight of ["nan", "-1", "inf", "Infinity", "two"])
    refused(`0 1 1\n1 2 ${weight}\n`, new RegExp(`line 2 has weight ${weight}`));
  refused("", /holds no edge/);
  refused("# nothing\n", /holds no edge/);
  refused("source target\n", /holds no edge/);
  refused("0 1\n1 4000000000\n", /line 2 has node 4000000000, but there are 2 edges/, /letter before each id/);
  refused("0 1\n99999999 1\n", /line 2 has node 99999999/);
});

const bytes = (...parts: (string | number[])[]) =>
  Uint8Array.from(parts.flatMap((part) => (typeof part === "string" ? [...new TextEncoder().encode(part)] : part)));
const refusedBytes = (data: Uint8Array, pattern: RegExp) =>
  assert.throws(
    () => parseEdgeList(data, "edges.tsv"),
    (error: Error) => error instanceof SpectroscopeError && pattern.test(error.line),
  );

test("names that are not UTF-8 are refused: as U+FFFD they would all be one node", () => {
  refusedBytes(
    bytes("a b\nb n", [0xe4], "\nn", [0xf6], " a\n"),
    /^edges\.tsv: not UTF-8: byte 0xe4 in line 2; save it as UTF-8 \(iconv -f latin1 -t utf-8\)$/,
  );
  refusedBytes(bytes("n", [0xc3], " b\n"), /byte 0xc3 in line 1/);
  refusedBytes(bytes([0xff, 0xfe], "a\0 \0b\0\n\0"), /is UTF-16, only UTF-8 is read/);
  const noName = parseEdgeList(bytes("# Z", [0xfc], "rich\n0 1\n1 2 # ", [0xe4], "\n"), "edges.tsv");
  assert.equal([...noName.ends], [0, 1, 1, 2], "a comment names nothing");
});

test("names that differ in the file are different nodes, whatever cannot be seen", () => {
  const names = ["a", "\ufeffa", "a\u200b", "\u00e4", "a\u0308", "A", "\u0430", "a\0", "a\u00a0"];
  const list = parse(names.map((name) => `x ${name}\n`).join(""));
  assert.equal(list.names, ["x", ...names]);
});

test("weights are decimal numbers, and what a message shows is short and has no control characters", () => {
  for (const weight of ["0x10", "0b11", "0o17", "1e", "1_0", ".", "+"])
    refused(`0 1 1\n1 2 ${weight}\n`, /line 2 has weight/);
  assert.equal([...parse("0 1 +1.\n1 2 .5E1\n2 3 -0\n").weights!], [1, 5]);
  refused(`0 1 1\n1 2 \u001b[31m${"9".repeat(5000)}x\n`, /line 2 has weight \\u001b\[31m9+\.\.\.;/);
  refused(`0 1\n0 ${"9".repeat(100_000)}\n`, /line 2 has node beyond 2\^53, but/);
  for (const id of ["4000000000", "9007199254740993", "40000"]) refused(`0 1\n0 ${id}\n`, /line 2 has node/);
});

test.run();
