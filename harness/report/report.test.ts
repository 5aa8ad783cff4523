/** The report holds every section, lets no text of the data become markup, and loads nothing. */
import * as assert from "uvu/assert";
import type { ReportData } from "../../runtime/measure/report-data";
import { sampleReport } from "../test/sample-report";
import { suite } from "../test/suite";
import { heatOrder } from "./heatmap";
import { escapeHtml, named } from "./html";
import { hueOf } from "./palette";
import { renderReport } from "./report";
import { viewOf } from "./view";

const test = suite("report");

const SECTIONS = ["measured", "summary", "clusters", "tokens", "heat", "modes", "diagnostics", "controls", "remarks"];

function sectionsOf(text: string): string[] {
  return [...text.matchAll(/<section id="(\w+)"/g)].map(([, id]) => id);
}

/** Parses tags with a stack: what hostile text would break first. Scripts and styles are skipped whole. */
function unbalanced(text: string): string | undefined {
  const open: string[] = [];
  const body = text.replace(/<(script|style)\b[^>]*>[\s\S]*?<\/\1>/g, "");
  for (const [, close, name, self] of body.matchAll(/<(\/?)([a-zA-Z][\w-]*)(?:"[^"]*"|[^">])*?(\/?)>/g)) {
    if (["meta", "link", "br"].includes(name) || self) continue;
    if (!close) open.push(name);
    else if (open.pop() !== name) return `</${name}> after ${open.join(" > ")}`;
  }
  return open.length > 0 ? `left open: ${open.join(" > ")}` : undefined;
}

test("every section is there, in order, and tags balance", (t) => {
  const text = renderReport(sampleReport());
  assert.equal(sectionsOf(text), SECTIONS);
  assert.is(unbalanced(text), undefined);
  t.note(`512 tokens × 26 columns: ${(text.length / 1e6).toFixed(2)} MB`);
});

