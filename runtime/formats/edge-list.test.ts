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

test.run();
