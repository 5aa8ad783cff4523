/** Comparisons with features as a table that any program opens: `sae.csv`, by RFC 4180. */
import { isMatched, type SaeComparison } from "./sae-result";
import { csvField } from "./token-table";

const HEAD = [
  ...["sae", "model", "hook", "at", "clustering", "cluster", "size"],
  ...["feature", "fires", "shared", "precision", "recall", "f1", "jaccard", "matthews"],
  ...["null_mean", "null_p95", "null_p99", "p", "free", "exchanged"],
  ...["token", "token_as", "token_id", "token_f1", "above_null95", "above_null99", "above_token", "matched"],
  ...["union", "union_f1", "token_union", "token_union_f1", "role", "role_f1", "feature_role", "feature_role_f1"],
];

const flag = (value: boolean) => (value ? 1 : 0);

/**
 * One line a cluster and comparison. `clustering` is the head of the SHA-256 of its `labels.npy`; flags are 0 and 1, `matched` is
 * `above_null95` and `above_token` together; parts of a union stand with `+`; what is not known is empty.
 */
export function matchTable(comparisons: readonly SaeComparison[]): string {
  const lines = comparisons.flatMap(({ sae, model, hook, at, labels, match, tokenNames }) =>
    match.clusters.map((one) => {
      const { cluster, size, best, chance, token, above95, above99, aboveToken, union, tokenUnion } = one;
      const name = (id: number) => tokenNames[id] ?? `#${id}`;
      const { role, featureRole } = one;
      const ofBest = best
        ? [best.feature, best.fires, best.shared, best.precision, best.recall, best.f1, best.jaccard, best.matthews]
        : ["", 0, 0, 0, 0, 0, 0, 0];
      return [
        ...[sae.name, model, hook, at, labels.slice(0, 12), cluster, size, ...ofBest],
        ...[chance.mean, chance.p95, chance.p99, chance.p, chance.free, chance.exchanged],
        ...[name(token.id), token.as, token.id, token.f1],
        ...[flag(above95), flag(above99), flag(aboveToken), flag(isMatched(one))],
        ...[union.parts.join("+"), union.f1, tokenUnion.parts.map(name).join("+"), tokenUnion.f1],
        ...[role?.name ?? "", role?.f1 ?? "", featureRole?.name ?? "", featureRole?.f1 ?? ""],
      ]
        .map(csvField)
        .join(",");
    }),
  );
  return `${[HEAD.join(","), ...lines].join("\r\n")}\r\n`;
}
