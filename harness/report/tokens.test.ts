/** Tokens in the report: the map, the read-out, members in context. A small text in which every place is known. */
import * as assert from "uvu/assert";
import type { ClusterInfo, ReportData } from "../../runtime/measure/report-data";
import { sampleReport } from "../test/sample-report";
import { suite } from "../test/suite";
import { occurrences } from "./occurrences";
import { pageData } from "./page";
import { tokenMap } from "./tokens";
import { viewOf, zScore } from "./view";

const test = suite("report/tokens");

interface Text {
  /** Sequence and position of each token. */
  readonly places: readonly (readonly [number, number])[];
  readonly columns?: readonly string[];
  readonly chi?: readonly number[];
  readonly labels?: readonly number[];
  readonly clusters?: number;
  readonly texts?: readonly string[];
}

/** A report of tokens that are named by their sequence and position. */
function report({ places, columns = ["a"], chi, labels, clusters = 0, texts }: Text): ReportData {
  const cells = places.length * columns.length;
  const flat = columns.map(() => 0);
  return {
    ...sampleReport({ sequences: 1 }),
    tokens: places.map(([sequence, position], i) => ({
      ...{ text: texts?.[i] ?? `t${sequence}.${position}`, sequence, position, loss: 1.23456 },
    })),
    starts: undefined,
    columns,
    chi: Float32Array.from(chi ?? new Array(cells).fill(0)),
    chiError: new Float32Array(cells),
    labels: Int32Array.from(labels ?? places.map(() => -1)),
    clusters: Array.from({ length: clusters }, (_, id): ClusterInfo => {
      const members = (labels ?? []).flatMap((label, token) => (label === id ? [token] : []));
      return { id, members, conductance: 0, seed: 0, profile: flat, profileError: flat };
    }),
  };
}
const row = (sequence: number, ...positions: number[]) => positions.map((position) => [sequence, position] as const);
const map = (text: Text) => tokenMap(viewOf(report(text))).text;
const tokensIn = (text: string) => [...text.matchAll(/data-token="(\d+)"/g)].map(([, token]) => Number(token));

test("a gap stands where tokens were not measured, and only there", () => {
  const said = (text: string) =>
    [...text.matchAll(/<span class="(gap)|<span class="t[^>]*>([^<]*)</g)].map(([, gap, token]) => gap ?? token);
  assert.equal(said(map({ places: row(0, 1, 2, 3) })), ["t0.1", "t0.2", "t0.3"]);
  assert.equal(said(map({ places: row(0, 3, 4, 7, 8) })), ["t0.3", "t0.4", "gap", "t0.7", "t0.8"]);
  assert.equal(said(map({ places: [...row(0, 1, 2), ...row(4, 1, 3)] })), ["t0.1", "t0.2", "t4.1", "gap", "t4.3"]);
});

test("sequences stand by number and tokens by place, whatever order they come in", () => {
  const text = map({ places: [...row(5, 2, 1), ...row(2, 1)] });
  assert.equal(tokensIn(text), [2, 1, 0]);
  assert.equal(
    [...text.matchAll(/<h4>(\d+)/g)].map(([, number]) => number),
    ["2", "5"],
  );
  // Without modes a sequence has its number alone.
  assert.match(text, "<h4>2</h4>");
  const told = report({ places: row(7, 1, 2, 3, 4) });
  const headed = (...modes: (string | undefined)[]) =>
    tokenMap(viewOf({ ...told, tokens: told.tokens.map((token, i) => ({ ...token, mode: modes[i] })) })).text;
  assert.match(headed("m", undefined, "n", "m"), "<h4>7 <span>m, n</span></h4>");
  assert.match(headed(undefined, "n"), "<h4>7 <span>n</span></h4>");
});

test("the map ends with the sequence that reaches 20,000 tokens, and says how many are left out", () => {
  const places = (lengths: number[]) =>
    lengths.flatMap((length, sequence) => Array.from({ length }, (_, i) => [sequence, i + 1] as const));
  const whole = map({ places: places([12_000, 8_000]) });
  assert.is(tokensIn(whole).length, 20_000);
  assert.not.match(whole, "are shown");
  const cut = map({ places: places([12_000, 8_000, 5]) });
  assert.is(tokensIn(cut).length, 20_000);
  assert.match(cut, "The first 20\u2009000 of 20\u2009005 tokens are shown");
  assert.is(tokensIn(map({ places: places([12_000, 7_999, 5]) })).length, 20_004);
});

