/** What the sections say of a small run whose numbers are known. */
import * as assert from "uvu/assert";
import type { ComponentDiagnostics, PriorComparison, ReportData, ScoreRow } from "../../runtime/measure/report-data";
import { sampleReport } from "../test/sample-report";
import { suite } from "../test/suite";
import { clusterCards } from "./clusters";
import { controls } from "./controls";
import { diagnostics, judge } from "./diagnostics";
import { heatData, heatMap } from "./heatmap";
import { overview } from "./overview";
import { priors } from "./priors";
import { scores } from "./scores";
import { viewOf } from "./view";

const test = suite("report/sections");
const thin = "\u2009";

/** Six tokens a, a, b, a, b, c of two columns; clusters 7 of the first three and 9 of the fourth and fifth. */
function small(changes: Partial<ReportData> = {}): ReportData {
  const sample = sampleReport({ sequences: 1 });
  const texts = ["a", "a", "b", "a", "b", "c"];
  const cluster = { conductance: 0.12345, profileError: [0, 0] };
  return {
    ...sample,
    tokens: texts.map((text, i) => ({
      text,
      sequence: 0,
      position: i + 1,
      loss: i,
      role: i < 4 ? "x" : "y",
      mode: "m",
    })),
    columns: ["l0h1", "l0h2"],
    chi: Float32Array.from({ length: 12 }, (_, i) => i),
    chiError: Float32Array.from({ length: 12 }, (_, i) => i / 10),
    labels: Int32Array.of(7, 7, 7, 9, 9, -1),
    clusters: [
      { ...cluster, id: 7, members: [0, 1, 2], seed: 1, profile: [1, -1], bestRole: { name: "x", f1: 6 / 7 } },
      { ...cluster, id: 9, members: [3, 4], seed: -1, profile: [-2, 2], stability: { chains: 0.5, tokens: 0.25 } },
    ],
    components: [component("full"), component("l0h1"), component("l0h2")],
    ...changes,
  };
}
const component = (name: string, changes: Partial<ComponentDiagnostics> = {}): ComponentDiagnostics => ({
  ...{
    name,
    weights: 1200,
    lr: 0.01,
    meanRise: 0.25,
    rHat: 1.01,
    traces: [
      [0, 1, 2],
      [1, 0, 1],
    ],
  },
  ...changes,
});
const text = (markup: { text: string } | undefined) => markup!.text.replace(/<[^>]*>/g, " ").replace(/ +/g, " ");
const rows = (html: string) =>
  [...html.matchAll(/<tr[^>]*>(.*?)<\/tr>/gs)].map(([, row]) => text({ text: row }).trim());

test("a cluster's card: share, lift of its texts, share of its roles", () => {
  const [, first, second] = clusterCards(viewOf(small())).text.split("<article");
  // Of cluster 7, a is two of three where the probe has three of six; b is one of three where it has two of six.
  const tables = (card: string) => rows(card.slice(card.indexOf("<h4>Tokens")));
  assert.equal(tables(first), ["token count lift", "a 2 1.3×", "b 1 1×", "role count of role", `x 3 75${thin}%`]);
  assert.match(first, new RegExp(`3 tokens</b>, 50.0${thin}% of the probe`));
  assert.match(first, "conductance <b>0.123</b>");
  assert.match(first, "best at <b>x</b> (F1 0.86)");
  assert.match(first, "<q>a</q>, token 1");
  assert.match(first, `title="66.7${thin}% of the cluster"`);
  assert.equal(tables(second).slice(1), [
    "a 1 1×",
    "b 1 1.5×",
    "role count of role",
    `x 1 25${thin}%`,
    `y 1 50${thin}%`,
  ]);
  assert.match(second, "seed: -1");
  assert.match(second, "found again on half the chains 0.50, half the tokens 0.25<");
  assert.not.match(first, "found again");
});

