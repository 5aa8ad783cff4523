/** What a comparison with a prior says, in words that claim no more than its intervals. */
import type { AlikeInfo, IntervalOf, PriorComparison } from "./report-data";

const signed = (value: number) => `${value < 0 ? "-" : "+"}${Math.abs(value).toFixed(3)}`;
const known = ({ low }: IntervalOf) => low !== null;
const range = ({ low, high }: IntervalOf) => `${signed(low!)} to ${signed(high!)}`;

/** Settings that the words hold for. */
function settings({ chains, parts, draws: [own, other] }: Omit<PriorComparison, "said">): string {
  const budget = own === other ? `${chains} chains x ${own} draws` : `${chains} chains x ${own} draws against ${other}`;
  return `${budget}, chains scored ${parts < chains ? `in ${parts} parts` : "one by one"}, 95 % intervals`;
}

/** Sentences: of scores against known roles, of clusters, of columns. Each holds at 95 % by itself. */
export function saidOf(comparison: Omit<PriorComparison, "said">): string[] {
  const { features, against, scores, clusters, columns } = comparison;
  const [both, where] = [`${features} and ${against}`, settings(comparison)];
  const said: string[] = [];
  const told = scores.filter(({ difference }) => known(difference));
  const sides = (of: IntervalOf) => (of.low! > 0 ? "higher" : of.high! < 0 ? "lower" : undefined);
  if (told.length > 0) {
    const by = told.map(
      ({ measure, difference }) => `${measure} differs by ${signed(difference.value!)}, ${range(difference)}`,
    );
    if (told.every(({ difference }) => !sides(difference))) {
      said.push(`${both} cannot be told apart by known roles at these settings (${where}): ${by.join("; ")}`);
    } else {
      const each = told.map(({ measure, difference }) => {
        const side = sides(difference);
        return side
          ? `${measure} of ${features} is ${side} by ${Math.abs(difference.value!).toFixed(3)} (${range(difference)})`
          : `${measure} cannot tell them apart (${signed(difference.value!)}, ${range(difference)})`;
      });
      said.push(`${both} differ by known roles (${where}): ${each.join("; ")}`);
    }
  }
  if (clusters) said.push(clusterWords(clusters, both));
  if (columns) said.push(columnWords(columns, both));
  return said;
}

function clusterWords({ within, between, excess }: AlikeInfo, both: string): string {
  const [a, b] = within.map((value) => value.toFixed(3));
  const found = `ARI ${between.toFixed(3)} between chains of the two, ${a} and ${b} among those of each`;
  if (!known(excess)) return `Clusters of ${both}: ${found}; what they differ by cannot be told`;
  return excess.high! < 0
    ? `Clusters of ${both} differ by more than their noise: ${found} (difference ${signed(excess.value!)}, ${range(excess)})`
    : `Clusters of ${both} cannot be told apart: ${found} (difference ${signed(excess.value!)}, ${range(excess)})`;
}

function columnWords(
  { apart, each, correlation, together }: NonNullable<PriorComparison["columns"]>,
  both: string,
): string {
  const freed =
    correlation === null
      ? "no column is measured well enough to compare"
      : `correlation freed of noise ${correlation.toFixed(3)} (median)`;
  const count = `${apart} of ${each.length} columns can be told apart (5 % for all of them)`;
  if (!known(together)) return `Columns of ${both}: ${count}; ${freed}`;
  const all = `all together by ${signed(together.value!)}, ${range(together)}`;
  return together.high! < 0
    ? `Columns of ${both} differ by more than their noise, ${all}: ${count}; ${freed}`
    : `Columns of ${both}, taken together, cannot be told apart (${all}): ${count}; ${freed}`;
}
