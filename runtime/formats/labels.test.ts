import * as assert from "uvu/assert";
import { refusedAtOnce } from "../../harness/test/refused";
import { suite } from "../../harness/test/suite";
import { fitLabels, type LabelTargets, readLabels } from "./labels";
import { encodeNpy } from "./npy";

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

test("a first line that no other line repeats names the labels, where there is a line more than rows", () => {
  const four: LabelTargets = { n: 4, unit: "rows" };
  for (const first of ["Iris species", "club", '"Species"'])
    assert.equal(labelsOf(`${first}\na\nb\na\nb\n`, four), ["a", "b", "a", "b"], first);
  assert.match(fit("kind\na\nb\na\nb\n", four).said.join(), /first line is taken for a header: kind/);
  refusedAtOnce(() => fit("a\nb\na\nb\na\n", four), /5 labels for 4 rows/);
  refusedAtOnce(() => fit("p\nq\nr\ns\nt\n", four), /5 labels for 4 rows/);
  refusedAtOnce(() => fit("a\nb\na\nb\nc\n", four), /5 labels for 4 rows/);
  // One for each number from 0, of nodes 1 to 4: nothing is a header.
  const from1: LabelTargets = { n: 4, unit: "nodes", ids: [1, 2, 3, 4] };
  assert.equal(labelsOf("z\na\nb\na\nb\n", from1), ["a", "b", "a", "b"]);
});

test("labels of more words than one stand behind their node, whichever line is longest", () => {
  for (const text of ["0 Mr. Hi\n1 Officer\n2 Mr. Hi\n", "2 Mr. Hi\n0 Mr. Hi\n1 Officer\n"])
    for (const targets of [FROM_0, ROWS]) assert.equal(labelsOf(text, targets), ["Mr. Hi", "Officer", "Mr. Hi"], text);
  assert.equal(labelsOf("c Mr. Hi\nb Officer\na X\n", NAMED), ["Mr. Hi", "X", "Officer"]);
});

test("of several columns the one called label is taken before one called x, and a node's name may come last", () => {
  assert.equal(labelsOf("id;x;club;age\na;3;P;7\nb;3;Q;7\nc;3;P;7\n", NAMED), ["P", "P", "Q"]);
  assert.equal(labelsOf("id,x,y1,species\n0,3,1,P\n1,3,1,Q\n2,3,1,P\n", ROWS), ["P", "Q", "P"]);
  assert.equal(labelsOf("species,id\nP,0\nQ,1\nP,2\n", ROWS), ["P", "Q", "P"]);
  refusedAtOnce(() => fit("id;x;pole;age\na;3;P;7\nb;3;Q;7\nc;3;P;7\n", NAMED), /has 4 columns.*which is the label/);
  assert.equal(labelsOf("x,y,label\n5.1,3.5,P\n4.9,3,Q\n4.7,3.2,P\n", ROWS), ["P", "Q", "P"]);
  assert.equal(labelsOf("a,b,y\n5.1,3.5,P\n4.9,3,Q\n4.7,3.2,P\n", ROWS), ["P", "Q", "P"]);
  refusedAtOnce(() => fit("id,x,y\n0,5.1,3.5\n1,4.9,3\n2,4.7,3.2\n", ROWS), /has 3 columns.*which is the label/);
  const whole = fit("width,height,Species\n5.1,3.5,P\n4.9,3,Q\n4.7,3.2,P\n", ROWS);
  assert.equal([...whole.labels.numbers], [0, 1, 0]);
  assert.match(whole.said.join("\n"), /labels are the column Species, in the order of rows/);
  refusedAtOnce(() => fit("width,height,Species\n5.1,3.5,P\n4.9,3,Q\n", ROWS), /3 lines of 3 columns for 3 rows/);
  refusedAtOnce(() => fit("5.1,3.5,P\n4.9,3,Q\n4.7,3.2,P\n", ROWS), /3 lines of 3 columns for 3 rows/);
  assert.equal(labelsOf("a, b, c\nd\na, b, c\n", ROWS), ["a, b, c", "d", "a, b, c"], "commas of a label");
  refusedAtOnce(() => fit("class,width,Species\n5.1,3.5,P\n4.9,3,Q\n4.7,3.2,P\n", ROWS), /4 lines of 3 columns/);
  refusedAtOnce(() => fit("p,q,kind\n1.5,2,P\n3,4,Q\n1,1,P\n", ROWS), /4 lines of 3 columns for 3 rows, and none/);
});

test("labels that say nothing are said to, and other files have the line that helps", () => {
  const four: LabelTargets = { n: 4, unit: "rows" };
  assert.match(fit("a\nb\nc\nd\n", four).said.join(), /no two have the same label: a, b, c, \.\.\./);
  assert.match(fit("\n\n\n\n", four).said.join(), /no row has a label/);
  assert.equal(fit("a\nb\na\nb\n", four).said, []);
  const read = (bytes: number[]) => () => readLabels(Uint8Array.from(bytes), "labels");
  refusedAtOnce(read([0x50, 0x4b, 3, 4, 20, 0]), /zip archive.*save the sheet as CSV, or numpy\.save/);
  const onehot = Buffer.concat(encodeNpy({ shape: [2, 3], data: new Uint8Array(6) }));
  refusedAtOnce(() => readLabels(new Uint8Array(onehot), "labels"), /has 2 axes, labels have 1.*argmax/);
});

test.run();
