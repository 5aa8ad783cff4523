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

const digits = (value: number) => (Number.isFinite(value) ? Number(value.toPrecision(5)) : 0);
const percent = (share: number) => `${(100 * share).toFixed(share < 0.1 ? 1 : 0)} %`;

/**
 * Sentences about one law, without their full stops.
 * @param agreed share of chi's variance that chains agree about, null where that is not known
 */
export function wordsOf(
  own: Omit<LawFindings, "said">,
  { count }: Pick<Modes, "count">,
  agreed: number | null,
): string[] {
  const said: string[] = [];
  if (agreed !== null && agreed <= 0)
    said.push(
      "Chains agree about none of chi's variance: the shares are those of noise, and more draws would tell more",
    );
  const all = own.bands.at(-1);
  const half = own.bands.find(({ from }) => from <= 0.5) ?? all;
  const whose = own.noiseFree ? "of the variance that chains agree about" : "of chi's variance, noise and all";
  if (half && all) {
    const range = half.error === null ? "" : ` ± ${percent(half.error)}`;
    said.push(
      `Pairs of the ${half.modes} of ${count} modes with a singular value of ${half.from} or more hold ${percent(half.share)}${range} ` +
        `${whose}; as many modes at random ${percent(half.random)}`,
      verdict(half, all),
    );
  }
  const { modes, best } = own.noiseFree ?? own.plain;
  const most = Math.min(best.shares.length, modes.shares.length);
  if (most > 0) {
    const [ours, theirs] = [modes.shares[most - 1], best.shares[most - 1]];
    said.push(
      `The first ${most} modes hold ${percent(ours)}, the best ${most} functions of contexts and of tokens, which know chi, ${percent(theirs)}`,
    );
  }
  for (const { rows, k, ari } of own.clusterings) {
    const what = rows === "coordinates" ? `coordinates of ${k} modes alone` : `chi cut at ${k} modes`;
    said.push(`Clusters of ${what} agree with those of chi to an ARI of ${ari.toFixed(2)}`);
  }
  return said;
}

/** Whether chi couples to large modes only. */
function verdict(half: ModeBand, all: ModeBand): string {
  const error = half.error ?? 0;
  if (half.share - half.random <= 2 * error)
    return "That is no more than chance: large modes are not what chi couples to here";
  const [small, none] = [all.share - half.share, 1 - all.share];
  if (small + none <= Math.max(0.05, 2 * error)) return "chi couples to large modes, and to next to nothing else";
  return (
    `chi couples to large modes more than to others, but not to them alone: ${percent(small)} lies in pairs with a smaller mode, ` +
    `${percent(none)} where contexts differ that no mode tells apart`
  );
}
