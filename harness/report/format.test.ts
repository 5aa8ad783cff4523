/** Numbers, texts and colors as a person reads them. */
import * as assert from "uvu/assert";
import { suite } from "../test/suite";
import { count, counted, duration, fixed, percent, significant } from "./format";
import { escapeHtml, html, named, raw, visible } from "./html";
import { hueOf, hueRules, lookOf } from "./palette";

const test = suite("report/format");

test("whole numbers have thin spaces between thousands", () => {
  assert.equal([0, 7, 999, 1000, 12_345, 1_234_567].map(count), [
    ...["0", "7", "999", "1\u2009000", "12\u2009345", "1\u2009234\u2009567"],
  ]);
  assert.equal([count(1.5), count(1.4)], ["2", "1"]);
  assert.equal([counted(1, "head"), counted(2, "head"), counted(0, "head")], ["1 head", "2 heads", "0 heads"]);
  assert.equal([counted(1, "axis", "axes"), counted(2000, "axis", "axes")], ["1 axis", "2\u2009000 axes"]);
});

test("digits that count, and powers of ten where there would be many zeros", () => {
  assert.equal([significant(0), significant(123.456), significant(-0.012345)], ["0", "123", "−0.0123"]);
  assert.equal([significant(0.5, 2), significant(1e-4), significant(999_999)], ["0.5", "0.0001", "1000000"]);
  assert.equal([significant(0.000099), significant(1e6), significant(-2.5e-7, 2)], ["9.90e−5", "1.00e6", "−2.5e−7"]);
  assert.equal([significant(Number.NaN), significant(Number.POSITIVE_INFINITY)], ["not finite", "not finite"]);
});

test("fixed decimals, shares and times", () => {
  assert.equal(
    [fixed(1.005), fixed(-2), fixed(2.71949, 3), fixed(Number.NaN)],
    ["1.00", "−2.00", "2.719", "not finite"],
  );
  assert.equal([percent(0.1234), percent(1, 0), percent(-0.5)], ["12.3\u2009%", "100\u2009%", "−50.0\u2009%"]);
  assert.is(percent(Number.NaN), "not finite");
  assert.equal([0.44, 9.94, 10, 59.4, 59.6, 60, 252, 3599.4].map(duration), [
    "0.4 s",
    "9.9 s",
    "10 s",
    "59 s",
    "1 min 00 s",
    "1 min 00 s",
    "4 min 12 s",
    "59 min 59 s",
  ]);
  assert.equal([3600, 7500, 3629, 3631].map(duration), ["1 h 00 min", "2 h 05 min", "1 h 00 min", "1 h 01 min"]);
  assert.is(duration(Number.POSITIVE_INFINITY), "not finite");
});

test("what shows nothing is shown, and what is markup is escaped", () => {
  assert.equal([visible(""), visible("  "), visible(" a"), visible("a\nb\tc")], ["∅", "␣␣", " a", "a⏎b⇥c"]);
  assert.equal([named(" a  "), named("a b")], ["␣a␣␣", "a b"]);
  // NUL and unit separator have pictures at U+2400 and on, DEL its own; others their number, surrogates the sign of the unknown.
  assert.is(visible("\u0000\u001f\u007f"), "\u2400\u241f\u2421");
  assert.is(visible("\u0080\u200b\u2028"), "‹U+0080›‹U+200B›‹U+2028›");
  assert.is(visible("\ud800a\udfff"), "\ufffda\ufffd");
  assert.is(escapeHtml("a\n\tb\u0007"), "a\n\tb\u2407");
  assert.is(html`<b>${"<"}${raw("<i>")}${3}${[1, null, [undefined, "&"]]}${false}</b>`.text, "<b>&lt;<i>31&amp;</b>");
});

test("twenty clusters each have a hue and no mark, the next twenty a line, then dots, then all again", () => {
  assert.equal([-1, 0, 19, 20, 40, 59, 60].map(lookOf), [
    ...["", "k k0", "k k19", "k k20 m1", "k k40 m2", "k k59 m2", "k k60"],
  ]);
  const hues = (n: number) => Array.from({ length: n }, (_, i) => hueOf(i, n));
  // Seven parts of the circle from 20 degrees on, to the nearest degree.
  assert.equal(
    hues(7).sort((a, b) => a - b),
    [20, 71, 123, 174, 226, 277, 329],
  );
  for (const n of [1, 2, 5, 20]) {
    // Evenly round the circle of 360 degrees, from 20 on.
    const expected = Array.from({ length: n }, (_, i) => (20 + (360 * i) / n) % 360).sort((a, b) => a - b);
    assert.equal(
      hues(n).sort((a, b) => a - b),
      expected,
    );
  }
  assert.equal(hues(41).slice(20, 40), hues(41).slice(0, 20));
  const apart = (a: number, b: number) => Math.min(Math.abs(a - b), 360 - Math.abs(a - b));
  for (let i = 1; i < 20; i++)
    assert.ok(apart(hueOf(i, 20), hueOf(i - 1, 20)) >= 90, "neighbors in the list are far apart");
});

test("every cluster has its rule; beyond eight every second hue of the circle is deeper", () => {
  const rules = (n: number) =>
    [...hueRules(n).matchAll(/\.k(\d+)\{--hue:(\d+);--deep:([\d.]+)\}/g)].map(([, ...numbers]) => numbers.map(Number));
  assert.equal(
    rules(8).map(([position, , deep]) => [position, deep]),
    Array.from({ length: 8 }, (_, i) => [i, 0]),
  );
  const nine = rules(9).sort((a, b) => a[1] - b[1]);
  assert.equal(
    nine.map(([, , deep]) => deep > 0),
    [false, true, false, true, false, true, false, true, false],
  );
  for (const [position, hue] of nine) assert.is(hue, hueOf(position, 9));
  assert.is(hueRules(0), "");
});

test.run();
