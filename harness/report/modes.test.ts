/** What the section of modes says of findings whose numbers are known. */
import * as assert from "uvu/assert";
import type { CouplingMap, LawFindings, ModeFindings, ModeShares } from "../../runtime/measure/mode-findings";
import type { ReportData } from "../../runtime/measure/report-data";
import { sampleReport } from "../test/sample-report";
import { suite } from "../test/suite";
import { modes } from "./modes";
import { renderReport } from "./report";
import { viewOf } from "./view";

const test = suite("report/modes");
const thin = "\u2009";

const curves: ModeShares = {
  modes: { shares: [0, 0.25, 0.5, 0.5], errors: [0, 0.01, 0.02, null] },
  randomOrder: { shares: [0, 0.1, 0.2, 0.5], low: [0, 0.05, 0.1, 0.5], high: [0, 0.15, 0.3, 0.5] },
  randomBases: { shares: [0, 0.02], low: [0, 0.01], high: [0, 0.03] },
  best: { shares: [0.6, 0.75] },
  principal: { shares: [0.5, 0.7, 0.8, 0.9] },
};
/** 3 × 3. The largest but for the first is 16; the error of 4 is a third of it, and that of 9 a little less. */
const map: CouplingMap = {
  name: "l0h1 <b>",
  values: [1000, 16, 16, -4, 0.1, 9, -9, 0, 1],
  errors: [1000, 1, 1, 4 / 3, 1, 2.99, null, 0, 1],
};
const law: LawFindings = {
  ...{ law: "grammar", source: "made up", loss: 0.5, values: [1, 0.875, 0.25, 0.1], held: 0.9, modes: [] },
  ...{
    plain: { ...curves, modes: { shares: [0, 0.125, 0.375, 0.4] } },
    noiseFree: curves,
    measured: [0, 0.3, 0.4, 0.45],
  },
  bands: [{ from: 0.5, modes: 2, share: 0.25, error: 0.01, random: 0.125 }],
  ...{ mapSize: 3, overall: [1, 2, 3, 4, 5, 6, 7, 8, 9], maps: [map] },
  clusters: [
    {
      id: 7,
      loads: [
        { mode: 5, side: "context", mean: 2.125, z: 9 },
        { mode: 3, side: "token", mean: -1.5, z: -6 },
      ],
    },
    { id: 12345, loads: [{ mode: 1, side: "token", mean: 1, z: 1 }] },
  ],
  clusterings: [
    { rows: "coordinates", k: 4, clusters: 5, ari: 0.25, ariRoles: 0.5 },
    { rows: "chi", k: 2, clusters: 6, ari: 0.75 },
  ],
  said: ["Half of it <i>here</i>"],
};
const findings: ModeFindings = {
  ...{ format: "spectroscope-modes", version: 1, labels: "", contexts: 1024, tokens: 104, components: 1 },
  ...{ chains: 4, draws: 16, agreed: 0.5, laws: [law] },
};

function section(found?: ModeFindings, changes: Partial<ReportData> = {}): string {
  const sample = sampleReport({ sequences: 1 });
  const [first] = sample.clusters;
  const clusters = [{ ...first, id: 7, members: [0, 1, 2] }];
  const labels = new Int32Array(sample.tokens.length).fill(-1).fill(7, 0, 3);
  return modes(viewOf({ ...sample, clusters, labels, directory: "runs/one", modes: found, ...changes })).text;
}
const with_ = (changes: Partial<LawFindings>) => section({ ...findings, laws: [{ ...law, ...changes }] });
const rows = (html: string) =>
  [...html.matchAll(/<tr[^>]*>(.*?)<\/tr>/gs)].map(([, row]) =>
    row
      .replace(/<[^>]*>/g, " ")
      .replace(/ +/g, " ")
      .trim(),
  );
const numbersOf = (path: string) =>
  [...path.matchAll(/[ML]([\d.]+) ([\d.]+)/g)].map(([, x, y]) => [Number(x), Number(y)]);

test("without modes the command is named that would look; the report has the section either way", () => {
  const none = section();
  assert.match(none, "<code>npx spectroscope modes runs/one</code>");
  assert.not.match(none, "<svg");
  const page = renderReport(sampleReport({ sequences: 1 }));
  assert.match(page, '<a href="#modes">');
  assert.match(page, '<section id="modes">');
});

