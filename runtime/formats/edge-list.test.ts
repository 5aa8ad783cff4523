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
  assert.is(parse("0 1\n1 2\n4 0\n").n, 5, "a node that no edge has is there all the same");
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
});

test("numbers that do not run from 0 keep their names and bring no nodes that nobody meant", () => {
  const called = (text: string) => {
    const { n, ends, ids, names } = parse(text);
    const edges = Array.from({ length: ends.length / 2 }, (_, e) => [ends[2 * e], ends[2 * e + 1]]);
    return [n, edges.flatMap((edge) => edge.map((v) => names?.[v] ?? ids?.[v] ?? v))];
  };
  assert.equal(called("1 2\n2 3\n3 1\n"), [3, [1, 2, 2, 3, 3, 1]], "from 1");
  assert.equal(called("1 2\n2 4\n4 5\n"), [5, [1, 2, 2, 4, 4, 5]], "from 1, and 3 has no edge");
  assert.equal(called("3 1\n2 2\n"), [3, [3, 1]], "a node of a self-loop occurs");
  assert.equal(called("0 10\n10 20\n30 0\n"), [4, [0, 10, 10, 20, 30, 0]], "gaps");
  assert.equal(called("300 100\n100 200\n"), [3, [300, 100, 100, 200]]);
  assert.equal([...parse("300 100\n100 200\n").ids!], [100, 200, 300], "ascending");
  assert.equal(called("0 1\n1 4000000000\n"), [3, [0, 1, 1, 4_000_000_000]]);
  assert.equal(called("123456789012 5\n5 77\n"), [3, [123_456_789_012, 5, 5, 77]]);
  assert.equal(parse("9007199254740993 1\n1 9007199254740992\n").names, ["9007199254740993", "1", "9007199254740992"]);
  assert.is(parse("0 1\n1 2\n").ids, undefined);
});

/** Edges by names, weights, and columns that are left out. */
const table = (text: string) => {
  const { ends, ids, names, weights, columns } = parse(text);
  const edges = Array.from({ length: ends.length / 2 }, (_, e) =>
    [ends[2 * e], ends[2 * e + 1]].map((v) => names?.[v] ?? ids?.[v] ?? v).join("-"),
  );
  return [edges.join(" "), weights ? [...weights] : null, columns?.ignored ?? null];
};

