/** Forms of graphs as text. What is expected is what networkx 3.6 and SciPy 1.17 read. */
import * as assert from "uvu/assert";
import { refusedAtOnce } from "../../harness/test/refused";
import { suite } from "../../harness/test/suite";
import { parseEdgeList } from "./edge-list";
import { parseGml } from "./gml";
import { graphFormat, konectLayout } from "./graph-format";
import { parseMatrixMarket } from "./matrix-market";
import { parseMetis } from "./metis";
import type { SparseMatrix } from "./npz";

const test = suite("runtime/formats/graph-format");
const bytes = (text: string) => new TextEncoder().encode(text);

/** Rows of a matrix as a dense one. */
function dense({ n, offsets, columns, values }: SparseMatrix): number[][] {
  return Array.from({ length: n }, (_, v) => {
    const row = new Array<number>(n).fill(0);
    for (let i = offsets[v]; i < offsets[v + 1]; i++) row[columns[i]] += values[i];
    return row;
  });
}

test("a form is told by content, then by name", () => {
  for (const [text, name, format] of [
    ["%%MatrixMarket matrix coordinate real general\n1 1 0\n", "x.txt", "Matrix Market"],
    ["graph [ node [ id 0 ] ]\n", "x.txt", "GML"],
    ['# made\nCreator "a [ b"\nVersion 1\ngraph\n[\n', "x", "GML"],
    ["% sym unweighted\n% 3 3 3\n1 2\n", "x.txt", "KONECT"],
    ["3 2\n2\n1 3\n2\n", "x.txt", "METIS"],
    ["4 2\n2\n1 3\n2\n\n", "x.txt", "METIS"],
    ["% c\n3 2 011\n1 2 5\n1 1 5 3 6\n1 2 6\n", "x", "METIS"],
    ["5 2\n2\n1 3\n2\n", "x.txt", "edge list"],
    ["0 1\n1 2\n", "x.graph", "METIS"],
    ["0 1\n1 2\n", "x.metis.gz", "METIS"],
    ["3 3 1\n", "x.mtx", "Matrix Market"],
    ["x", "a.GML", "GML"],
    ["3 3\n1 2\n2 1\n3 1\n4 1\n", "x.txt", "edge list"],
    ["6 6\n2 6\n1 3\n2 4\n3 5\n4 6\n", "x.txt", "edge list"],
    ["graph other\nother third\n", "x.txt", "edge list"],
    ["% a comment\n1 2\n", "x.txt", "edge list"],
  ])
    assert.is(graphFormat(bytes(text), name), format, text);
  for (const [text, pattern] of [
    ["graph G {\n a -- b\n}\n", /^x: is DOT, which is not read; .*read_dot/],
    ["strict digraph {a -> b}", /is DOT/],
    ["/* Created by igraph 0.10 */\n\ngraph {\n  0;\n}\n", /is DOT/],
    ["// made by hand\ngraph {\n  0 -- 1;\n}\n", /is DOT/],
    ['{"data": [], "directed": false, "elements": {"nodes": [], "edges": []}}', /is JSON.*cytoscape_graph/],
    ['<?xml version="1.0"?>\n<!-- c -->\n<graphml>', /is GraphML.*read_graphml/],
    ["\ufeff<gexf>", /is GEXF.*read_gexf/],
    ["<!DOCTYPE html><html>", /is HTML/],
    ['{"nodes": [], "links": []}', /is JSON.*node_link_graph/],
    ["[[0, 1], [1, 2]]", /is JSON/],
    ['*Vertices 2\n1 "a"\n', /is Pajek.*read_pajek/],
    ["c a\nc b\np edge 3 2\ne 1 2\n", /is DIMACS.*awk/],
    ["% bip unweighted\n1 1\n", /is a bipartite graph of KONECT.*awk/],
    ["a\0 \0b\0\n\0b\0 \0c\0\n\0", /UTF-16 without a mark.*iconv -f utf-16le/],
    ["\0a\0 \0b\0\n", /iconv -f utf-16be/],
    ["\u0001\u0002\0\u0007", /is neither text nor \.npz/],
  ] as const)
    refusedAtOnce(() => graphFormat(bytes(text), "x"), pattern);
});