test("shares without noise, in numbers: powers of two and the last, with errors, ranges and gaps", () => {
  const html = section(findings);
  const start = rows(html).findIndex((row) => row.startsWith("k s of the last"));
  assert.equal(rows(html).slice(start + 1, start + 4), [
    `1 1.000 0.0${thin}% ± 0.0 0.0${thin}% 0.0 to 0.0 0.0${thin}% 0.0 to 0.0 60.0${thin}% 50.0${thin}% 0.0${thin}% 0.0${thin}%`,
    `2 0.875 25.0${thin}% ± 1.0 10.0${thin}% 5.0 to 15.0 2.0${thin}% 1.0 to 3.0 75.0${thin}% 70.0${thin}% 12.5${thin}% 30.0${thin}%`,
    `4 0.100 50.0${thin}% 50.0${thin}% 50.0 to 50.0 – – 90.0${thin}% 40.0${thin}% 45.0${thin}%`,
  ]);
  assert.match(html, "Half of it &lt;i&gt;here&lt;/i&gt;.");
  assert.match(html, `0.5 2 25.0${thin}% ± 1.0 12.5${thin}%`.split(" ")[0]);
  assert.ok(rows(html).includes(`0.5 2 25.0${thin}% ± 1.0 12.5${thin}%`));
  assert.match(html, `which hold 90.0${thin}% of all squared singular values`);
  assert.not.match(with_({ held: 1 }), "of all squared singular values");
  // Of three modes the last is told beside the powers of two, and with noise alone there is no column that says so.
  const three = { ...curves, modes: { shares: [0, 0.5, 1] }, best: { shares: [] } };
  const plain = with_({ noiseFree: undefined, plain: three, values: [1, 0.5, 0.25] });
  assert.equal(
    rows(plain)
      .slice(1, 4)
      .map((row) => row.split(" ").slice(0, 3)),
    [
      ["1", "1.000", `0.0${thin}%`],
      ["2", "0.500", `50.0${thin}%`],
      ["3", "0.250", `100.0${thin}%`],
    ],
  );
  assert.not.match(plain, "with noise<");
  assert.match(plain, "noise and all");
  assert.not.match(plain, "best bases: ");
});

test("curves lie on an axis of base 2: k = 2 is in the middle of 1 and 4; shares upward from 0 to 1", () => {
  const html = section(findings);
  const path = html.match(/<path class="curve modes" d="([^"]*)"/)![1];
  const points = numbersOf(path);
  assert.is(points.length, 4);
  const [first, second, , last] = points;
  assert.ok(Math.abs(second[0] - (first[0] + last[0]) / 2) < 0.11, `${points}`);
  const ticks = [...html.matchAll(/<path class="(?:zero|grid)" d="M\d+ ([\d.]+)H\d+"\/><text[^>]*>(\d+) %/g)];
  const heights = new Map(ticks.map(([, y, share]) => [share, Number(y)]));
  assert.equal([heights.get("0"), heights.get("25"), heights.get("50")], [first[1], second[1], last[1]]);
  // An error each way, there and back; where none is known the band closes on the line.
  const band = numbersOf(html.match(/<path class="band modes" d="([^"]*)z"/)![1]);
  assert.is(band.length, 8);
  const unit = heights.get("0")! - heights.get("25")!;
  assert.ok(Math.abs(band[6][1] - band[1][1] - (0.02 / 0.25) * unit) < 0.11, `${band}`);
  assert.equal(band[3], band[4]);
  assert.match(html, `<title>2 modes: 25.0${thin}% ± 1.0${thin}%</title>`);
  assert.match(html, `<title>4 modes: 50.0${thin}%</title>`);
  const bars = [...html.matchAll(/<path class="bar" d="M[\d.]+ ([\d.]+)h[\d.]+V([\d.]+)H[\d.]+z"><title>(.*?)</g)];
  assert.equal(
    bars.map(([, , , said]) => said),
    ["mode 0: s = 1.000", "mode 1: s = 0.875", "mode 2: s = 0.250", "mode 3: s = 0.100"],
  );
  const size = ([, top, bottom]: readonly string[]) => Number(bottom) - Number(top);
  assert.ok(Math.abs(size(bars[2]) / size(bars[0]) - 0.25) < 0.01);
});

