/** What a run's modes say, in numbers that answer the question and in sentences. */
import type { Modes } from "../modes/modes";
import type { Variance } from "../modes/variance";
import type { LawFindings, ModeBand } from "./mode-findings";

/** Least singular values of the bands. */
const BANDS = [0.9, 0.7, 0.5, 0.3, 0.1, 0] as const;

/**
 * Shares of chi in pairs of large modes: for each least singular value, of pairs whose both modes reach it, beside as many modes in
 * random order. Without noise where there are chains enough.
 */
export function bandsOf({ values }: Pick<Modes, "values">, { modes, randomOrder }: Variance): ModeBand[] {
  const { shares, errors } = modes.noiseFree ?? modes.plain;
  const { mean } = randomOrder.noiseFree ?? randomOrder.plain;
  const bands: ModeBand[] = [];
  for (const from of BANDS) {
    const count = values.filter((value) => value >= from).length;
    if (count === 0 || bands.some((band) => band.modes === count)) continue;
    const error = errors[count - 1];
    bands.push({
      ...{ from, modes: count, share: digits(shares[count - 1]), random: digits(mean[count - 1]) },
      error: Number.isFinite(error) ? digits(error) : null,
    });
  }
  return bands;
}

const digits = (value: number) => Number(value.toPrecision(5));
const percent = (share: number) => `${(100 * share).toFixed(share < 0.1 ? 1 : 0)} %`;

/** Sentences about one law, without their full stops. */
export function wordsOf(own: Omit<LawFindings, "said">, { count }: Pick<Modes, "count">): string[] {
  const said: string[] = [];
  const last = own.bands.at(-1);
  const half = own.bands.find(({ from }) => from <= 0.5) ?? last;
  const noise = own.noiseFree ? "of chi's variance that chains agree about" : "of chi's variance, noise and all,";
  if (half && last) {
    const range = half.error === null ? "" : ` ± ${percent(half.error)}`;
    said.push(
      `The ${half.modes} of ${count} modes with a singular value of ${half.from} or more hold ${percent(half.share)}${range} ${noise} ` +
        `in their pairs; as many of the same modes at random hold ${percent(half.random)}`,
    );
    said.push(verdict(own, half));
    if (last.share < 0.95)
      said.push(
        `All ${count} modes together hold ${percent(last.share)}: the rest depends on contexts in ways that no mode of the law tells apart`,
      );
  }
  const reach = (curve: readonly number[], share: number) => curve.findIndex((value) => value >= share) + 1;
  const { modes, best } = own.noiseFree ?? own.plain;
  const most = Math.min(best.shares.length, modes.shares.length);
  if (most > 0) {
    const [ours, theirs] = [modes.shares[most - 1], best.shares[most - 1]];
    said.push(
      `The first ${most} modes hold ${percent(ours)}; the best ${most} functions on either side, which know chi, ${percent(theirs)}`,
    );
  }
  const needed = reach(modes.shares, 0.5);
  if (needed > 0) said.push(`Half of it is reached with the first ${needed} modes`);
  for (const { rows, k, ari } of own.clusterings)
    said.push(
      `Clusters of ${rows.replace("the first", `the first ${k}`)} agree with those of chi to ARI ${ari.toFixed(2)}`,
    );
  return said;
}

/** Whether chi couples to large modes only. */
function verdict({ bands }: Pick<LawFindings, "bands">, half: ModeBand): string {
  const above = half.share - half.random;
  const error = half.error ?? 0;
  const small = (bands.at(-1)?.share ?? half.share) - half.share;
  if (above <= 2 * error) return "That is no more than chance: large modes are not what chi couples to here";
  if (small <= Math.max(0.05, 2 * error)) return "chi couples to large modes, and to next to nothing else";
  return `chi couples to large modes more than to others, but not only: pairs with a smaller one hold ${percent(small)}`;
}