test("meters are shares of the longest, and the nearest profiles are those that correlate most", () => {
  const data = small();
  const clusters = [
    [1, 2, 3],
    [3, 2, 1],
    [10, 20, 40],
    [5, 5, 5],
  ].map((profile, id) => ({ ...{ id, members: [id], conductance: 0, seed: 0 }, profile, profileError: [0, 0, 0] }));
  const three = { columns: ["a", "b", "c"], chi: new Float32Array(18), chiError: new Float32Array(18) };
  const labels = Int32Array.of(0, 1, 2, 3, -1, -1);
  const cards = clusterCards(viewOf({ ...data, ...three, clusters, labels }))
    .text.split("<article")
    .slice(1);
  const similar = cards.map((card) => card.match(/Most similar profiles: (.*?)<\/p>/)?.[1].replace(/<[^>]*>/g, ""));
  // Profiles rise evenly or not, or fall: deviations -1, 0, 1 and -40/3, -10/3, 50/3, which correlate by 30 / sqrt(2 * 4200 / 9).
  assert.is((30 / Math.sqrt(8400 / 9)).toFixed(2), "0.98");
  assert.equal(similar, [
    "2 (r 0.98), 3 (r 0.00)",
    "3 (r 0.00), 2 (r −0.98)",
    "0 (r 0.98), 3 (r 0.00)",
    "0 (r 0.00), 1 (r 0.00)",
  ]);
  const [first] = clusterCards(viewOf(data)).text.split("<article").slice(1);
  assert.equal(
    [...first.matchAll(/meter" style="width:(\d+)%/g)].map(([, width]) => width),
    ["100", "50", "100"],
  );
  assert.not.match(
    clusterCards(viewOf({ ...data, clusters: data.clusters.slice(0, 1), labels: labels.fill(-1) })).text,
    "Most similar",
  );
});

test("eight texts of a cluster are shown, and how many more there are", () => {
  const card = (kinds: number) => {
    const tokens = Array.from({ length: kinds }, (_, i) => ({ text: `t${i}`, sequence: 0, position: i + 1, loss: 0 }));
    const cluster = {
      id: 0,
      members: tokens.map((_, i) => i),
      conductance: 0,
      seed: 0,
      profile: [0],
      profileError: [0],
    };
    const columns = { columns: ["a"], chi: new Float32Array(kinds), chiError: new Float32Array(kinds) };
    const { text: html } = clusterCards(
      viewOf({ ...small(), ...columns, tokens, clusters: [cluster], labels: new Int32Array(kinds) }),
    );
    return [rows(html.slice(html.indexOf("<h4>Tokens"))).length - 1, html.match(/and (\d+) more/)?.[1]];
  };
  assert.equal(card(8), [8, undefined]);
  assert.equal(card(11), [8, "3"]);
});

test("R-hat in words, each from its bound on", () => {
  const words = (rHat?: number) => [judge(rHat).words, judge(rHat).flagged];
  assert.equal(words(), ["agreement not known", false]);
  assert.equal(words(Number.NaN), ["not finite", true]);
  assert.equal(
    [words(1), words(1.03)],
    [
      ["chains agree well", false],
      ["chains agree well", false],
    ],
  );
  assert.equal(
    [words(1.04), words(1.1)],
    [
      ["chains agree", false],
      ["chains agree", false],
    ],
  );
  assert.equal(
    [words(1.11), words(1.5)],
    [
      ["chains disagree", true],
      ["chains disagree", true],
    ],
  );
  assert.equal(words(1.51), ["chains far apart", true]);
});

test("diagnostics: the verdict of all components, and which lie far from the trained weights", () => {
  const said = (...components: ComponentDiagnostics[]) => diagnostics(viewOf(small({ components }))).text;
  assert.match(said(component("a"), component("b")), "In every component the chains agree");
  assert.match(
    said(component("a", { rHat: 1.2 }), component("b")),
    "<b>1 of 2 components have chains that disagree</b>",
  );
  assert.match(said(component("a", { rHat: undefined }), component("b")), "1 of 2 components have too few chains");
  assert.match(said(), "No component was sampled");
  const bound = said(component("a", { meanRise: 0.5 }), component("b", { meanRise: 0.51 }), component("c"));
  assert.match(bound, "<b>1 of 3 components lie more than 0.5 nats above the trained model</b>: b.");
  assert.match(said(component("a", { meanRise: Number.NaN })), "<b>1 of 1 components lie more");
  assert.not.match(said(component("a")), "lie more than");
  const more = { effectiveDraws: 1234.4, lag1: 0.25, acceptance: 0.5, stepError: 0.125, temperature: 1.0125 };
  const panel = text({ text: said(component("a", { ...more, llc: { value: 2.5, error: 0.256 } })) });
  for (const part of [
    ...["mean rise 0.25 nats", "R-hat 1.010", `effective draws 1${thin}234`, "lag 1 0.25", `acceptance 50.0${thin}%`],
    ...["step error 0.13", "kinetic temperature 1.01", "LLC 2.5 ± 0.26", `weights 1${thin}200`, "lr 0.01"],
  ])
    assert.ok(panel.includes(part), `${part}: ${panel}`);
  assert.not.match(text({ text: said(component("a")) }), /effective draws|lag 1|acceptance|step error|kinetic|LLC/);
});

