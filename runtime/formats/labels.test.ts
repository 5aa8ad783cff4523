import * as assert from "uvu/assert";
import { refusedAtOnce } from "../../harness/test/refused";
import { suite } from "../../harness/test/suite";
import { fitLabels, type LabelTargets, readLabels } from "./labels";

const test = suite("runtime/formats/labels");

const NAMED: LabelTargets = { n: 3, unit: "nodes", names: ["c", "a", "b"] };
const FROM_0: LabelTargets = { n: 3, unit: "nodes" };
const FROM_1: LabelTargets = { n: 3, unit: "nodes", ids: [1, 2, 3] };
const GAPS: LabelTargets = { n: 3, unit: "nodes", ids: [2, 4, 7] };
const GML: LabelTargets = { n: 3, unit: "nodes", names: ["5", "0", "x"], listed: true };
const ROWS: LabelTargets = { n: 3, unit: "rows" };

const fit = (text: string, targets: LabelTargets) =>
  fitLabels(readLabels(new TextEncoder().encode(text), "labels"), targets);
/** The label of each node. */
const labelsOf = (text: string, targets: LabelTargets) => {
  const { numbers, names } = fit(text, targets).labels;
  return Array.from(numbers, (number) => names[number] ?? "none");
};

test("`node label` lines go by name, in any order, between any separators, with headers and comments", () => {
  for (const text of [
    "a\tX\nb\tY\nc\tZ\n",
    "c,Z\nb,Y\na,X\n",
    "# node label\nb Y\na X\nc Z\n# end\n",
    "node,label\r\nb,Y\r\na,X\r\nc,Z\r\n",
    "label;node\nY;b\nX;a\nZ;c\n",
    "Y b\nX a\nZ c\n",
    ",node,label\n0,b,Y\n1,a,X\n2,c,Z\n",
    '"node" "label"\n"1" "b" "Y"\n"2" "a" "X"\n"3" "c" "Z"\n',
    "id,node,label\n0,a,X\n1,b,Y\n2,c,Z\n",
    '{"b": "Y", "c": "Z", "a": "X"}',
  ])
    assert.equal(labelsOf(text, NAMED), ["Z", "X", "Y"], text);
  assert.equal(labelsOf('a,"X, 1"\nb,"say ""hi"""\nc,Z\n', NAMED), ["Z", "X, 1", 'say "hi"']);
  assert.equal(labelsOf('{"communities": [["a", "c"], ["b"]]}', NAMED), ["0", "0", "1"]);
  const part = fit("a X\nb Y\nq Z\n", NAMED);
  assert.equal([...part.labels.numbers], [-1, 0, 1]);
  assert.match(part.said.join("\n"), /matched by name: 2 of 3 nodes have one\n.*no node are left out: 1 \(q\)/);
});

test("labels without names of nodes that have names are refused", () => {
  for (const text of ["X\nY\nX\n", '["X", "Y", "X"]', "label\nX\nY\nX\n"])
    refusedAtOnce(() => fit(text, NAMED), /^labels: nodes have names, and labels without them.*"node label"/);
  refusedAtOnce(() => fit("q X\nw Y\ne Z\n", NAMED), /line 2 labels w, which the graph has not/);
  refusedAtOnce(() => fit("a X\nb Y\na Z\n", NAMED), /line 3: node a has label Z, and X before/);
  refusedAtOnce(() => fit("a,X,1\nb,Y,2\nc,Z,3\n", NAMED), /has 3 columns, and which is the label is not said/);
  refusedAtOnce(() => fit('{"a": [1]}', NAMED), /label \[1\] of a is no text or number/);
});

test("of numbers a line each, or lines with numbers; those of another count from are refused", () => {
  for (const targets of [FROM_0, FROM_1, GAPS, ROWS]) {
    for (const text of ["X\nY\nZ\n", "label\nX\nY\nZ\n", "# truth\nX\nY\nZ\n", "X\nY\nZ\n\n\n", '["X", "Y", "Z"]'])
      assert.equal(labelsOf(text, targets), ["X", "Y", "Z"], text);
    assert.equal(labelsOf("x 0\nx 1\nx 0\n", targets), ["x 0", "x 1", "x 0"], "labels of two words");
    for (const text of ["X\nY\n", "label\nX\nY\n"])
      refusedAtOnce(() => fit(text, targets), /labels for 3|the first line names the labels/);
  }
  refusedAtOnce(() => fit("Z\nX\nY\nX\n", FROM_0), /4 labels for 3 nodes/);
  assert.equal(labelsOf("0\nX\nY\nZ\n", FROM_1), ["X", "Y", "Z"], "a line for each number from 0");
  assert.equal(labelsOf("\n\nX\n\nY\n\n\nZ\n", GAPS), ["X", "Y", "Z"]);
  assert.equal(labelsOf("\nX\n\nY\n\n\nZ\n", GAPS), ["X", "Y", "Z"], "from 1");
  assert.equal(labelsOf("7,Z\n2,X\n4,Y\n", GAPS), ["X", "Y", "Z"]);
  assert.equal(labelsOf("3 Z\n1 X\n2 Y\n", FROM_1), ["X", "Y", "Z"]);
  assert.equal(labelsOf(",label\n0,5\n1,6\n2,7\n", FROM_0), ["5", "6", "7"]);
  refusedAtOnce(() => fit("1 X\n2 Y\n3 Z\n", FROM_0), /labels nodes 1 to 3, and the graph has 0 to 2/);
  refusedAtOnce(() => fit("0 X\n1 Y\n2 Z\n", FROM_1), /labels nodes 0 to 2, and the graph has 1 to 3/);
  refusedAtOnce(() => fit("0 X\n1 Y\n3 Z\n", GAPS), /line 2 labels 1, which the graph has not/);
  assert.equal(labelsOf('"x"\n"1" "X"\n"2" "Y"\n"3" "Z"\n', ROWS), ["X", "Y", "Z"], "R counts rows from 1");
});

test("nodes that a file lists have an order, names and numbers", () => {
  for (const text of ["X\nY\nZ\n", "5 X\n0 Y\nx Z\n", "0 X\n1 Y\n2 Z\n"])
    assert.equal(labelsOf(text, GML), ["X", "Y", "Z"], text);
});

test("packed and binary files are named", () => {
  const refusedBytes = (first: number[], pattern: RegExp) =>
    refusedAtOnce(() => readLabels(Uint8Array.from([...first, ...new Uint8Array(20)]), "labels"), pattern);
  refusedBytes([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0], /packed by xz; unpack it first: xz -d/);
  refusedBytes([0x28, 0xb5, 0x2f, 0xfd], /packed by zstd/);
  refusedBytes([0xff, 0xfe, 0x61, 0], /is UTF-16.*iconv/);
  assert.equal(labelsOf("PAR1 X\nPAR2 Y\nPAR3 X\n", { ...NAMED, names: ["PAR1", "PAR2", "PAR3"] }), ["X", "Y", "X"]);
});

test.run();
