import * as assert from "uvu/assert";
import { refusedAtOnce } from "../../harness/test/refused";
import { suite } from "../../harness/test/suite";
import { parseJson } from "./json";
import { fitLabels, readLabels } from "./labels";
import { decodeText, shown } from "./text";

const test = suite("runtime/formats/text");
const bytes = (text: string) => new TextEncoder().encode(text);

test("text is UTF-8 or refused with byte, line and the way out", () => {
  assert.is(decodeText(bytes("\ufeffä\n"), "x"), "ä\n", "a mark at the start is dropped");
  assert.is(decodeText(bytes("a\ufeffb"), "x"), "a\ufeffb", "no other");
  refusedAtOnce(
    () => decodeText(Uint8Array.of(97, 10, 10, 0xe9, 97), "x"),
    /^x: not UTF-8: byte 0xe9 in line 3; save it as UTF-8 \(iconv -f latin1 -t utf-8\)$/,
  );
  refusedAtOnce(() => decodeText(Uint8Array.of(0xff, 0xfe, 97, 0), "x"), /is UTF-16.*iconv -f utf-16/);
  refusedAtOnce(() => decodeText(Uint8Array.of(0, 0, 0xfe, 0xff, 0, 0, 0, 97), "x"), /is UTF-32/);
});

test("what is shown has no control characters and is short", () => {
  assert.is(shown("a\u001b[2J\r\n\u202eb\u0000é"), "a\\u001b[2J\\r\\n\\u202eb\\u0000é");
  assert.is(shown("x".repeat(100), 10), "xxxxxxx...");
});

test("JSON: a key twice, depth, and numbers beyond a double are refused, strings are not looked into", () => {
  refusedAtOnce(() => parseJson('{"a": {"b": 1, "c": [{"b": 2}], "\\u0062": 3}}', "x"), /^x: gives the key "b" twice/);
  refusedAtOnce(() => parseJson("[".repeat(1e6), "x"), /200 deep/);
  refusedAtOnce(() => parseJson('{"a":'.repeat(300), "x"), /200 deep/);
  for (const number of ["1e999", "-1E309", "9".repeat(400)])
    refusedAtOnce(() => parseJson(`[${number}]`, "x"), /beyond what a double/);
  refusedAtOnce(() => parseJson("[NaN]", "x"), /not valid JSON/);
  const sound = '{"a": "{\\"a\\": 1e999, \\"a\\"", "b": [{"a": 1}, {"a": -0, "__proto__": 1.5e3}], "": "\\\\"}';
  assert.equal(parseJson(sound, "x"), JSON.parse(sound));
  refusedAtOnce(() => parseJson("\u001b[31m[1", "x"), /Unexpected token '\\u001b'/);
});

test("labels that differ are different", () => {
  const names = ["a", "\u00a0a", "a\ufeff", "\u2003", "A"];
  const file = readLabels(bytes(`${names.join("\n")}\n  a\t\n`), "x");
  assert.equal(fitLabels(file, { n: 6, unit: "rows" }).labels, {
    ...{ numbers: Int32Array.of(0, 1, 2, 3, 4, 0), names },
  });
  refusedAtOnce(() => readLabels(Uint8Array.of(97, 10, 0xe4, 10), "x"), /byte 0xe4 in line 2/);
  refusedAtOnce(() => readLabels(bytes(`["a", ["${"x".repeat(5000)}"]]`), "x"), /label \["x+\.\.\. of row 1/);
});

test.run();