test("overview: counts, the share in clusters, times and their total", () => {
  const html = overview(
    viewOf(
      small({
        seconds: [
          { phase: "one", seconds: 30 },
          { phase: "two", seconds: 60 },
        ],
      }),
    ),
  ).text;
  const facts = new Map([...html.matchAll(/<dt>(.*?)<\/dt><dd>(.*?)<\/dd>/g)].map(([, key, value]) => [key, value]));
  assert.equal(
    ["Probe", "Known roles", "Components", "Draws", "Clusters", "In a cluster", "Ended"].map((key) => facts.get(key)),
    [
      ...["6 tokens in 1 sequence", "2 roles in 1 mode", "3 runs, 2 columns of chi", "2 chains × 3 draws a component"],
      ...["2 clusters", `5 tokens, 83.3${thin}%`, "2026-02-03 10:20 UTC"],
    ],
  );
  assert.equal(rows(html), ["one 30 s", "two 1 min 00 s", "total 1 min 30 s"]);
  assert.equal(
    [...html.matchAll(/meter" style="width:([\d.]+)%/g)].map(([, width]) => width),
    ["50.0", "100.0"],
  );
  // A share of the longest, however short that is; where nothing took any time all meters are empty.
  const widths = (...seconds: number[]) =>
    [
      ...overview(viewOf(small({ seconds: seconds.map((s, i) => ({ phase: `p${i}`, seconds: s })) }))).text.matchAll(
        /meter" style="width:([\d.]+)%/g,
      ),
    ].map(([, width]) => width);
  assert.equal(
    [widths(0.25, 0.5), widths(0, 0)],
    [
      ["50.0", "100.0"],
      ["0.0", "0.0"],
    ],
  );
  assert.is(facts.get("sampler.num_chains"), "4");
  const nothing = { tokens: [], chi: new Float32Array(0), chiError: new Float32Array(0), labels: new Int32Array(0) };
  assert.match(overview(viewOf(small({ ...nothing, clusters: [] }))).text, "<dt>In a cluster</dt><dd>0 tokens</dd>");
  assert.is(facts.get("weight_restrictions"), "full, embed, unembed, heads, mlp_groups");
  const scaled = overview(viewOf(small({ config: { a: [], b: {}, component_scale: { l0h1: 2, other: 3 } } }))).text;
  assert.match(scaled, "<dt>a</dt><dd>(none)</dd>");
  assert.match(scaled, "<dt>b</dt><dd>{}</dd>");
  assert.match(scaled, /component_scale of the components.*<dt>l0h1<\/dt><dd>2<\/dd>/);
  assert.not.match(scaled, "other");
  assert.match(overview(viewOf(small({ date: "yesterday" }))).text, "<dd>yesterday</dd>");
});

const score = (features: string, changes: Partial<ScoreRow> = {}): ScoreRow => ({
  ...{ features, control: false, clusters: 3, covered: 0.5, meanBestF1: 0.25, rolesAboveHalf: 1 },
  ...{ ariRoles: 0.125, ariModes: 0.5, nmiRoles: 0.75 },
  ...changes,
});

