import { join } from "node:path";
import * as assert from "uvu/assert";
import { refused } from "../../harness/test/refused";
import { suite } from "../../harness/test/suite";
import { projectRoot } from "../../runtime/node/root";
import { ModelFolder } from "../hub/model-folder";
import { type TextOptions, textBlock } from "./block";
import { openTokenizer, type Tokenizer } from "./tokenizer";

const DIRECTORY = join(projectRoot(), "goldens", "tokenizer");
const LIMITS = { vocabSize: 704, maxPositionEmbeddings: 8 };
const test = suite("models/text/block");
let tokenizer: Tokenizer;
test.before(async () => {
  tokenizer = await openTokenizer(new ModelFolder(DIRECTORY));
});

async function read(name: string, text: string, options: Partial<TextOptions> = {}) {
  return textBlock(new TextEncoder().encode(text), name, { tokenizer, limits: LIMITS, ...options });
}

const lines = (...texts: string[]) => texts.map((text) => `${JSON.stringify({ text })}\n`).join("");

test("JSON lines become rows of max_position_embeddings + 1 ids, documents ended by <|endoftext|>", async () => {
  const texts = ["The chains walk.", "", "It isn't  far <|endoftext|> on."];
  const stream = texts.flatMap((text) => [...tokenizer.encode(text), 0]);
  const block = await read("x.jsonl", lines(...texts));
  assert.is(block.columns, 9);
  assert.is(block.rows, Math.floor(stream.length / 9));
  assert.ok(block.rows > 1);
  assert.equal(Array.from(block.ids), stream.slice(0, 9 * block.rows));
  assert.is(block.dropped, stream.length - 9 * block.rows);
  assert.is(block.documents, 3);
  assert.equal(block.endOfText, { id: 0, content: "<|endoftext|>" });
  assert.is(block.beginOfText, undefined);
  assert.is(block.tokenizerFile, join(DIRECTORY, "tokenizer.json"));
  assert.is(block.starts[2], block.starts[1] + 1, "an empty document is one id");
});

test("plain text is one document; what opens a tokenizer serves as well as an open one", async () => {
  const block = await read("x.txt", "The loss\n", {
    columns: 6,
    tokenizer: () => openTokenizer(new ModelFolder(DIRECTORY)),
  });
  assert.equal(Array.from(block.ids), [...tokenizer.encode("The loss\n"), 0]);
  assert.is(block.rows, 1);
  assert.equal(Array.from(block.starts), [0]);
});

test("rows begin with the begin-of-text id when asked, and end at maxRows", async () => {
  const named = { ...tokenizer, beginOfText: () => ({ id: 1, content: "<|padding|>" }) };
  const block = await read("x.txt", "The chains walk. ".repeat(9), {
    tokenizer: named,
    bos: true,
    columns: 5,
    maxRows: 3,
  });
  assert.is(block.rows, 3);
  assert.equal(
    [0, 5, 10].map((i) => block.ids[i]),
    [1, 1, 1],
  );
  assert.equal(block.beginOfText, named.beginOfText());
  const without = await read("x.txt", "The chains walk.", { tokenizer: named });
  assert.is(without.beginOfText, undefined);
  assert.not(Array.from(without.ids).includes(1));
});

test("what cannot be measured is refused", async () => {
  await refused(read("empty.txt", ""), /empty\.txt: no text/);
  await refused(read("bom.txt", "\ufeff"), /bom\.txt: no text/);
  await refused(read("empty.jsonl", "\n"), /empty\.jsonl: no text/);
  await refused(read("hollow.jsonl", lines("", "")), /hollow\.jsonl: no text/);
  await refused(read("x.txt", "abc", { columns: 10 }), /10 ids read 9 positions.*max_position_embeddings is 8/);
  await refused(read("x.txt", "abc", { columns: 1 }), /x\.txt: rows of 1 ids/);
  await refused(read("x.txt", "abc", { columns: 2.5 }), /x\.txt: columns is 2\.5/);
  await refused(read("x.txt", "abc", { maxRows: 0 }), /maxRows is 0/);
  const marks = "\u0301\u0323";
  assert.ok((await read("x.txt", `a${marks.repeat(400)}`)).rows > 0);
  const marked = read("x.jsonl", lines("a", `ab${marks.repeat(200_000)}`));
  await refused(
    marked,
    /x\.jsonl, line 2: 400000 combining marks after each other, from its UTF-16 unit 2 on; at most 1000/,
  );
  await refused(read("x.txt", "abc", { bos: true }), /no begin-of-text token/, /"bos_token"/);
});

test("a text that the tokenizer cannot hold at once is refused, with its length", async () => {
  const full: Tokenizer = {
    ...tokenizer,
    encode: () => {
      throw new RangeError("Maximum call stack size exceeded");
    },
  };
  const text = read("x.jsonl", lines("abc", "d"), { tokenizer: full });
  await refused(text, /x\.jsonl, line 1: 3 characters, with a word too long/, /split it/);
});

test("an id beyond the model's vocabulary is refused, naming text, line, token and tokenizer", async () => {
  const small = { ...LIMITS, vocabSize: 640 };
  assert.ok((await read("x.jsonl", lines("two words"), { limits: small })).rows > 0);
  const run = read("x.jsonl", lines("two words", "so        far"), { limits: small });
  await refused(run, /x\.jsonl, line 2: token " {8}" has id 65\d in .*tokenizer\.json, the model's vocab_size is 640/);
  const beyond = { ...tokenizer, endOfText: { id: 703, content: "<|end|>" } };
  await refused(read("x.txt", "a", { tokenizer: beyond, limits: small }), /has id 703/);
  const begin = { ...tokenizer, beginOfText: () => ({ id: 702, content: "<|begin|>" }) };
  await refused(read("x.txt", "a", { tokenizer: begin, limits: small, bos: true }), /has id 702/);
});

test.run();