test("a map: runs of one color, by the root of the size up to the largest but the first, dots beyond three errors", () => {
  const html = section(findings);
  const small = html.slice(html.indexOf('<div class="cmaps">'));
  const paths = new Map([...small.matchAll(/<path class="(\w+)" d="([^"]*)"/g)].map(([, look, d]) => [look, d]));
  // Roots of 16, 9, 4, 1, 0.1 are 4, 3, 2, 1, 0.3 of the largest, 4: the last is not drawn. 1000 is cut to the largest.
  assert.equal(Object.fromEntries(paths), {
    p4: "M0 0h3",
    n2: "M0 1h1",
    p3: "M2 1h1",
    n3: "M0 2h1",
    p1: "M2 2h1",
    // 16 of error 1, and 9 of 2.99; not 4 of 4/3, nor what has no error.
    s: "M1.5 0h0M2.5 0h0M2.5 1h0",
  });
  assert.match(small, "<title>largest: mode 0 of contexts with mode 1 of tokens, 16 ± 1</title>");
  assert.match(small, "<figcaption>l0h1 &lt;b&gt;</figcaption>");
  // Student's t of 3 degrees is beyond 3 in 5.77 %: (2 / pi) (atan(sqrt 3) + sqrt(3) / 4) is 0.9423.
  assert.match(
    html,
    `3 of 8, 37.5${thin}%; errors from 4 chains are rough, and noise alone would mark about 5.8${thin}%`,
  );
  const one = section({
    ...findings,
    chains: 1,
    agreed: null,
    laws: [{ ...law, maps: [{ ...map, errors: map.errors.map(() => null) }] }],
  });
  assert.match(one, "One chain gives no errors");
  assert.not.match(one, 'class="s"');
  assert.not.match(one, "Chains agree");
  assert.match(html, "mode 1 of contexts, mode 2 of tokens: 6</title>");
  assert.match(html, `Chains agree about 50${thin}% of its variance`);
  assert.match(
    section({ ...findings, agreed: -0.01 }),
    "Chains agree about none of its variance: what follows is noise",
  );
});

test("82 maps of 12 × 12 take less than 175 kB, even of noise without runs", () => {
  let state = 1;
  const next = () => {
    state = (state * 48271) % 2147483647;
    return state / 2147483647 - 0.5;
  };
  const maps = Array.from({ length: 82 }, (_, c) => ({
    name: `l1 mlp[${c}:128]`,
    values: Array.from({ length: 144 }, next),
    errors: Array.from({ length: 144 }, () => 0.1 * (next() + 0.5)),
  }));
  const html = with_({ mapSize: 12, maps, overall: maps[0].values.map(Math.abs) });
  const bytes = new TextEncoder().encode(html.slice(html.indexOf('<div class="cmaps">'))).length;
  assert.ok(bytes > 40_000 && bytes < 175_000, `${bytes}`);
});

test("clusters' loads and clusterings; of an earlier clustering neither, and a line that says so", () => {
  const html = section(findings);
  const told = rows(html).map((row) => row.replace(/ +/g, " "));
  assert.ok(told.includes("7 3 mode 5 of contexts +2.1 mode 3 of tokens −1.5"), told.join("\n"));
  assert.not.match(html, "12345");
  assert.ok(told.includes("coordinates of 4 modes alone 5 0.25 0.50"));
  assert.ok(told.includes("chi cut at 2 modes 6 0.75 –"));
  assert.not.match(html, "clustered again");
  const stale = section(findings, { modesStale: true });
  assert.match(stale, /clustered again after .*<code>npx spectroscope modes runs\/one<\/code>/);
  assert.not.match(stale, /mode 5 of contexts|coordinates of 4/);
  assert.match(stale, "one by one");
});

test("modes in words: every end, spaces and line feeds seen, tags and scripts as text", () => {
  const ends = (text: string) => ({ positive: [{ index: 0, value: 2.5, text }], negative: [] });
  const mode = { mode: 3, value: 0.75, contexts: ends("a\nb <script>"), tokens: ends(" the") };
  const html = with_({ modes: [mode] });
  assert.match(html, '<q title="2.50">a⏎b &lt;script&gt;</q>');
  assert.match(html, '<q title="2.50">␣the</q>');
  assert.ok(rows(html).includes("3 0.750 a⏎b &lt;script&gt; ␣the"));
});

test.run();