test("controls: nulls without the prior, the most that one covers, halves from the most reliable on", () => {
  const nulls = [
    score("chi", { covered: 0.9 }),
    score("chi, shuffled draws", { control: true, covered: 0.125 }),
    score("chi, shifted draws", { control: true, covered: 0.0625 }),
    score("chi, n_beta = 0", { control: true, covered: 0.75 }),
  ];
  const components = [
    component("full", { reliability: 1 }),
    component("l0h1", { reliability: 0.25 }),
    component("l0h2", { reliability: 0.5 }),
  ];
  const html = controls(viewOf(small({ scores: nulls, components }))).text;
  assert.match(html, `2 nulls went through the same clustering`);
  assert.match(html, `covers is 12.5${thin}% of the tokens`);
  assert.equal(rows(html).slice(1), ["l0h2 0.50", "l0h1 0.25"], "of columns alone");
  assert.match(controls(viewOf(small({ scores: nulls.slice(0, 1) }))).text, "No null went through");
});

test("the summary's rows: scores where roles are known, what was drawn where something was, meters within 0 to 1", () => {
  const drawn = { chains: 4, draws: 1000, meanRise: 0.25, reliability: 0.5 };
  const data = small({
    roles: 3,
    comparisons: [],
    scores: [score("chi", { drawn }), score("ids", { meanBestF1: 1.5, knnAccuracy: 0.875 })],
  });
  const html = scores(viewOf(data))!.text;
  const same = `0.13 0.50 0.75`;
  assert.equal(rows(html).slice(1), [
    `chi 4 × 1${thin}000 0.25 0.50 0.25 1 of 3 ${same} – 50.0${thin}% 3`,
    `ids 1.50 1 of 3 ${same} 0.88 50.0${thin}% 3`,
  ]);
  assert.equal(
    [...html.matchAll(/meter" style="width:([\d.]+)%/g)].map(([, width]) => width),
    ["25.0", "100.0"],
  );
  const unknown = scores(viewOf(small({ roles: undefined, comparisons: [], scores: [score("chi")] })))!.text;
  assert.equal(rows(unknown).slice(1), [`chi 50.0${thin}% 3`]);
  assert.is(scores(viewOf(small({ scores: [] }))), undefined);
});

test("intervals lie on one scale about no difference, and those that do not hold it are apart", () => {
  const interval = (low: number, high: number) => ({ value: (low + high) / 2, error: 1, low, high });
  const said: PriorComparison = {
    ...sampleReport().comparisons[0],
    scores: [
      { measure: "one", means: [0.5, 0.25], difference: interval(-0.1, 0.3) },
      { measure: "two", means: [0.5, 0.25], difference: interval(0.1, 0.4) },
      { measure: "three", means: [0.5, 0.25], difference: interval(-0.4, -0.1) },
      { measure: "at most none", means: [0.5, 0.25], difference: interval(-0.4, 0) },
      { measure: "at least none", means: [0.5, 0.25], difference: interval(0, 0.4) },
      { measure: "four", means: [0.5, 0.25], difference: { value: null, error: null, low: null, high: null } },
    ],
    clusters: undefined,
    columns: undefined,
  };
  const html = priors([said])!.text;
  const bars = [
    ...html.matchAll(
      /<svg class="interval (\w+)" viewBox="0 0 (\d+) .*?d="M([\d.]+) .*?d="M([\d.]+) [\d.]+H([\d.]+)".*?cx="([\d.]+)"/g,
    ),
  ];
  // The farthest end is 0.4: positions are shares of it, from the middle, written to a tenth.
  const places = bars.map(([, look, width, zero, ...at]) => [
    look,
    Number(zero) / Number(width),
    ...at.map((x) => Number(((Number(x) / Number(width) - 0.5) * 0.8).toFixed(2))),
  ]);
  assert.equal(places, [
    ["alike", 0.5, -0.1, 0.3, 0.1],
    ["apart", 0.5, 0.1, 0.4, 0.25],
    ["apart", 0.5, -0.4, -0.1, -0.25],
    ["alike", 0.5, -0.4, 0, -0.2],
    ["alike", 0.5, 0, 0.4, 0.2],
  ]);
  // The scale reaches to the farthest end, to whichever side that lies.
  const ends = (low: number, high: number) =>
    priors([{ ...said, scores: [{ measure: "one", means: [0, 0], difference: interval(low, high) }] }])!.text;
  assert.match(ends(-0.4, -0.1), "−0.40 to 0.40");
  assert.match(ends(0.1, 0.3), "−0.30 to 0.30");
  assert.match(html, "−0.40 to 0.40");
  assert.equal(
    rows(html)
      .slice(1, 7)
      .map((row) => row.replace(/ +/g, " ")),
    [
      "one 0.500 0.250 0.100 −0.100 to 0.300",
      "two 0.500 0.250 0.250 0.100 to 0.400",
      "three 0.500 0.250 −0.250 −0.400 to −0.100",
      "at most none 0.500 0.250 −0.200 −0.400 to 0.000",
      "at least none 0.500 0.250 0.200 0.000 to 0.400",
      "four 0.500 0.250 – not known",
    ],
  );
  assert.is(priors([]), undefined);
});