test("columns by the names of a header: no row number is an end, and no other column a weight", () => {
  const rows = (...parts: string[]) => parts.join("\n");
  for (const [text, edges, weights, left] of [
    [rows(",source,target", "0,64,67", "1,57,58"), "64-67 57-58", null, ["column 1"]],
    [rows("\ufeffid,source,target", "0,64,67", "1,57,58\r"), "64-67 57-58", null, ["id"]],
    [rows("Unnamed: 0,From,To,Weight", "0,64,67,.5", "1,57,58,2"), "64-67 57-58", [0.5, 2], ["Unnamed: 0"]],
    [rows(",0,1", "0,64,67", "1,57,58"), "64-67 57-58", null, ["column 1"]],
    [rows("weight,from,to", "0.5,0,1", "2,1,2"), "0-1 1-2", [0.5, 2], []],
    [rows("w,x,y", "5,0,1", "2,1,2"), "0-1 1-2", [5, 2], []],
    [rows('"from","to"', '"1","a","b"', '"2","b","c"'), "a-b b-c", null, ["column 1"]],
    [rows('"from" "to" "weight"', '"1" "a" "b" 2', '"2" "b" "c" 3'), "a-b b-c", [2, 3], ["column 1"]],
    [rows("from,to", "1,5,6", "2,6,7", "3,7,5"), "5-6 6-7 7-5", null, ["column 1"]],
    [rows("Source;Target;Weight", "New York;Boston;1", "Boston;Rome;2.5"), "New York-Boston Boston-Rome", [1, 2.5], []],
    [rows("source,target", 'a,"b, c"', '"say ""hi""",a'), 'a-b, c say "hi"-a', null, []],
    [rows("u|v|w", "0|1|2", "1|2|3"), "0-1 1-2", [2, 3], []],
    [
      rows("Source,Target,Type,Id,Label,Weight", "0,1,Undirected,0,,1.5", "1,2,Undirected,1,,2"),
      "0-1 1-2",
      [1.5, 2],
      ["Type", "Id", "Label"],
    ],
    [rows("source,target,timestamp", "0,1,500", "1,2,600"), "0-1 1-2", null, ["timestamp"]],
    [rows("source,target,weight,count", "0,1,3,4", "1,2,5,6"), "0-1 1-2", [3, 5], ["count"]],
    [rows("gene1\tgene2\tcombined_score", "A\tB\t490", "B\tC\t198"), "A-B B-C", [490, 198], []],
    [rows("# id source target", "0 5 6", "1 6 7"), "5-6 6-7", null, ["id"]],
    [rows(":START_ID,:END_ID,:TYPE", "a,b,KNOWS", "b,c,KNOWS"), "a-b b-c", null, [":TYPE"]],
  ] as const)
    assert.equal(table(text), [edges, weights, left], text);
  refused(
    rows("source,target,trips", "0,1,5", "1,2,6"),
    /columns are source, target, trips: whether trips is a weight/,
    /name the ends/,
  );
  refused(rows("x,y,z", "0,1,5", "1,2,6"), /columns are x, y, z/);
  refused(
    rows("a_id,foo,bar,c", "0,1,5,6", "1,2,6,6"),
    /columns are a_id, foo, bar, c: which two are the ends is not said/,
  );
  refused(rows("source,target,value,count", "0,1,3,4", "1,2,5,6"), /more than one may be the weight/);
  refused(rows(",source", "0,64", "1,57"), /which two are the ends/);
  refused(
    rows("source,target", "5,1,2.5", "3,2,1.5"),
    /the header has 2 names \(source, target\), and the rows have 3 columns/,
  );
  refused(rows("a,b,c,d", "0,1", "1,2"), /names 4 columns .* and the rows have 2/);
  refused(rows("source,target,weight", "0,1,5", "1,2"), /line 3 has 2 columns/);
  refused(rows("source;target;weight", "0;1;2,5", "1;2;1,5"), /line 2 has weight 2,5/, /decimal point/);
  refused(
    Array.from({ length: 12 }, (_, i) => `${i},${i + 3},${(7 * i) % 12}`).join("\n"),
    /column 1 counts the lines/,
  );
  assert.is(parse(Array.from({ length: 12 }, (_, i) => `${i} ${i + 1} 1`).join("\n")).n, 13, "a path of weights 1");
});

test("quotes that are not closed, and nodes called as a header is", () => {
  refused('source,target\n"a,b\nb,c\n', /line 2 has a quote that is not closed/);
  refused('source,target\n"a"x,b\nb,c\n', /line 2 goes on behind a closing quote/);
  assert.equal(table('"\ta\n6"\tb\n'), ['"-a 6"-b', null, null], "between tabs a quote may be a name");
  assert.equal(table("node1 node2\nnode2 node3\n")[0], "node1-node2 node2-node3");
  assert.equal(table("source,target\r0,1\r1,2\r")[0], "0-1 1-2", "line ends of old Macs");
  assert.equal(table("% a comment\n%% another\n0 1\n1 2\n")[0], "0-1 1-2");
  assert.equal(table("a\tb\nb,c\n")[0], "a-b b-c", "a separator a line");
  assert.equal(table("%a b\nb c\n")[0], "%a-b b-c");
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
});

test("what stands between ids is no id, and a first line that may have been a header is told", () => {
  for (const arrow of ["->", "--", "<->", "=>", "\u2192", "<-", "-", "\u2013", ":"])
    refused(`a ${arrow} b\nb ${arrow} c\n`, /line 1 has \S+ between its ids/, /write two ids a line: sed/);
  refused("# edges\n1 -- 2\n2 -- 3\n", /line 2 has -- between/);
  assert.equal(parse("a - 1\na b 2\n").names, ["a", "-", "b"], "a name");
  const edges = "ann,bob\nbob,cid\ncid,ann\n";
  assert.equal(parse(`Person A,Person B\n${edges}`).lonely, ["Person A", "Person B"]);
  assert.is(parse(edges).lonely, undefined);
  assert.is(parse(`source,target\n${edges}`).lonely, undefined);
});

test("three columns without names are told for what they are taken", () => {
  assert.equal(parse("0 1 5\n1 2 6\n").columns, { ends: ["column 1", "column 2"], weight: "column 3", ignored: [] });
  assert.is(parse("0 1\n1 2\n").columns, undefined);
});

test.run();
