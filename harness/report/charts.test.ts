/** Charts hold what they are given: bars and error bars in proportion, lines draw by draw. */
import * as assert from "uvu/assert";
import { suite } from "../test/suite";
import { barChart, traceChart } from "./svg";

const test = suite("report/charts");

const near = (actual: number, expected: number, bound: number, what = "") =>
  assert.ok(Math.abs(actual - expected) <= bound, `${what}: ${actual}, expected ${expected}`);
/** Numbers of all matches of a pattern. */
const found = (text: string, pattern: RegExp) =>
  [...text.matchAll(pattern)].map(([, ...numbers]) => numbers.map(Number));

/** Bars by name: heights from the line of zero, downwards positive as in SVG; and ends of error bars. */
function bars(text: string) {
  const zero = found(text, /class="zero" d="M[\d.]+ ([\d.]+)H/g)[0][0];
  const boxes = found(text, /class="(?:pos|neg)" d="M([\d.]+) ([\d.]+)h([\d.]+)v([\d.]+)h/g);
  const errors = found(text, /class="error"[^>]* d="M([\d.]+) ([\d.]+)V([\d.]+)"/g);
  return boxes.map(([left, top, width, height], i) => ({
    ...{ left, right: left + width, top: top - zero, bottom: top + height - zero },
    ...{ middle: errors[i][0], low: errors[i][1] - zero, high: errors[i][2] - zero },
  }));
}

test("a bar is as high as its value, and its error bar reaches one error to both sides", () => {
  const { text } = barChart(["a", "b", "c"], [1, -0.5, 0.25], [0.25, 0.5, 0]);
  const [a, b, c] = bars(text);
  // Positions are written to a tenth of a pixel.
  const one = a.bottom - a.top;
  near(a.bottom, 0, 0.1, "a stands on zero");
  near(b.top, 0, 0.1, "b hangs from zero");
  near((b.bottom - b.top) / one, 0.5, 0.01, "half as high");
  near((c.bottom - c.top) / one, 0.25, 0.01, "a quarter as high");
  for (const [bar, value, error] of [
    [a, 1, 0.25],
    [b, -0.5, 0.5],
    [c, 0.25, 0],
  ] as const) {
    near(-bar.low / one, value - error, 0.01, "value less error");
    near(-bar.high / one, value + error, 0.01, "value and error");
    near(bar.middle, (bar.left + bar.right) / 2, 0.11, "in the middle of its bar");
  }
  assert.ok(a.right < b.left && b.right < c.left, "one beside the other");
  assert.match(text, />a: 1.00 ± 0.25</);
  assert.match(text, />b: −0.50 ± 0.50</);
  assert.match(text, /<title>c: 0.25<\/title>/, "no error, none told");
  assert.equal(
    [...text.matchAll(/<path class="(pos|neg)"/g)].map(([, side]) => side),
    ["pos", "neg", "pos"],
  );
});

test("outlines come back to where they began, and all of a column's height can be pointed at", () => {
  const { text } = barChart(["a", "b", "c"], [1, -0.5, 0.25], [0.25, 0.5, 0]);
  const outlines = found(text, /class="(?:hit|pos|neg)" d="M[\d.]+ [\d.]+h(-?[\d.]+)v[\d.]+h(-?[\d.]+)z"/g);
  assert.is(outlines.length, 6);
  for (const [there, back] of outlines) assert.is(there + back, 0);
  const columns = found(text, /class="hit" d="M([\d.]+) ([\d.]+)h([\d.]+)v([\d.]+)h/g);
  for (const [i, { left, right, top, bottom }] of bars(text).entries()) {
    const [x, y, width, height] = columns[i];
    assert.ok(x <= left && right <= x + width && bottom - top <= height && y > 0);
    if (i > 0) near(x, columns[i - 1][0] + width, 0.11, "no gap between two");
  }
  // A name stands under its bar: its middle line is within half the height of a letter of the bar's.
  const names = found(text, /<text transform="translate\(([\d.]+) /g);
  const [[font]] = found(text, /<g text-anchor="end" font-size="([\d.]+)"/g);
  assert.is(names.length, 3);
  for (const [i, { middle }] of bars(text).entries()) near(names[i][0], middle, font / 2, "name under its bar");
});

test("the scale ends at a round number that holds every bar with its error", () => {
  const limit = (values: number[], errors: number[]) => {
    const { text } = barChart(values.map(String), values, errors);
    const heights = found(text, /class="(?:grid|zero)" d="M[\d.]+ ([\d.]+)H/g).map(([y]) => y);
    const labels = [...text.matchAll(/text-anchor="end" font-size="9">([^<]+)</g)].map(([, label]) => label);
    const [first] = labels.map(Number);
    assert.equal(labels, [`${first}`, "0", `−${first}`], "both ends and the middle");
    assert.is(heights.length, 5);
    for (const at of [1, 2, 3, 4]) near(heights[at] - heights[at - 1], (heights[4] - heights[0]) / 4, 0.11);
    return first;
  };
  assert.is(limit([1], [0]), 1);
  assert.is(limit([1], [0.25]), 1.5);
  assert.is(limit([-0.9, 0.1], [0.7, 0]), 2);
  assert.is(limit([0.021], [0]), 0.03);
  assert.is(limit([35], [0]), 40);
  assert.is(limit([4.1], [0]), 5);
  assert.is(limit([5.1], [0]), 7.5);
  assert.is(limit([7.6], [0]), 10);
  // Ends have two digits, also where they are written with a power of ten.
  assert.match(barChart(["a"], [1.9e-5], [0]).text, ">2.0e−5</text>");
  assert.match(barChart(["a"], [0.29], [0]).text, ">0.3</text>");
  // No more than rounding beyond a round number is that number.
  assert.is(limit([2.0000001], [0]), 2);
});

test("names are written where they fit, and what is not finite leaves its place empty", () => {
  const names = (count: number) => Array.from({ length: count }, (_, i) => `name ${i}`);
  const chart = (count: number) => barChart(names(count), new Array(count).fill(1), new Array(count).fill(0)).text;
  const labels = (text: string) => [...text.matchAll(/rotate\(-90\)">([^<]*)</g)].map(([, name]) => name);
  assert.equal(labels(chart(64)), names(64));
  assert.equal(labels(chart(65)), []);
  assert.is(bars(chart(65)).length, 65);
  const gap = barChart(["a", "b"], [Number.NaN, 1], [1, Number.POSITIVE_INFINITY]).text;
  assert.is(bars(gap).length, 1);
  assert.match(gap, "<title>b: 1.00</title>");
  const [b] = bars(gap);
  near(b.low, b.high, 0.1, "an error that is not finite is none");
  const whole = bars(barChart(["a", "b"], [1, 1], [0, 0]).text)[1];
  assert.equal([b.left, b.right], [whole.left, whole.right], "in its own place");
});

const paths = (text: string) =>
  [...text.matchAll(/class="chain ch(\d)" d="([^"]*)"/g)].map(([, color, d]) => [color, d]);

test("a line for each chain, on one scale that holds zero: the highest at the top, the lowest at the bottom", () => {
  const { chart, low, high } = traceChart([
    [1, 3, 2],
    [0.5, -1, 0],
  ]);
  assert.equal([low, high], [-1, 3]);
  // Of 4 nats from top to bottom, 100 units: 3 is at 0, 0 at 75, -1 at 100.
  assert.equal(paths(chart.text), [
    ["0", "M0 50.0L1 0.0L2 25.0"],
    ["1", "M0 62.5L1 100.0L2 75.0"],
  ]);
  assert.match(chart.text, '<path class="zero" d="M0 75.0H2"/>');
  const above = traceChart([[2, 4]]);
  assert.equal([above.low, above.high, paths(above.chart.text)], [0, 4, [["0", "M0 50.0L1 0.0"]]]);
  assert.equal(paths(traceChart([[0, 0]]).chart.text), [["0", "M0 0.0L1 0.0"]], "no span");
});

test("a line is broken where a draw is not finite, long ones are thinned, colors come again after eight", () => {
  assert.equal(paths(traceChart([[4, Number.NaN, 0, 4]]).chart.text), [["0", "M0 0.0M2 100.0L3 0.0"]]);
  const points = (draws: number) =>
    [...paths(traceChart([new Array(draws).fill(1)]).chart.text)[0][1].matchAll(/[ML](\d+) /g)].map(([, x]) =>
      Number(x),
    );
  assert.is(points(240).length, 240);
  assert.equal(points(241).slice(0, 3), [0, 2, 4]);
  assert.is(points(481).at(-1), 480);
  assert.equal(points(481).slice(0, 3), [0, 3, 6]);
  const nine = traceChart(Array.from({ length: 9 }, () => [1, 2]));
  assert.equal(
    paths(nine.chart.text).map(([color]) => color),
    ["0", "1", "2", "3", "4", "5", "6", "7", "0"],
  );
});

test.run();
