import type { Json } from "../../../runtime/formats/json";
import type { Comparison } from "../../../runtime/measure/compare";

/** The comparison for people. */
export function comparisonTable(comparison: Comparison): string {
  const { runs, differences: changed, components, only, medianPearson, medianSpearman, clusters, rows } = comparison;
  const number = (value: number | null, digits = 3) => (value === null ? "-" : value.toFixed(digits));
  const width = Math.max(9, ...components.map(({ name }) => name.length));
  const cells = (...texts: string[]) => texts.map((text) => text.padStart(9)).join(" ");
  const short = (value: Json) => JSON.stringify(value).slice(0, 40);
  const lines = [`A: ${runs[0]}`, `B: ${runs[1]}`];
  for (const { key, a, b } of changed) lines.push(`${key}: A ${short(a)}, B ${short(b)}`);
  if (changed.length === 0) lines.push("the same config");
  lines.push(
    "",
    `${"component".padEnd(width)} ${cells("Pearson", "Spearman", "halves A", "halves B", "rise A", "rise B", "LLC A", "LLC B")}`,
  );
  for (const { name, pearson, spearman, reliability, meanRise, llc } of components) {
    const numbers = [pearson, spearman, ...reliability, ...meanRise].map((value) => number(value));
    const coefficients = llc.map((one) => (one ? number(one.value, 2) : "-"));
    lines.push(`${name.padEnd(width)} ${cells(...numbers, ...coefficients)}`);
  }
  lines.push(
    "",
    `median Pearson ${number(medianPearson)}, Spearman ${number(medianSpearman)}; "halves": Pearson that two equal runs would have, by each run's own chains`,
    ...(comparison.sharedSeed
      ? ["both runs have one seed: what they agree by may be their noise; compare runs of different seeds"]
      : []),
    `clusters: ${clusters.count[0]} and ${clusters.count[1]}, ARI ${number(clusters.ari)}, NMI ${number(clusters.nmi)}`,
  );
  only.forEach((names, i) => {
    if (names.length > 0) lines.push(`only in ${"AB"[i]}: ${names.join(", ")}`);
  });
  const drawnNames = ["draws A", "B", "rise A", "B", "halves A", "B"];
  lines.push("", `${"features".padEnd(50)} ${cells(...drawnNames, "clusters A", "B", "covered A", "B")}`);
  for (const { features, control, drawn, clusters: counts, covered } of rows) {
    const shares = covered.map((share) => (share === null ? "-" : `${(100 * share).toFixed(0)} %`));
    const name = `${features}${control ? " (control)" : ""}`.padEnd(50);
    const drawnBy = [
      ...drawn.map((one) => (one ? `${one.chains}x${one.draws}` : "-")),
      ...drawn.map((one) => number(one?.meanRise ?? null)),
      ...drawn.map((one) => number(one?.reliability ?? null)),
    ];
    lines.push(`${name} ${cells(...drawnBy, ...counts.map((count) => String(count ?? "-")), ...shares)}`);
  }
  return lines.join("\n");
}
