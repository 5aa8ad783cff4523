/**
 * Draws the picture of docs/sae.md: `node docs/pictures/sae.mjs RUN`, RUN a run of nano (`npm start`), whose `sae.json` it reads. The
 * numbers in it go to stdout.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { legend, panel, picture } from "./svg.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const [run] = process.argv.slice(2);
if (run === undefined) {
  console.error("usage: node docs/pictures/sae.mjs RUN");
  process.exit(2);
}
const { comparisons } = JSON.parse(readFileSync(join(run, "sae.json"), "utf8"));
const { match, random } = comparisons.find(({ sae, at }) => sae.name === "nano/sae" && at === "token");

const LINES = [
  { name: "best feature", key: "features", color: 0, look: "bold" },
  { name: "null, 95 %", key: "chance95", color: 8, look: "dash" },
  { name: "best token id", key: "tokens", color: 1 },
  { name: "random directions", color: 3, look: "thin" },
  { name: "union of 3 features", key: "unions", color: 2, look: "thin" },
];
const shares = [0, 0.25, 0.5, 0.75, 1];
const percents = shares.map((share) => `${100 * share} %`);
const [TOP, HEIGHT] = [34, 240];

const curve = panel({
  ...{ left: 62, top: TOP, width: 300, height: HEIGHT },
  title: `Share of ${match.clusters.length} clusters found`,
  x: { domain: [0.1, 0.9], ticks: [0.1, 0.3, 0.5, 0.7, 0.9], label: "with an F1 of at least" },
  y: { domain: [0, 1], ticks: shares, names: percents },
  marks: LINES.map(({ key, color, look = "" }) => {
    const mean = (i) => random.reduce((sum, draw) => sum + draw.shares[i], 0) / random.length;
    const at = match.curve.map((point, i) => [point.cut, key ? point[key] : mean(i)]);
    return { kind: "line", color, look, at };
  }),
});

const places = match.clusters.map(({ best, chance, token, above95, aboveToken }) => {
  return { x: Math.max(chance.p95, token.f1), y: best?.f1 ?? 0, both: above95 && aboveToken };
});
const points = (both, color) => {
  return { kind: "points", color, at: places.filter((one) => one.both === both).map(({ x, y }) => [x, y]) };
};
const scatter = panel({
  ...{ left: 440, top: TOP, width: 240, height: HEIGHT },
  title: "Each cluster's best feature",
  x: { domain: [0, 1.02], ticks: shares, label: "F1 of null (95 %) or token id, the higher" },
  y: { domain: [0, 1.02], ticks: shares, label: "F1 of the best feature", room: 36 },
  marks: [
    {
      kind: "line",
      color: 8,
      look: "dash",
      at: [
        [0, 0],
        [1.02, 1.02],
      ],
    },
    points(false, 8),
    points(true, 0),
  ],
});

const text = picture({
  ...{ width: 700, height: 352 },
  description:
    "Left: shares of clusters whose best feature, best token id and union of features have at least an F1, beside the null and random directions. Right: the best feature's F1 of each cluster over that of null and token id; matched ones lie above the diagonal.",
  parts: [curve, scatter, legend(62, 338, LINES)],
});
writeFileSync(join(here, "sae.svg"), text);
console.log(JSON.stringify({ headline: match.headline, curve: match.curve, random }, null, 1));