test("Matrix Market: real, integer and pattern, general and symmetric", () => {
  const read = (text: string) => parseMatrixMarket(bytes(text), "x.mtx");
  const head = "%%MatrixMarket matrix coordinate";
  // As scipy.io.mmwrite writes a symmetric matrix and scipy.io.mmread reads it.
  assert.equal(dense(read(`${head} real symmetric\n%\n4 4 3\n2 1 5E-1\n3 1 2\n4 3 3E-1\n`)), [
    [0, 0.5, 2, 0],
    [0.5, 0, 0, 0],
    [2, 0, 0, 0.3],
    [0, 0, 0.3, 0],
  ]);
  assert.equal(dense(read(`${head.toUpperCase()} PATTERN GENERAL\r\n%c\r\n\r\n2 2 2\r\n1 2\r\n2 2\r\n`)), [
    [0, 1],
    [0, 1],
  ]);
  assert.equal(dense(read(`${head} integer general\n2 2 1\n1 2 -4\n`)), [
    [0, -4],
    [0, 0],
  ]);
  const refused = (text: string, pattern: RegExp) => refusedAtOnce(() => read(text), pattern);
  refused(`${head} complex general\n1 1 0\n`, /complex entries.*abs\(A\)/);
  refused(`${head} real skew-symmetric\n1 1 0\n`, /skew-symmetric/);
  refused("%%MatrixMarket matrix array real general\n1 1\n1\n", /dense.*--matrix/);
  refused(`${head} real general\n2 3 0\n`, /is 2 x 3, a graph's matrix is square/);
  refused(`${head} real general\n2 2 2\n1 2 1\n`, /has 1 of 2 entries/);
  refused(`${head} real general\n2 2 1\n1 2 1\n2 1 1\n`, /line 4 is entry 2 of 1/);
  refused(`${head} real general\n2 2 1\n0 2 1\n`, /line 3 has entry \(0, 2\) of a matrix of 2 rows/);
  refused(`${head} real general\n2 2 1\n1 2\n`, /line 3 has 2 numbers; an entry is: row column value/);
  refused(`${head} real general\n2 2 1\n1 2 x\n`, /line 3 has value x/);
  refused(`${head} real general\n2 2 4000000000\n1 2 1\n`, /says 4000000000 entries/);
  refused(`${head} real general\n2000000000 2000000000 1\n1 2 1\n`, /has 2000000000 rows and 1 entries/);
  refused("2 2 1\n1 2 1\n", /has no banner/);
});

test("METIS: weights by the format of the first line, nodes without neighbors", () => {
  const read = (text: string) => parseMetis(bytes(text), "x.graph");
  const weighted = [
    [0, 5, 0],
    [5, 0, 7],
    [0, 7, 0],
  ];
  assert.equal(dense(read("% c\n3 2 001\n2 5\n% c\n1 5 3 7\n2 7\n").matrix), weighted);
  assert.equal(dense(read("3 2 11\r\n9 2 5\r\n8 1 5 3 7\r\n7 2 7\r\n").matrix), weighted);
  const three = read("3 2 111 2\n1 9 9 2 5\n1 8 8 1 5 3 7\n1 7 7 2 7\n");
  assert.equal([dense(three.matrix), three.nodeNumbers], [weighted, 3]);
  assert.equal([...read("4 1\n3\n\n1\n\n").matrix.offsets], [0, 1, 1, 2, 2]);
  const refused = (text: string, pattern: RegExp) => refusedAtOnce(() => read(text), pattern);
  refused("a b\n", /line 1 is no first line of METIS: a b/);
  refused("3 2\n2\n1 4\n2\n", /line 3 has neighbor 4; nodes are numbers from 1 to 3/);
  refused("3 2\n2\n1 0\n2\n", /line 3 has neighbor 0/);
  refused("3 2\n2\n1 3\n", /line 3 is the last, and 3 nodes need 4/);
  refused("2 1\n2\n1\n1\n", /line 4 is one more than the 2 nodes/);
  refused("3 3\n2\n1 3\n2\n", /ends with 4 neighbors, 3 edges need 6/);
  refused("3 1\n2\n1 3\n2\n", /line 3 goes beyond 1 edges/);
  refused("2 1 1\n2 x\n1 1\n", /line 2 has weight x/);
  refused("2 1 1\n2\n1 1\n", /line 2 has no weight of neighbor 2/);
  refused("9999999999 1\n", /says 9999999999 nodes/);
});

test("GML: ids, labels, weights; what else is there is told", () => {
  const text =
    'Creator "x [ y"\nVersion 1\n# c\ngraph\n[\n  comment "a # b"\n  node\n  [ id 3 label "A &amp; B" graphics [ x 1 y 2 ] gt 5 ]\n' +
    '  node [ id 7 label "C&#228;" ]\n  node [ id 5 label "D" ]\n  edge [ source 3 target 7 value 2.5 label "e" ]\n' +
    "  edge [ source 7 target 5 value 1 ]\n]\n";
  const graph = parseGml(bytes(text), "x.gml");
  assert.equal(
    [graph.n, graph.names, [...graph.ids!], [...graph.ends], [...graph.weights!], graph.unread, graph.directed],
    [3, ["A & B", "C\u00e4", "D"], [3, 7, 5], [0, 1, 1, 2], [2.5, 1], ["graphics", "gt", "label"], false],
  );
  const plain = parseGml(
    bytes("graph[directed 1 node[id 0]node[id 1]edge[source 0 target 1]edge[source 1 target 1]]"),
    "x",
  );
  assert.equal(
    [plain.names, plain.ids, plain.weights, plain.selfLoops, plain.directed],
    [undefined, undefined, undefined, 1, true],
  );
  const nodes = "node [ id 0 ] node [ id 1 ]";
  const both = parseGml(bytes(`graph [ ${nodes} edge [ source 0 target 1 value 9 weight 2 ] ]`), "x");
  assert.equal([[...both.weights!], both.unread], [[2], ["value"]]);
  const word = parseGml(bytes(`graph [ ${nodes} edge [ source 0 target 1 value "kind" ] ]`), "x");
  assert.equal([word.weights, word.unread], [undefined, ["value"]]);
  const refused = (inside: string, pattern: RegExp) =>
    refusedAtOnce(() => parseGml(bytes(`graph [\n${inside}\n]`), "x"), pattern);
  refused(`${nodes}\nedge [ source 0 target 2 ]`, /line 3 has an edge to 2, which is no node/);
  refused(`${nodes} node [ id 1 ] edge [ source 0 target 1 ]`, /has node 1 twice/);
  refused('node [ label "a" ]', /line 2 has a node without id/);
  refused(`${nodes} edge [ source 0 ]`, /edge without source or target/);
  refused(`${nodes} edge [ source 0 target 1 weight -1 ]`, /has weight -1/);
  refused(
    `${nodes} edge [ source 0 target 1 weight 1 ]\nedge [ source 0 target 1 ]`,
    /line 3 has an edge without a weight/,
  );
  refused(nodes, /holds no edge/);
  refused('node [ id "a" ]', /line 2 has id a; nodes of GML are whole numbers/);
  refused('node [ label "a', /line 2 has a quote that is not closed/);
  refusedAtOnce(() => parseGml(bytes("graph [ node [ id 0 "), "x"), /ends within a list/);
  refusedAtOnce(() => parseGml(bytes(`graph [ ${"a [ ".repeat(1e6)}`), "x"), /ends within a list/);
});

test("KONECT: a weight and a time behind the ends", () => {
  const read = (text: string) => parseEdgeList(bytes(text), "out.x", konectLayout(bytes(text)));
  const list = read("% sym posweighted\n% 2 3 3\n1 2 0.5 100\n2 3 1 101\n");
  assert.equal(
    [list.n, [...list.ends], [...list.weights!], list.columns?.ignored],
    [3, [0, 1, 1, 2], [0.5, 1], ["time"]],
  );
  assert.equal([...read("% asym unweighted\n1 2\n2 3\n").ends], [0, 1, 1, 2]);
});

test.run();
