import * as assert from "uvu/assert";
import { suite } from "../harness/test/suite";
import { quoted, sizes, unquoted } from "./quoted";
import { nearest, suggest } from "./suggest";

const test = suite("kernels/quoted");

/** What `run` gives, once it is known to take no time of the processor. */
function atOnce<T>(run: () => T): T {
  const since = process.cpuUsage();
  const result = run();
  const { user, system } = process.cpuUsage(since);
  assert.ok(user + system < 500_000, `${user + system} us`);
  return result;
}

test("what is short is JSON", () => {
  for (const value of [
    "",
    "a\\b",
    'say "x"',
    0,
    -1.5,
    true,
    null,
    [],
    {},
    [1, [2]],
    { a: 1, b: ["c", null] },
    2 ** 60,
  ]) {
    assert.is(quoted(value), JSON.stringify(value));
  }
  assert.is(quoted(undefined), "undefined");
  assert.is(quoted(Number.POSITIVE_INFINITY), "Infinity");
  assert.is(quoted(12n), "12");
});

test("what cannot be seen is escaped", () => {
  assert.is(quoted("\u001b[31m\u0007\n\r\0"), '"\\u001b[31m\\u0007\\n\\r\\u0000"');
  assert.is(quoted("\u007f\u009b\u2028\u202e\u200b\ufeff"), '"\\u007f\\u009b\\u2028\\u202e\\u200b\\ufeff"');
  assert.is(quoted("\ud800"), '"\\ud800"');
  assert.is(quoted({ "\u202e": "\u0085" }), '{"\\u202e":"\\u0085"}');
  assert.is(quoted("\u{e0041}"), '"\\udb40\\udc41"');
  assert.is(unquoted("a\u001b[2Jb\nc"), "a\\u001b[2Jb\\u000ac");
  for (const text of ["Grüße", "日本語", "👩", "a b"]) assert.is(quoted(text), `"${text}"`);
});

test("what is long is cut, and the time does not grow with it", () => {
  assert.is(quoted("x".repeat(81)), `"${"x".repeat(80)}"... (81 characters)`);
  assert.is(quoted("x".repeat(80)), `"${"x".repeat(80)}"`);
  assert.is(quoted(`${"x".repeat(79)}👩`), `"${"x".repeat(79)}"... (81 characters)`);
  assert.is(unquoted("abcdef", 4), "abcd...");
  const long = "y".repeat(5_000_000);
  const values = [long, [long, long], { [long]: long }, new Array(1_000_000).fill(7), [[[[[[[[[1]]]]]]]]]];
  for (const value of values) assert.ok(atOnce(() => quoted(value)).length < 300, "of the length of a line");
  let deep: unknown[] = [];
  for (let i = 0; i < 1_000_000; i++) deep = [deep];
  assert.is(quoted(deep), "[[[[[...]]]]]");
  assert.match(quoted(Array.from({ length: 100 }, (_, i) => i)), /^\[0,1,2,.*\.\.\.$/);
});

test("shapes", () => {
  assert.is(sizes([]), "[]");
  assert.is(sizes([2, 3]), "[2, 3]");
  assert.is(sizes(new Array(100_000).fill(1)), "[1, 1, 1, 1, 1, 1, 1, 1, ... (100000 sizes)]");
});

test("no word is sought for a text that is none", () => {
  const names = ["hidden_size", "h".repeat(1_000_000)];
  assert.is(
    atOnce(() => nearest("x".repeat(1_000_000), names)),
    undefined,
  );
  assert.is(
    atOnce(() => nearest("hiden_size", ["g".repeat(1_000_000), "hidden_size"])),
    "hidden_size",
  );
  assert.ok(atOnce(() => suggest("q", ["z".repeat(1_000_000)])).length < 100);
  assert.is(suggest("q", ["a\u001b[2J"]), "known: a\\u001b[2J");
  assert.is(suggest("hidden\u202esize", ["hidden\u202esizes"]), 'did you mean "hidden\\u202esizes"?');
});

test.run();