test("clusters have their colors and a legend, which repeats after 60", () => {
  const text = map({ places: row(0, 1, 2, 3), labels: [1, -1, 0], clusters: 2 });
  assert.equal(
    [...text.matchAll(/<span class="(t[^"]*)"/g)].map(([, look]) => look),
    ["t k k1", "t", "t k k0"],
  );
  assert.is([...text.matchAll(/<button/g)].length, 2);
  assert.not.match(map({ places: row(0, 1) }), "legend");
  const many = (clusters: number) => map({ places: row(0, 1), clusters });
  assert.not.match(many(60), "Colors repeat");
  assert.match(many(61), "Colors repeat after 60 clusters");
});

test("a token's components are those that it answers most, to either side", () => {
  // Columns of three tokens: one at -2 or 2 and two at 1 or -1, so mean 0 and deviation root 2.
  const [low, high] = [
    [-2, 1, 1],
    [2, -1, -1],
  ];
  const columns = ["a", "b", "c", "d"];
  const rows = [0, 1, 2].map((token) => [low[(token + 1) % 3], low[token], high[(token + 1) % 3], high[token]]);
  const view = viewOf(report({ places: row(0, 1, 2, 3), columns, chi: rows.flat() }));
  const z = (column: number) => zScore(view, 0, column);
  assert.equal([z(0), z(1), z(3)], [1 / Math.sqrt(2), -2 / Math.sqrt(2), 2 / Math.sqrt(2)]);
  const { top, topZ, loss } = pageData(view);
  // Of token 0 b and d are farthest from the mean; of a and c, half as far, the first stands.
  assert.equal(
    [top.slice(0, 3), topZ.slice(0, 3)],
    [
      [1, 3, 0],
      [-1.41, 1.41, 0.71],
    ],
  );
  // Of token 2, the one before the first around, a and c.
  assert.equal(
    [top.slice(6), topZ.slice(6)],
    [
      [0, 2, 1],
      [-1.41, 1.41, 0.71],
    ],
  );
  assert.is(loss[0], 1.2346);
  const few = pageData(viewOf(report({ places: row(0, 1, 2), columns: ["a"], chi: [1, 3] })));
  assert.equal(
    [few.top, few.topZ],
    [
      [0, -1, -1, 0, -1, -1],
      [-1, 0, 0, 1, 0, 0],
    ],
  );
});

const shownAndMore = (members: number[], count = 400) => {
  const view = viewOf(report({ places: row(0, ...Array.from({ length: count }, (_, i) => i + 1)) }));
  const [shown, more = ""] = occurrences(view, members).text.split("<details>");
  return { shown: tokensIn(shown), listed: tokensIn(more), more };
};
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);

test("eight members are shown, the middle ones of eight equal parts; the others are listed, 200 at most", () => {
  assert.equal(shownAndMore(range(3, 11)), { shown: range(3, 11), listed: [], more: "" });
  const nine = shownAndMore(range(0, 9));
  assert.equal([nine.shown.length, nine.listed.length], [8, 1]);
  const { shown, listed } = shownAndMore(range(0, 16));
  assert.equal(shown, [1, 3, 5, 7, 9, 11, 13, 15]);
  assert.equal(listed, [0, 2, 4, 6, 8, 10, 12, 14]);
  // 40 parts of 5: the middle one of each.
  assert.equal(shownAndMore(range(0, 40)).shown, [2, 7, 12, 17, 22, 27, 32, 37]);
  const most = shownAndMore(range(0, 208));
  assert.equal([most.listed.length, /left out/.test(most.more)], [200, false]);
  const cut = shownAndMore(range(0, 211));
  assert.is(cut.listed.length, 200);
  assert.match(cut.more, ">203 more<");
  assert.match(cut.more, ">3 are left out here");
});

test("a member stands between six tokens before it and three after, with dots where the text goes on", () => {
  const view = viewOf({ ...report({ places: row(0, ...range(1, 13)) }), starts: ["<start>"] });
  const line = (token: number) => {
    const [, before, member, after] = occurrences(view, [token]).text.match(
      /<span>(.*?)<\/span>.*<mark>(.*?)<\/mark>(.*?)<\/td>/,
    )!;
    return [before.trim(), member, after.trim()];
  };
  assert.equal(line(8), ["… t0.3 t0.4 t0.5 t0.6 t0.7 t0.8", "t0.9", "t0.10 t0.11 t0.12"]);
  assert.equal(line(7), ["… t0.2 t0.3 t0.4 t0.5 t0.6 t0.7", "t0.8", "t0.9 t0.10 t0.11 …"]);
  assert.equal(line(6), ["&lt;start&gt; t0.1 t0.2 t0.3 t0.4 t0.5 t0.6", "t0.7", "t0.8 t0.9 t0.10 …"]);
  assert.equal(line(0), ["&lt;start&gt;", "t0.1", "t0.2 t0.3 t0.4 …"]);
  assert.equal(line(11), ["… t0.6 t0.7 t0.8 t0.9 t0.10 t0.11", "t0.12", ""]);
});

test.run();
