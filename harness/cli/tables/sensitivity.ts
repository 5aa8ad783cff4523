import type { Sensitivity } from "../../../runtime/measure/report-data";

/** The sweep for people. */
export function sensitivityTable({ rows, flown = [] }: Sensitivity): string {
  const head = `${"setting".padEnd(24)} ${["Spearman", "lowest", "ARI", "clusters"].map((text) => text.padStart(9)).join(" ")}  mean rise (nats)`;
  const lines = rows.map(({ setting, medianSpearman, lowestSpearman, ari, clusters, rise }) => {
    const numbers = [medianSpearman, lowestSpearman, ari].map((value) => value.toFixed(3).padStart(9));
    const range = rise.map((value) => value.toFixed(3)).join(" to ");
    return `${setting.padEnd(24)} ${numbers.join(" ")} ${String(clusters).padStart(9)}  ${range}`;
  });
  return [
    head,
    ...lines,
    ...flown.map(({ setting, why }) => `${setting.padEnd(24)} flew off: ${why}`),
    "Spearman: median and lowest over components of the correlation with the run's own chi. All rows have another seed than the run; the first has its settings, and is what equal runs reach.",
  ].join("\n");
}
