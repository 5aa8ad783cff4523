import * as assert from "uvu/assert";
import { suite } from "../../harness/test/suite";
import { type Packing, packDocuments } from "./pack";

const test = suite("models/text/pack");
const END = 90;
const BEGIN = 80;

/** Packs the documents and says which were asked for. */
function pack(documents: readonly (readonly number[])[], packing: Omit<Packing, "endOfText">) {
  const asked: number[] = [];
  const ids = (index: number) => {
    asked.push(index);
    return documents[index];
  };
  const block = packDocuments({ length: documents.length, ids }, { endOfText: END, ...packing });
  const rows = Array.from({ length: block.rows }, (_, row) =>
    Array.from(block.ids.subarray(row * block.columns, (row + 1) * block.columns)),
  );
  assert.is(block.ids.length, block.rows * block.columns);
  return { ...block, rows, starts: Array.from(block.starts), asked };
}

test("documents follow one another, each with its end, cut every T ids; the tail is dropped and counted", () => {
  const packed = pack([[1, 2, 3], [4], [5, 6, 7, 8]], { columns: 4 });
  assert.equal(packed.rows, [
    [1, 2, 3, END],
    [4, END, 5, 6],
  ]);
  assert.is(packed.columns, 4);
  assert.is(packed.dropped, 3);
  assert.is(packed.documents, 3);
  assert.is(packed.unread, 0);
  assert.equal(packed.starts, [0, 4, 6]);
});

test("a stream that fills its rows drops nothing", () => {
  const packed = pack(
    [
      [1, 2],
      [3, 4],
    ],
    { columns: 3 },
  );
  assert.equal(packed.rows, [
    [1, 2, END],
    [3, 4, END],
  ]);
  assert.is(packed.dropped, 0);
});

test("with a begin-of-text id every row begins with it and holds T - 1 ids of the stream", () => {
  const packed = pack([[1, 2, 3], [4], [5, 6, 7, 8]], { columns: 4, beginOfText: BEGIN });
  assert.equal(packed.rows, [
    [BEGIN, 1, 2, 3],
    [BEGIN, END, 4, END],
    [BEGIN, 5, 6, 7],
  ]);
  assert.is(packed.dropped, 2);
  assert.equal(packed.starts, [1, 6, 9]);
  for (const [document, start] of packed.starts.entries()) {
    assert.is(packed.ids[start], [1, 4, 5][document]);
  }
});

test("a text shorter than a row is one shorter row", () => {
  const packed = pack([[1, 2], [3]], { columns: 100 });
  assert.equal(packed.rows, [[1, 2, END, 3, END]]);
  assert.is(packed.columns, 5);
  assert.is(packed.dropped, 0);
  assert.equal(packed.starts, [0, 3]);
  const begun = pack([[1, 2], [3]], { columns: 100, beginOfText: BEGIN });
  assert.equal(begun.rows, [[BEGIN, 1, 2, END, 3, END]]);
  assert.equal(begun.starts, [1, 4]);
});

test("an empty document is its end alone, and no documents are no rows", () => {
  assert.equal(pack([[], [1], []], { columns: 4 }).rows, [[END, 1, END, END]]);
  const nothing = pack([], { columns: 4 });
  assert.equal(nothing.rows, []);
  assert.is(nothing.columns, 0);
});

test("a document that begins in the dropped tail is not among the starts", () => {
  const packed = pack([[1, 2, 3], [4]], { columns: 4 });
  assert.equal(packed.starts, [0]);
  assert.is(packed.dropped, 2);
});

test("with a limit of rows no document is asked for that is not needed", () => {
  const packed = pack([[1, 2, 3], [4, 5], [6], [7]], { columns: 3, maxRows: 2 });
  assert.equal(packed.rows, [
    [1, 2, 3],
    [END, 4, 5],
  ]);
  assert.equal(packed.asked, [0, 1]);
  assert.is(packed.unread, 2);
  assert.is(packed.dropped, 1);
  assert.is(
    pack(
      [
        [1, 2, 3],
        [4, 5],
      ],
      { columns: 3, maxRows: 9 },
    ).rows.length,
    2,
  );
});

test("with both, rows are full as soon as their own ids are read", () => {
  const packed = pack([[1, 2], [3, 4], [5]], { columns: 4, beginOfText: BEGIN, maxRows: 1 });
  assert.equal(packed.rows, [[BEGIN, 1, 2, END]]);
  assert.equal(packed.asked, [0]);
});

test("a row may hold two ids only", () => {
  assert.equal(pack([[1, 2]], { columns: 2, beginOfText: BEGIN }).rows, [
    [BEGIN, 1],
    [BEGIN, 2],
    [BEGIN, END],
  ]);
});

test.run();
