import { SpectroscopeError } from "../../../kernels/errors";

type Uniform = () => number;

/** A draw from the density x^-exponent on [low, high]; exponent 1 is uniform in the logarithm. */
export function powerLaw(uniform: Uniform, exponent: number, low: number, high: number): number {
  const u = uniform();
  if (exponent === 1) return low * (high / low) ** u;
  const [a, b] = [low ** (1 - exponent), high ** (1 - exponent)];
  return (a + u * (b - a)) ** (1 / (1 - exponent));
}

/** The mean of that density. */
export function powerLawMean(exponent: number, low: number, high: number): number {
  // Integral of x^(power - 1).
  const integral = (power: number) => (power === 0 ? Math.log(high / low) : (high ** power - low ** power) / power);
  return integral(2 - exponent) / integral(1 - exponent);
}

/** Group sizes of that density, whole numbers within [low, high] that sum to `n`. */
export function groupSizes(uniform: Uniform, n: number, exponent: number, low: number, high: number): number[] {
  if (!(n >= low && low >= 1 && high >= 2 * low)) {
    throw new SpectroscopeError(`${n} nodes in groups of ${low} to ${high}`, { hint: "high >= 2 low, low <= nodes" });
  }
  const sizes: number[] = [];
  let left = n;
  while (left > 0) {
    const size = Math.min(left, high, Math.max(low, Math.round(powerLaw(uniform, exponent, low, high))));
    sizes.push(size);
    left -= size;
  }
  // A last group that came out too small gives its nodes to groups that have room.
  const last = sizes[sizes.length - 1];
  if (last < low) {
    sizes.pop();
    for (let given = 0, i = 0; given < last; i = (i + 1) % sizes.length) {
      if (sizes[i] >= high) continue;
      sizes[i]++;
      given++;
    }
  }
  return sizes;
}

/** Fisher and Yates, in place. */
export function shuffle<T extends { length: number; [i: number]: number }>(uniform: Uniform, values: T): T {
  for (let i = values.length - 1; i > 0; i--) {
    const j = Math.floor(uniform() * (i + 1));
    [values[i], values[j]] = [values[j], values[i]];
  }
  return values;
}

/** `[sum of sizes]`: group ids in random order, so that a node's number says nothing of its group. */
export function shuffledGroups(uniform: Uniform, sizes: readonly number[]): Int32Array {
  const groups = sizes.flatMap((size, g) => new Array<number>(size).fill(g));
  return shuffle(uniform, Int32Array.from(groups));
}

/** The nodes of each group, ascending. */
export function nodesOfGroups(groups: Int32Array, count: number): number[][] {
  const nodes: number[][] = Array.from({ length: count }, () => []);
  for (let v = 0; v < groups.length; v++) nodes[groups[v]].push(v);
  return nodes;
}
