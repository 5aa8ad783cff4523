/** A comparison of clusters with features of an autoencoder, for people. */
import { bestFirst, isMatched, randomRange, type SaeComparison } from "../../../runtime/measure/sae-result";

const SHOWN = 12;

const percent = (share: number | null) => (share === null ? "-" : `${(100 * share).toFixed(1)} %`);
const cells = (texts: readonly string[], width: number) => texts.map((text) => text.padStart(width)).join(" ");

/** `27 of 62 clusters`, for a line. */
export function featuresLine({ sae, hook, at, match, random }: SaeComparison): string {
  const [all] = match.headline;
  const found = randomRange({ random }, 0);
  const beside = found ? `; as many random directions match ${found[0]} to ${found[1]}` : "";
  return `${all.above95} of ${match.clusters.length} clusters match a feature of ${sae.name} (${hook}, at the ${at}) above both the null and the best token id${beside}`;
}

function headline({ match, random }: SaeComparison): string[] {
  const { headline: rows, clusters, paper, above95, aboveToken } = match;
  if (clusters.length === 0) return ["there are no clusters"];
  const reached = (minF1: number) => {
    const found = randomRange({ random }, minF1);
    if (!found) return "";
    return `  ${found[0] === found[1] ? found[0] : `${found[0]} to ${found[1]}`}`;
  };
  const name = (minF1: number) => (minF1 === 0 ? "any F1" : `F1 >= ${minF1}`);
  return [
    `${"clusters above null and best token id".padEnd(38)} ${cells(["95 %", "share", "99 %", "share"], 8)}${random.length > 0 ? "  random directions, 95 %" : ""}`,
    ...rows.map(({ minF1, above95: a, share95, above99: b, share99 }) => {
      const numbers = [String(a), percent(share95), String(b), percent(share99)];
      return `${`${name(minF1)}, of ${clusters.length}`.padEnd(38)} ${cells(numbers, 8)}${reached(minF1)}`;
    }),
    `above the null alone (95 %) ${above95}, above the best token id alone ${aboveToken}`,
    `the paper: ${paper.matched} of ${paper.clusters} (${percent(paper.matched / paper.clusters)}), by a rule that it does not state`,
  ];
}

function best({ match, tokenNames }: SaeComparison): string[] {
  const known = match.clusters.some(({ role }) => role);
  const number = (value: number) => value.toFixed(2);
  const rows = bestFirst(match)
    .slice(0, SHOWN)
    .map((one) => {
      const { cluster, size, best: feature, chance, token, union, role, featureRole } = one;
      const name = `${JSON.stringify(tokenNames[token.id] ?? `#${token.id}`)}${token.as === "input" ? " before" : ""}`;
      const numbers = [
        ...[String(cluster), String(size), feature ? String(feature.feature) : "-", feature ? number(feature.f1) : "-"],
        ...[number(chance.p95), number(token.f1), isMatched(one) ? "yes" : "no", number(union.f1)],
      ];
      const roles = known ? `  ${role?.name ?? "-"} | ${featureRole?.name ?? "-"}` : "";
      return `${cells(numbers, 8)}  ${name.padEnd(14)}${roles}`;
    });
  const heads = ["cluster", "size", "feature", "F1", "null 95%", "token", "both", "union"];
  const roles = known ? "  role of cluster | of feature" : "";
  const rest = match.clusters.length - rows.length;
  return rows.length === 0
    ? []
    : [
        "",
        `${cells(heads, 8)}  ${"best token id".padEnd(14)}${roles}`,
        ...rows,
        ...(rest > 0 ? [`and ${rest} more in sae.csv`] : []),
      ];
}

/** The whole. */
export function featuresTable(comparison: SaeComparison): string {
  const { sae, model, hook, at, notes, match } = comparison;
  return [
    `${sae.name} (${sae.format} ${sae.architecture}, ${sae.features} features) at ${hook} of ${model}, read at the ${at}: ${match.tokens} tokens`,
    "",
    ...headline(comparison),
    ...best(comparison),
    "",
    ...[...notes, ...match.said],
  ].join("\n");
}
