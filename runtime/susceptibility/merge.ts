import { SpectroscopeError } from "../../kernels/errors";
import type { ShiftedSums, Sums } from "../sampler/sums";

/** What one shard holds of a component: some chains, by their numbers in the whole run, in the order of its sums. */
export interface SumsPart {
  readonly chains: readonly number[];
  readonly sums: Sums;
}

function refuse(what: string, hint: string): never {
  throw new SpectroscopeError(`merge: ${what}`, { hint });
}

/**
 * The sums of all chains, put together from shards that hold some chains each. Chains are placed by number and nothing
 * is added up, so the same shards give the same bits in whatever order they arrive. Errors: chains that are missing,
 * held twice or no whole numbers; shards that differ in draws, tokens or shifted sums; arrays that do not fit their
 * sizes.
 */
export function mergeSums(parts: readonly SumsPart[]): Sums {
  if (parts.length === 0) refuse("no shards", "give at least one");
  const { draws, tokens, shifted } = parts[0].sums;
  const places: { part: Sums; row: number }[] = [];
  let chains = 0;
  for (const [number, { chains: held, sums }] of parts.entries()) {
    const name = `shard ${number}`;
    checkPart(name, held, sums);
    for (const key of ["draws", "tokens"] as const) {
      if (sums[key] !== parts[0].sums[key]) {
        refuse(`${name} has ${sums[key]} ${key}, shard 0 has ${parts[0].sums[key]}`, "merge shards of one run");
      }
    }
    if (sums.shifted?.lag !== shifted?.lag) {
      const lag = (part: ShiftedSums | undefined) => (part ? `shifted sums of lag ${part.lag}` : "no shifted sums");
      refuse(`${name} has ${lag(sums.shifted)}, shard 0 has ${lag(shifted)}`, "merge shards of one run");
    }
    for (const [row, chain] of held.entries()) {
      if (!Number.isInteger(chain) || chain < 0) refuse(`${name} names chain ${chain}`, "chains count from 0");
      if (places[chain]) refuse(`chain ${chain} is held twice, the second time by ${name}`, "give each chain once");
      places[chain] = { part: sums, row };
      chains++;
    }
  }
  for (let chain = 0; chain < chains; chain++) {
    if (!places[chain]) {
      refuse(
        `no shard holds chain ${chain}, but one holds chain ${places.length - 1}`,
        "give the shards of all chains",
      );
    }
  }
  const gather = (values: (sums: Sums) => ArrayLike<number>) => {
    const out = new Float64Array(chains * tokens);
    for (const [chain, { part, row }] of places.entries()) {
      const from = values(part);
      for (let i = 0; i < tokens; i++) out[chain * tokens + i] = from[row * tokens + i];
    }
    return out;
  };
  const phi = new Float64Array(draws * chains);
  for (const [chain, { part, row }] of places.entries()) {
    for (let s = 0; s < draws; s++) phi[s * chains + chain] = part.phi[s * part.chains + row];
  }
  return {
    chains,
    draws,
    tokens,
    sumD: gather((sums) => sums.sumD),
    sumPhiD: gather((sums) => sums.sumPhiD),
    m2: gather((sums) => sums.m2),
    phi,
    ...(shifted
      ? {
          shifted: {
            lag: shifted.lag,
            sumD: gather((sums) => sums.shifted!.sumD),
            sumPhiD: gather((sums) => sums.shifted!.sumPhiD),
          },
        }
      : {}),
  };
}

/** Refuses a shard whose arrays do not fit what it says of itself. */
function checkPart(name: string, held: readonly number[], sums: Sums): void {
  const { chains, tokens, draws, shifted } = sums;
  const hint = "read the shard again: it is cut or damaged";
  if (held.length !== chains) refuse(`${name} names ${held.length} chains and holds ${chains}`, hint);
  const lengths: [string, ArrayLike<number> | undefined, number][] = [
    ["sumD", sums.sumD, chains * tokens],
    ["sumPhiD", sums.sumPhiD, chains * tokens],
    ["m2", sums.m2, chains * tokens],
    ["phi", sums.phi, draws * chains],
    ["shifted sumD", shifted?.sumD, chains * tokens],
    ["shifted sumPhiD", shifted?.sumPhiD, chains * tokens],
  ];
  for (const [key, values, expected] of lengths) {
    if (values && values.length !== expected) {
      refuse(`${name}: ${key} has ${values.length} values, ${expected} expected`, hint);
    }
  }
}