test("it loads nothing: no address, no source, no import", () => {
  const text = renderReport(sampleReport());
  assert.not.match(text, /https?:\/\//);
  assert.not.match(text, /\ssrc=|@import|url\(|<iframe|<object|<embed/);
  assert.equal([...text.matchAll(/<link[^>]*>/g)].map(String), ['<link rel="icon" href="data:,">']);
  for (const [, address] of text.matchAll(/\shref="([^"]*)"/g)) assert.match(address, /^(#|data:,$)/);
});

test("the same data gives the same text, and rendering leaves the data alone", () => {
  const data = sampleReport();
  const before = JSON.stringify(data);
  const text = renderReport(data);
  assert.is(renderReport(data), text);
  assert.is(JSON.stringify(data), before);
  assert.is(renderReport(sampleReport()), text);
});

test("hostile texts stay text", () => {
  const hostile = [
    "<s>",
    "</script><script>alert(1)</script>",
    "&amp;",
    "\"'><img onerror=x>",
    "\u0000\u001b[31m",
    "\u202eabc",
    "\ud800",
    "a\nb",
    "\t",
    "",
    "<!--",
    "\u2028",
    "__proto__",
  ];
  const sample = sampleReport();
  const text = "<b x='\"&>";
  const data: ReportData = {
    ...sample,
    title: text,
    version: text,
    adapter: { name: text, software: true, driver: text },
    model: { ...sample.model, name: text },
    config: { [text]: { [text]: text } },
    seconds: [{ phase: text, seconds: 1 }],
    starts: sample.tokens.map(() => text),
    columns: sample.columns.map((name) => name + text),
    components: sample.components.map((component) => ({ ...component, name: text })),
    tokens: sample.tokens.map((token, i) => ({ ...token, text: hostile[i % hostile.length], role: text, mode: text })),
    clusters: sample.clusters.map((cluster) => ({ ...cluster, bestRole: { name: text, f1: 0.5 } })),
    scores: sample.scores.map((row) => ({ ...row, features: text })),
    remarks: [text],
  };
  const page = renderReport(data);
  assert.not.match(page, /<b x=|<img|<script>alert|<!--|<s>/);
  assert.is(unbalanced(page), undefined);
  assert.is([...page.matchAll(/<\/script>/g)].length, 2);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that none is left is what is tested
  assert.not.match(page, /[\u0000-\u0008\u000b-\u001f\u007f\u202e\u2028]/);
  assert.not.match(page, /[\ud800-\udbff](?![\udc00-\udfff])/);
  const embedded = page.match(/id="page-data">([\s\S]*?)<\/script>/)?.[1] ?? "";
  assert.equal(JSON.parse(embedded).text.slice(0, hostile.length), hostile.map(named));
  assert.is(escapeHtml(`<a href="x">'&'`), "&lt;a href=&quot;x&quot;&gt;&#39;&amp;&#39;");
});

test("line feeds are visible and still break the line, the start token is shown", () => {
  const text = renderReport(sampleReport());
  assert.match(text, />⏎<\/span><br>/);
  assert.match(text, /class="start"[^>]*>&lt;s&gt;</);
});

test("tokens that carry their own spaces stand as text, others apart", () => {
  const nano = sampleReport();
  const words = { ...nano, tokens: nano.tokens.map((token) => ({ ...token, text: ` ${token.text}` })) };
  assert.match(renderReport(nano), '<div class="map">');
  assert.match(renderReport(words), '<div class="map text">');
});

test("zero clusters, no roles, no rows, nothing at all", () => {
  const none = renderReport(sampleReport({ clusters: 0 }));
  assert.equal(sectionsOf(none), SECTIONS);
  assert.match(none, /No cluster was found/);
  const unknown = renderReport({ ...sampleReport({ roles: false }), scores: [] });
  assert.equal(
    sectionsOf(unknown),
    SECTIONS.filter((id) => id !== "summary"),
  );
  const counted = renderReport(sampleReport({ roles: false }));
  assert.match(counted, /clusters cannot be scored/);
  assert.not.match(counted, /mean best F1/);
  const empty: ReportData = {
    ...sampleReport({ clusters: 0, roles: false }),
    tokens: [],
    columns: [],
    components: [],
    chi: new Float32Array(),
    chiError: new Float32Array(),
    labels: new Int32Array(),
    scores: [],
    remarks: [],
    seconds: [],
    config: {},
  };
  for (const text of [none, unknown, counted, renderReport(empty)]) {
    assert.is(unbalanced(text), undefined);
    assert.not.match(text.replace(/<script[\s\S]*/, ""), /NaN|undefined|Infinity/);
  }
});

test("numbers that are not finite leave gaps, not broken charts", () => {
  const data = sampleReport();
  data.chi[3] = Number.NaN;
  data.chiError[4] = Number.POSITIVE_INFINITY;
  const profile = data.clusters[0].profile.map((value, i) => (i === 2 ? Number.NaN : value));
  const text = renderReport({
    ...data,
    clusters: [{ ...data.clusters[0], profile }, ...data.clusters.slice(1)],
    components: data.components.map((component, i) =>
      i === 0 ? { ...component, rHat: Number.NaN, meanRise: Number.NaN, traces: [[Number.NaN, 1], []] } : component,
    ),
  });
  assert.not.match(text.replace(/<script[\s\S]*/, ""), /NaN|Infinity/);
});

test("a software adapter is said, a hardware adapter is not called one", () => {
  assert.match(renderReport(sampleReport()), /<b>No GPU\.<\/b>/);
  assert.not.match(renderReport(sampleReport({ software: false })), /No GPU/);
});

test("controls are marked and R-hat above 1.1 is flagged", () => {
  const data = sampleReport();
  const text = renderReport(data);
  const controls = data.scores.filter((row) => row.control).length;
  assert.is([...text.matchAll(/<tr class="control">/g)].length, controls);
  const flagged = data.components.filter(({ rHat = 1 }) => rHat > 1.1).length;
  assert.ok(flagged > 0);
  assert.is([...text.matchAll(/class="panel flagged"/g)].length, flagged);
});

test("the section of controls tells halves and sweep, or the command that runs it", () => {
  const data = sampleReport();
  const row = { medianSpearman: 0.91, lowestSpearman: 0.62, columns: [], ari: 0.47, clusters: 31 };
  const rows = [{ ...row, setting: "lr=0.024", rise: [0.11, 0.52] as const }];
  const section = (text: string) => text.match(/<section id="controls">.*?<\/section>/s)![0];
  const swept = section(renderReport({ ...data, sensitivity: { rows } }));
  for (const piece of ["lr=0.024", "0.91", "0.62", "0.47", "0.11 to 0.52"]) assert.ok(swept.includes(piece), piece);
  for (const { name, reliability } of data.components.slice(1, 3)) {
    assert.match(swept, new RegExp(`${name}</th><td class="number">${reliability!.toFixed(2)}`));
  }
  const without = section(renderReport({ ...data, directory: "runs/<b>" }));
  assert.match(without, /npx spectroscope sweep runs\/&lt;b&gt;/);
  const alone = data.components.map(({ reliability, ...rest }) => rest);
  assert.match(section(renderReport({ ...data, components: alone })), /Split halves need two chains/);
});

test("1,600 tokens × 26 columns stay below 1.5 MB", (t) => {
  const text = renderReport(sampleReport({ sequences: 25 }));
  const bytes = new TextEncoder().encode(text).length;
  t.note(`${(bytes / 1e6).toFixed(2)} MB`);
  assert.ok(bytes < 1.5e6, `${bytes} bytes`);
});

test("the heat map's order is by cluster, then role, the unassigned last", () => {
  const view = viewOf(sampleReport());
  const order = heatOrder(view);
  assert.is(new Set(order).size, view.data.tokens.length);
  const rank = (token: number) => (view.clusterOf[token] < 0 ? Number.POSITIVE_INFINITY : view.clusterOf[token]);
  for (let i = 1; i < order.length; i++) assert.ok(rank(order[i - 1]) <= rank(order[i]));
});

test("twenty clusters have twenty hues", () => {
  for (const n of [1, 2, 3, 7, 12, 20])
    assert.is(new Set(Array.from({ length: n }, (_, i) => hueOf(i, n))).size, n, `${n} clusters`);
});

test("the script is plain text of functions that lean on nothing outside", () => {
  const text = renderReport(sampleReport({ clusters: 2 }));
  const script = text.match(/<script>([\s\S]*?)<\/script>/)?.[1] ?? "";
  assert.not.throws(() => new Function(script));
  // Some bundlers wrap named functions in a helper that the page would not have.
  assert.not.match(script, /__name|__spread|_a\b|import_/);
});

test("parts that do not fit are refused with their numbers", () => {
  const data = sampleReport();
  assert.throws(() => renderReport({ ...data, chi: new Float32Array(5) }), /chi holds 5 values, expected 13312/);
  assert.throws(() => renderReport({ ...data, labels: new Int32Array(3) }), /3 labels for 512 tokens/);
  assert.throws(() => renderReport({ ...data, labels: data.labels.map(() => 99) }), /label 99/);
  const [first, ...others] = data.clusters;
  for (const member of [512, -1, 0.5, Number.NaN]) {
    const clusters = [{ ...first, members: [0, member] }, ...others];
    assert.throws(() => renderReport({ ...data, clusters }), new RegExp(`has member ${member}, but there are 512`));
  }
  for (const wrong of [{ profile: [] }, { profileError: [0] }]) {
    assert.throws(() => renderReport({ ...data, clusters: [{ ...first, ...wrong }, ...others] }), /cluster 0: profile/);
  }
});

test.run();
