import * as assert from "uvu/assert";
import { suite } from "../harness/test/suite";
import { escapeControls, escapeLines } from "./escape";

const test = suite("kernels/escape");

test("control characters of a name are shown, others stay", () => {
  assert.is(escapeControls("a\u001b[31mb\nc\td\r\u0000\u007f\u009b"), "a\\u001b[31mb\\nc\\td\\r\\u0000\\u007f\\u009b");
  assert.is(escapeControls("\u202ecod.exe\u2028\ufeff"), "\\u202ecod.exe\\u2028\\ufeff");
  assert.is(escapeControls("λ é 日本 👩‍💻 a\\n"), "λ é 日本 👩‍💻 a\\n");
});

test("lines stay lines, and JSON its value", () => {
  assert.is(escapeLines("a\tb\n\u001b]0;x\u0007"), "a\tb\n\\u001b]0;x\\u0007");
  const value = { name: "x\u001b\u0085\u202e\n\u007f" };
  const text = escapeLines(JSON.stringify(value, null, 2));
  assert.not.match(text, /[\u007f-\u009f\u202e]/);
  assert.equal(JSON.parse(text), value);
});

test.run();
