/** The section of features: what stands in it, of numbers that are known; nothing without a comparison. */
import * as assert from "uvu/assert";
import type { KeptComparison } from "../../runtime/measure/sae-result";
import { madeUpComparison } from "../test/made-up-comparison";
import { sampleReport } from "../test/sample-report";
import { suite } from "../test/suite";
import { renderReport } from "./report";
import { autoencoders, bestFeature } from "./sae";
import { curveChart } from "./threshold-chart";
import { viewOf } from "./view";

const test = suite("report/sae");
const thin = "\u2009";
const sample = sampleReport({ sequences: 2 });
const comparison = (changes: Partial<KeptComparison> = {}): KeptComparison => ({
  ...madeUpComparison(
    sample.labels,
    {},
    sample.tokens.map(({ role = "" }) => role),
  ),
  current: true,
  ...changes,
});
const section = (...all: KeptComparison[]) => autoencoders(viewOf({ ...sample, autoencoders: all }))!.text;
const text = (html: string) =>
  html
    .replace(/<[^>]*>/g, " ")
    .replace(/\s+/g, " ")
    .trim();
const rows = (html: string) => [...html.matchAll(/<tr[^>]*>(.*?)<\/tr>/gs)].map(([, row]) => text(row));

test("with a comparison the report has a section, a link to it, and a line on every matched card; without one none", () => {
  const page = renderReport({ ...sample, autoencoders: [comparison()] });
  assert.match(page, '<section id="features">');
  assert.match(page, '<a href="#features">Features</a>');
  assert.is([...page.matchAll(/best feature <b>#\d+/g)].length, sample.clusters.length);
  assert.ok(page.indexOf('id="heat"') < page.indexOf('id="features"'));
  assert.ok(page.indexOf('id="features"') < page.indexOf('id="diagnostics"'));
  const without = renderReport(sample);
  assert.not.match(without, /id="features"|href="#features"|best feature/);
  assert.is(renderReport({ ...sample, autoencoders: [] }), without);
});

test("the headline, a row a cluster from the best on, and what it says in words", () => {
  const one = comparison();
  const { match } = one;
  const [all] = match.headline;
  const html = section(one);
  assert.match(
    text(html),
    `${all.above95} of ${match.clusters.length} clusters (${(100 * all.share95!).toFixed(1)} %) have a feature`,
  );
  assert.match(
    text(html),
    "As many random directions in the place of the features match 1 to 3 by the same rule, 1 to 3 with an F1 of 0.5",
  );
  assert.match(html, `random directions: 50.0${thin}% with F1 ≥ 0.1`);
  const alone = section({ ...one, random: [] });
  assert.not.match(alone, "random directions");
  assert.match(html, `The paper has 259 of 510 (50.8${thin}%), by a rule that it does not state`);
  const [head, ...found] = rows(html);
  assert.is(head, "cluster size feature F1 null 95 % best token id both role of cluster role of feature union of 3");
  assert.is(found.length, match.clusters.length);
  const best = match.clusters.reduce((a, b) => (b.best!.f1 > a.best!.f1 ? b : a));
  const { f1, feature } = best.best!;
  assert.ok(best.above95 && best.aboveToken);
  assert.match(
    found[0],
    `${best.cluster} ${best.size} #${feature} ${f1.toFixed(2)} ${best.chance.p95.toFixed(2)} ${best.token.f1.toFixed(2)}`,
  );
  assert.match(found[0], ` yes ${best.role!.name} ${best.role!.f1.toFixed(2)} ${best.featureRole!.name}`);
  for (const line of [...one.notes, ...match.said.slice(1)])
    assert.ok(text(html).includes(text(line.replace(/</g, "&lt;"))) || html.includes("&"), line);
  assert.not.match(html, match.said[0].slice(0, 40));
  assert.not.match(html, "<h3>");
});

test("a cluster is matched where both flags are set, and has no feature where none fires", () => {
  const one = comparison();
  const [a] = one.match.clusters;
  const make = (above95: boolean, aboveToken: boolean) => ({ ...a, above95, aboveToken });
  const as = (cluster: typeof a) => rows(section({ ...one, match: { ...one.match, clusters: [cluster] } }))[1];
  assert.match(as(make(true, true)), / yes /);
  for (const flags of [make(true, false), make(false, true)]) assert.match(as(flags), / no /);
  const none = as({ ...make(false, false), best: null, role: undefined, featureRole: undefined });
  assert.match(none, new RegExp(`^${a.cluster} ${a.size} – 0\\.00 `));
  const input = { ...a, token: { ...a.token, as: "input" as const, id: 99 } };
  assert.match(as(input), "#99 before");
  const view = viewOf({
    ...sample,
    autoencoders: [{ ...one, match: { ...one.match, clusters: [{ ...a, best: null }] } }],
  });
  assert.is(bestFeature(view, a.cluster), undefined);
  assert.is(bestFeature(view, 12345), undefined);
});

test("several comparisons stand under names of their own; one of an earlier clustering is only told", () => {
  const html = section(
    comparison(),
    comparison({ at: "prediction" }),
    comparison({ hook: "l1 mlp_out", current: false }),
  );
  assert.equal(
    [...html.matchAll(/<h3>(.*?)<\/h3>/g)].map(([, title]) => title),
    ["made/up, l0 resid_post, at the token", "made/up, l0 resid_post, at the prediction"],
  );
  assert.match(html, /made\/up \(l1 mlp_out, at the token\) is of an earlier clustering and is not shown/);
  const old = section(comparison({ current: false }));
  assert.not.match(old, /<table|<svg|<h3>/);
  assert.not.match(renderReport({ ...sample, autoencoders: [comparison({ current: false })] }), /best feature/);
});

test("no clusters: said, and nothing drawn", () => {
  const none = sampleReport({ sequences: 1, clusters: 0 });
  const found = { ...madeUpComparison(none.labels), current: true };
  const html = autoencoders(viewOf({ ...none, autoencoders: [found] }))!.text;
  assert.match(html, "There are no clusters to hold features against");
  assert.match(html, "nothing that features could match");
  assert.not.match(html, /<table|<svg/);
});

test("texts of files and tokens stay text", () => {
  const bad = "<b x='\"&>";
  const one = comparison();
  const roles = { role: { name: bad, f1: 1 }, featureRole: { name: bad, f1: 1 } };
  const page = renderReport({
    ...sample,
    autoencoders: [
      {
        ...one,
        sae: { ...one.sae, name: bad, format: bad, architecture: bad },
        ...{ model: bad, hook: bad, notes: [bad], tokenNames: { 0: bad, 1: "\u202e", 2: "</table>", 3: "" } },
        match: { ...one.match, said: ["", bad], clusters: one.match.clusters.map((own) => ({ ...own, ...roles })) },
      },
      { ...one, hook: bad, current: false },
    ],
  });
  assert.not.match(page, /<b x=|<\/table><\/code>|\u202e/);
});

test("curves: a point a threshold at its height, clipped to the chart", () => {
  const { text: svg } = curveChart(
    "title",
    [0.1, 0.5, 0.9],
    [
      { name: "one", look: "measured", shares: [1, 0.5, 0] },
      { name: "two", look: "null", shares: [2, -1, 0.25] },
    ],
  );
  const heights = [...svg.matchAll(/cy="([\d.]+)"/g)].map(([, y]) => Number(y));
  const [top, bottom] = [8, 160];
  assert.equal(heights, [top, (top + bottom) / 2, bottom, top, bottom, bottom - (bottom - top) / 4]);
  const places = [...svg.matchAll(/cx="([\d.]+)"/g)].map(([, x]) => Number(x));
  assert.equal(places, [38, 224, 410, 38, 224, 410]);
  assert.match(svg, `one: 50.0${thin}% with F1 ≥ 0.5`);
  assert.match(svg, 'aria-label="title"');
  assert.not.match(curveChart("", [], []).text, /NaN/);
  assert.not.match(curveChart("", [0.5], [{ name: "a", look: "token", shares: [0.5] }]).text, /NaN/);
});

test.run();
