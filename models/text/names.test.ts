import { existsSync } from "node:fs";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { memoryFiles } from "../../harness/test/memory-files";
import { refused } from "../../harness/test/refused";
import { suite } from "../../harness/test/suite";
import { readJson } from "../../runtime/node/files";
import { projectRoot } from "../../runtime/node/root";
import { ModelFolder } from "../hub/model-folder";
import { decodeByteLetters, readTokenNames, type TokenNames, tokenNames } from "./names";
import { openTokenizer } from "./tokenizer";

const GOLDENS = join(projectRoot(), "goldens", "tokenizer");
/** Real data that is used where it is there; nothing of it is part of the project. */
const NEOX = join(projectRoot(), "..", "shared", "data", "tokenizer", "gpt-neox-20b-tokenizer.json");
const test = suite("models/text/names");

test("GPT-2's letters are bytes, and whole characters of UTF-8 are text", () => {
  for (const [token, text] of [
    ["Ġthe", " the"],
    ["Ċ", "\n"],
    ["ĉĉ", "\t\t"],
    ["cafÃ©", "café"],
    ["ĠðŁĺĢ", " 😀"],
    ["ÃŁ", "ß"],
    ["ï»¿", "\ufeff"],
    // The soft hyphen is a letter that nobody sees, so its byte has another.
    ["Â\u0143", "\u00ad"],
    ["Â®", "®"],
    ["a\\b", "a\\b"],
    ["", ""],
  ])
    assert.is(decodeByteLetters(token), text, token);
});

test("a byte of a character that is cut is written as \\x and two digits, in its place", () => {
  assert.is(decodeByteLetters("Ã"), "\\xc3");
  assert.is(decodeByteLetters("Ġà¤"), " \\xe0\\xa4");
  assert.is(decodeByteLetters("©Ã©"), "\\xa9é");
  assert.is(decodeByteLetters("ðŁa"), "\\xf0\\x9fa");
});

test("a token with letters that no byte has is text as it stands", () => {
  for (const token of ["  ", "<|end of text|>", "▁the", "é中"]) assert.is(decodeByteLetters(token), token);
});

test("every byte has a letter of its own", () => {
  const letters = Array.from({ length: 0x144 }, (_, code) => String.fromCharCode(code));
  const bytes = new Set<string>();
  for (const letter of letters) {
    const text = decodeByteLetters(letter);
    // ASCII is itself; the rest of the bytes are no characters by themselves.
    if (text !== letter || letter.charCodeAt(0) < 0x80) bytes.add(text);
  }
  assert.is(bytes.size, 256);
});

/** The names of a text's ids, put together, are the text: but for characters that are cut, and what normalization changed. */
function joined(names: TokenNames, ids: Uint32Array): string {
  return Array.from(ids, names).join("");
}

test("the small tokenizer's names put together are the text; added tokens are text; others have their number", async () => {
  const { encode, nameOf } = await openTokenizer(new ModelFolder(GOLDENS));
  const text = "The chains walk.\n\n  The loss\tanswers;        well <|endoftext|> so.\n";
  assert.is(joined(nameOf, encode(text)), text);
  assert.is(nameOf(0), "<|endoftext|>");
  assert.is(nameOf(5000), "#5000");
  const cut = joined(nameOf, encode("é"));
  assert.ok(cut === "é" || cut === "\\xc3\\xa9", cut);
});

test("what is added is text as it stands, in the vocabulary or not", () => {
  const nameOf = tokenNames({
    decoder: { type: "ByteLevel" },
    model: { vocab: { Ġthe: 0, Ġa: 1 } },
    added_tokens: [
      { id: 1, content: "Ġa" },
      { id: 7, content: "<|Ġ|>" },
    ],
  })!;
  assert.equal([0, 1, 2, 7].map(nameOf), [" the", "Ġa", "#2", "<|Ġ|>"]);
});

test("names need no tokenizer that is supported: a sequence of parts, another kind, none at all", async () => {
  const model = { type: "BPE", vocab: { Ġa: 0, b: 1 } };
  const inSequence = { type: "Sequence", pretokenizers: [{ type: "Digits" }, { type: "ByteLevel" }] };
  const added = [{ id: 2, content: "Ġkept" }];
  const names = tokenNames({ model, pre_tokenizer: inSequence, added_tokens: added })!;
  assert.equal([0, 1, 2, 3].map(names), [" a", "b", "Ġkept", "#3"]);
  assert.is(tokenNames({ model, decoder: { type: "ByteLevel" } })?.(0), " a");
  assert.is(tokenNames({ model, pre_tokenizer: { type: "Metaspace" } })?.(0), "Ġa");
  assert.is(tokenNames({ model: { type: "Unigram", vocab: [["a", 0]] } }), undefined);
  assert.is(await readTokenNames(memoryFiles("bare", {})), undefined);
  const broken = memoryFiles("broken", { "tokenizer.json": new TextEncoder().encode('{"model": ') });
  await refused(readTokenNames(broken), /broken\/tokenizer\.json: not valid JSON/);
});

test("GPT-NeoX's names put together are the text", async (t) => {
  if (!existsSync(NEOX)) return t.skip("no tokenizer/gpt-neox-20b-tokenizer.json in ../shared/data");
  const json = await readJson(NEOX);
  const { encode, nameOf } = await openTokenizer(
    memoryFiles("neox", { "tokenizer.json": new TextEncoder().encode(JSON.stringify(json)) }),
  );
  const text = "Le café, naïve façade:\n\tdef f(x):\n        return x ** 2  # ok\n";
  const ids = encode(text);
  assert.is(joined(nameOf, ids), text);
  t.note(Array.from(ids, (id) => JSON.stringify(nameOf(id))).join(" "));
  assert.is(nameOf(50_300), "#50300", "of the rows that the model pads its vocabulary with");
});

test.run();
