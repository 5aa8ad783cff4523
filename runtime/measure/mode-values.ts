/** Modes, shares and couplings as plain values: what `modes.json` holds and the report shows. */
import type { Couplings } from "../modes/couplings";
import { extremesOf } from "../modes/loads";
import type { Modes } from "../modes/modes";
import type { Variance } from "../modes/variance";
import type { Corpus } from "./corpus";
import { round } from "./mode-clusters";
import type { ModeCurve, ModeEnd, ModeEnds, ModeInfo, ModeShares } from "./mode-findings";

/** Modes, ends of each, and tokens of a context that are told. */
const TOLD = { modes: 16, contexts: 6, tokens: 8, context: 6 } as const;

/** The first modes in words. */
export function modeInfos(modes: Modes, probe: Corpus): ModeInfo[] {
  return Array.from({ length: Math.min(TOLD.modes, modes.count - 1) }, (_, i) => {
    const mode = i + 1;
    const { contexts, tokens } = extremesOf(modes, mode, TOLD.contexts * 8);
    const ends = (
      { positive, negative }: typeof contexts,
      textOf: (index: number) => string,
      most: number,
    ): ModeEnds => {
      const end = (places: typeof positive) => distinct(places, textOf).slice(0, most);
      return { positive: end(positive), negative: end(negative) };
    };
    return {
      mode,
      value: round(modes.values[mode]),
      contexts: ends(contexts, (index) => contextText(probe, index), TOLD.contexts),
      tokens: ends(tokens, (id) => probe.nameOf(id), TOLD.tokens),
    };
  });
}

/** Each text once: a context that stands in many rows says nothing more. */
function distinct(
  places: readonly { readonly index: number; readonly value: number }[],
  textOf: (index: number) => string,
): ModeEnd[] {
  const seen = new Set<string>();
  return places.flatMap(({ index, value }) => {
    const text = textOf(index);
    if (seen.has(text)) return [];
    seen.add(text);
    return [{ index, value: round(value), text }];
  });
}

/** The last tokens before a measured one, as a person reads them. */
export function contextText({ ids, columns, nameOf }: Corpus, token: number): string {
  const positions = columns - 1;
  const row = Math.floor(token / positions) * columns;
  const end = row + (token % positions) + 1;
  const names = Array.from(ids.subarray(Math.max(row, end - TOLD.context), end), (id) => nameOf(id));
  const separator = names.some((name) => name.startsWith(" ") && name.length > 1) ? "" : " ";
  return names.join(separator);
}

/** Shares as lists: as estimated, and without noise where that is known. */
export function sharesOf(variance: Variance): { plain: ModeShares; noiseFree?: ModeShares } {
  const curve = (one: { shares: Float64Array; errors: Float64Array }): ModeCurve => ({
    shares: rounded(one.shares),
    errors: Array.from(one.errors, (error) => (Number.isFinite(error) ? round(error) : null)),
  });
  const spread = (one: { mean: Float64Array; low: Float64Array; high: Float64Array }): ModeCurve => ({
    ...{ shares: rounded(one.mean), low: rounded(one.low), high: rounded(one.high) },
  });
  const { modes, randomOrder, randomBases, best, principal } = variance;
  const plain: ModeShares = {
    modes: curve(modes.plain),
    randomOrder: spread(randomOrder.plain),
    randomBases: spread(randomBases.plain),
    best: { shares: rounded(best.plain) },
    principal: { shares: rounded(principal.plain) },
  };
  if (!(modes.noiseFree && randomOrder.noiseFree && randomBases.noiseFree)) return { plain };
  const noiseFree: ModeShares = {
    modes: curve(modes.noiseFree),
    randomOrder: spread(randomOrder.noiseFree),
    randomBases: spread(randomBases.noiseFree),
    best: { shares: rounded(best.heldOut ?? []) },
    principal: { shares: rounded(principal.heldOut ?? []) },
  };
  return { plain, noiseFree };
}

/** Couplings of the first `asked` modes of either side, by component and over all. */
export function mapsOf(couplings: readonly Couplings[], { count: K }: Modes, asked: number) {
  const size = Math.min(asked, K);
  const cut = (values: ArrayLike<number>) =>
    Array.from({ length: size * size }, (_, i) => values[Math.floor(i / size) * K + (i % size)]);
  const overall = new Float64Array(size * size);
  const maps = couplings.map(({ name, values, errors }) => {
    const own = cut(values);
    for (const [i, value] of own.entries()) overall[i] += value ** 2 / couplings.length;
    const errorsOf = cut(errors).map((error) => (Number.isFinite(error) ? round(error) : null));
    return { name, values: own.map(round), errors: errorsOf };
  });
  return { mapSize: size, overall: rounded(overall.map(Math.sqrt)), maps };
}

export const rounded = (values: ArrayLike<number>) => Array.from(values, round);