test("columns are standardized by what is finite in them; one that is constant, or not finite, has deviation 1", () => {
  const [inf, nan] = [Number.NEGATIVE_INFINITY, Number.NaN];
  const columns = [
    [0.25, 0.75, 0.25, 0.75, 0.25, 0.75],
    [3, 3, 3, 3, 3, 3],
    [nan, nan, nan, nan, nan, nan],
    [4, nan, 6, inf, 5, 5],
    [nan, 7, nan, nan, nan, nan],
  ];
  const chi = Float32Array.from({ length: 30 }, (_, at) => columns[at % 5][Math.floor(at / 5)]);
  const names = columns.map((_, c) => `c${c}`);
  const view = viewOf(
    small({ columns: names, chi, chiError: new Float32Array(30), clusters: [], labels: new Int32Array(6).fill(-1) }),
  );
  assert.equal(Array.from(view.columnMean), [0.5, 3, 0, 5, 7]);
  assert.equal(Array.from(view.columnDeviation), [0.25, 1, 1, Math.sqrt(0.5), 1]);
});

test("the heat map holds chi of its tokens in their order, every one up to 90,000 values", () => {
  const view = viewOf(small());
  const { order, chi, error, mean, deviation, rowHeight } = heatData(view);
  assert.equal(order, [0, 1, 2, 3, 4, 5]);
  const numbers = (code: string) => {
    const bytes = Uint8Array.from(atob(code), (c) => c.charCodeAt(0));
    const read = new DataView(bytes.buffer);
    return Array.from({ length: bytes.length / 4 }, (_, i) => read.getFloat32(4 * i, true));
  };
  assert.equal(numbers(chi), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
  assert.equal(numbers(error), Array.from(view.data.chiError));
  // Columns 0, 2, ... 10 and 1, 3, ... 11: their variance is 4 (36 - 1) / 12.
  assert.equal(mean, [5, 6]);
  for (const d of deviation) assert.ok(Math.abs(d - Math.sqrt(35 / 3)) < 1e-12);
  const large = (tokens: number, columns: number) =>
    viewOf({
      ...small({ clusters: [], columns: Array.from({ length: columns }, (_, i) => `c${i}`) }),
      tokens: Array.from({ length: tokens }, (_, i) => ({ text: "a", sequence: 0, position: i + 1, loss: 0 })),
      ...{ chi: new Float32Array(tokens * columns), chiError: new Float32Array(tokens * columns) },
      labels: new Int32Array(tokens).fill(-1),
    });
  assert.is(heatData(large(900, 100)).order.length, 900);
  assert.equal(heatData(large(901, 100)).order.slice(0, 3), [0, 2, 4]);
  assert.match(heatMap(large(901, 100)).text, "One in 2 of the 901 tokens");
  assert.not.match(heatMap(large(900, 100)).text, "One in");
  const names = (columns: number) => [...heatMap(large(2, columns)).text.matchAll(/<div>c\d+<\/div>/g)].length;
  assert.equal([names(64), names(65)], [64, 0]);
  assert.ok(heatData(large(2, 64)).rowHeight === rowHeight && heatData(large(2, 65)).rowHeight < rowHeight);
  assert.match(heatMap(large(0, 3)).text, "There is nothing to draw");
});

test.run();
