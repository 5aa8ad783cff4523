import * as assert from "uvu/assert";
import { refusedAtOnce as refused } from "../../harness/test/refused";
import { suite } from "../../harness/test/suite";
import { firstInvalidUtf8 } from "../../runtime/formats/utf8";
import { parseDocuments } from "./documents";

const test = suite("models/text/documents");
const encode = (text: string) => new TextEncoder().encode(text);
const texts = (text: string | Uint8Array, file: string) =>
  parseDocuments(typeof text === "string" ? encode(text) : text, file).map((document) => document.text);

test("a .txt file is one document, as it stands but for a byte order mark at its start", () => {
  const text = "a\r\n\u0000b\n\n \ufeffc\u00e9\n";
  assert.equal(texts(text, "x.txt"), [text]);
  assert.equal(texts(`\ufeff${text}`, "x.md"), [text]);
  assert.equal(texts(`\ufeff\ufeff`, "x.txt"), ["\ufeff"]);
  assert.equal(texts("", "x.txt"), [""]);
});

test("a .jsonl file is one document a line; blank lines, other keys and line ends do not matter", () => {
  const lines = `\ufeff{"text": "a\\nb"}\r\n\n   \n{"id": 7, "text": ""}\n{"text": "\\ud83d\\ude00\\u0000\\ufeff"}`;
  const documents = parseDocuments(encode(lines), "x.jsonl");
  assert.equal(documents, [
    { text: "a\nb", where: "x.jsonl, line 1" },
    { text: "", where: "x.jsonl, line 4" },
    { text: "\u{1f600}\u0000\ufeff", where: "x.jsonl, line 5" },
  ]);
  assert.equal(texts(lines, "x.NDJSON").length, 3);
  assert.equal(texts("\n\n", "x.jsonl"), []);
});

test("a bad line is refused by number", () => {
  const second = (line: string) => () => parseDocuments(encode(`{"text": "a"}\n${line}\n`), "x.jsonl");
  refused(second(`{"text": "b"`), /x\.jsonl, line 2: not valid JSON/);
  refused(second(`["b"]`), /line 2: \["b"\] is not an object/, /one object a line/);
  refused(second("null"), /line 2: null is not an object/);
  refused(second(`{"txt": "b"}`), /line 2: no key "text"/);
  refused(second(`{"text": ["b"]}`), /line 2: "text" is \["b"\], not a string/);
  refused(second(`{"text": null}`), /line 2: "text" is null/);
  refused(second(`{"text": "ab\\ud800"}`), /line 2: "text" holds half a surrogate pair, \\ud800, at its UTF-16 unit 2/);
  refused(second(`\ufeff{"text": "b"}`), /line 2: not valid JSON/);
});

test("bytes that are not UTF-8 are refused with their offset in the file", () => {
  const bad = (...bytes: number[]) => Uint8Array.from([0xef, 0xbb, 0xbf, 0x61, ...bytes, 0x62]);
  refused(() => parseDocuments(bad(0xff), "x.txt"), /x\.txt: not UTF-8 at byte 4 \(0xff\)/, /UTF-8/);
  refused(() => parseDocuments(bad(0xc3, 0xa9, 0xe2, 0x82), "x.txt"), /at byte 6 \(0xe2\)/);
  const lines = Uint8Array.from([...encode(`{"text": "a"}\n{"text": "`), 0xe9, ...encode(`"}`)]);
  refused(() => parseDocuments(lines, "x.jsonl"), /x\.jsonl, line 2: not UTF-8 at byte 24 \(0xe9\)/);
  refused(() => parseDocuments(Uint8Array.from([0xff, 0xfe, 0x61, 0]), "x.txt"), /at byte 0/);
});

test("files of ids are sent to --tokens", () => {
  for (const file of ["x.json", "x.npy", "x.Safetensors"])
    refused(() => parseDocuments(encode("[]"), file), /--tokens/);
});

test("the first invalid byte is where the platform's decoder stops taking prefixes", () => {
  const accepts = (bytes: Uint8Array) => {
    try {
      new TextDecoder("utf-8", { fatal: true }).decode(bytes);
      return true;
    } catch {
      return false;
    }
  };
  // Bytes around every limit of the encoding, drawn by a small congruential generator.
  const bytes = [0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc1, 0xc2, 0xdf, 0xe0, 0xe1, 0xec, 0xed, 0xee, 0xef];
  bytes.push(0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xff);
  let state = 1;
  const draw = (n: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * n);
  };
  let bad = 0;
  for (let round = 0; round < 20_000; round++) {
    const text = Uint8Array.from({ length: 1 + draw(7) }, () => bytes[draw(bytes.length)]);
    const at = firstInvalidUtf8(text);
    if (at < text.length) bad++;
    assert.is(at === text.length, accepts(text), `${text}`);
    assert.ok(accepts(text.subarray(0, at)), `${text} before ${at}`);
    // No whole character begins there, however many bytes are taken.
    for (let n = 1; n <= 4 && at + n <= text.length; n++)
      assert.not(accepts(text.subarray(at, at + n)), `${text} at ${at}`);
  }
  assert.ok(bad > 1000 && bad < 19_990);
});

test.run();
