/** Which perturbation has a wanted rise: the next one to try, from what is known of others. */

/** A scale of perturbations and the mean rise that it has, nats. Larger scales perturb more. */
export interface ScaledRise {
  readonly scale: number;
  readonly rise: number;
}

/** Slopes of log rise against log scale that are believed: 1 is the quadratic law, less is a loss that saturates. */
const SLOPES = [0.2, 3] as const;

/**
 * The scale at which a rise is looked for next; after the last trial, the one to take. A quadratic loss, whose rise is in
 * proportion to the scale, is met at once, any power of the scale after one trial. Further on it is the secant of logarithms
 * through the two rises nearest to the wanted one. Where a law is no such power, what is known to lie below and above holds the
 * answer between them.
 *
 * @param known at least one; rises that are not positive and finite say only on which side they lie
 * @param wanted nats; what is not above 0 no perturbation has: then it is the smallest scale
 * @param bounds least and greatest scale
 */
export function nextScale(known: readonly ScaledRise[], wanted: number, bounds: readonly [number, number]): number {
  const [low, high] = bounds;
  if (!(wanted > 0)) return low;
  const below = Math.max(low, ...known.filter(({ rise }) => rise < wanted).map(({ scale }) => scale));
  const above = Math.min(high, ...known.filter(({ rise }) => !(rise < wanted)).map(({ scale }) => scale));
  const distance = ({ rise }: ScaledRise) => Math.abs(Math.log(rise / wanted));
  const [nearest, second] = known
    .filter(({ rise }) => rise > 0 && Number.isFinite(rise))
    .sort((a, b) => distance(a) - distance(b));
  if (!nearest) return Math.sqrt(below * above);
  const found = Math.min(
    high,
    Math.max(low, nearest.scale * (wanted / nearest.rise) ** (1 / slopeOf(nearest, second))),
  );
  // Where the law is not monotone, no scale is held between one that is too large and a larger one that is too small.
  if (below > above || (found >= below && found <= above)) return found;
  return Math.sqrt(below * above);
}

function slopeOf(a: ScaledRise, b: ScaledRise | undefined): number {
  if (!b || b.scale === a.scale) return 1;
  const slope = Math.log(a.rise / b.rise) / Math.log(a.scale / b.scale);
  return Math.min(SLOPES[1], Math.max(SLOPES[0], slope));
}
