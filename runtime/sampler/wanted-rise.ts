/** Which perturbation has a wanted rise: the next one to try, from what is known of others. */

/** A scale of perturbations and the mean rise that it has, nats. Larger scales perturb more. */
export interface ScaledRise {
  readonly scale: number;
  readonly rise: number;
}

/** Slopes of log rise against log scale that are believed: 1 is the quadratic law, less is a loss that saturates. */
const SLOPES = [0.2, 3] as const;
/** Factor between scales from which on their rises have a slope: between closer ones it would be that of their noise. */
const APART = 1.1;

/**
 * The scale at which a rise is looked for next; after the last trial, the one to take. A quadratic loss, whose rise is in
 * proportion to the scale, is met at once, any power of the scale after one trial. Further on it is the secant of logarithms
 * through the rise nearest to the wanted one and the next that is not of almost the same scale. Where a law is no such power, what is known to lie below and above holds the
 * answer between them.
 *
 * @param known at least one; rises that are not positive and finite say only on which side they lie
 * @param wanted nats; what is not above 0 no perturbation has: then it is the smallest scale
 * @param bounds least and greatest scale
 */
export function nextScale(known: readonly ScaledRise[], wanted: number, bounds: readonly [number, number]): number {
  const [low, high] = bounds;
  if (!(wanted > 0)) return low;
  const below = Math.max(0, ...known.filter(({ rise }) => rise < wanted).map(({ scale }) => scale));
  const above = Math.min(...known.filter(({ rise }) => !(rise < wanted)).map(({ scale }) => scale));
  const middle = Math.sqrt(Math.max(low, below) * Math.min(high, above));
  const distance = ({ rise }: ScaledRise) => Math.abs(Math.log(rise / wanted));
  // Of equally near ones the last: it was looked for with more knowledge.
  const [nearest, ...others] = known
    .filter(({ rise }) => rise > 0 && Number.isFinite(rise))
    .reverse()
    .sort((a, b) => distance(a) - distance(b));
  if (!nearest) return middle;
  if (nearest.rise === wanted) return nearest.scale;
  const found = nearest.scale * (wanted / nearest.rise) ** (1 / slopeOf(nearest, others));
  // Where the law is not monotone, no scale is held between one that is too large and a larger one that is too small.
  const held = below > above || (found > below && found < above);
  return Math.min(high, Math.max(low, held ? found : middle));
}

/** Of log rise against log scale; the quadratic law's where nothing else is far enough to tell. */
function slopeOf(nearest: ScaledRise, others: readonly ScaledRise[]): number {
  const second = others.find(({ scale }) => Math.abs(Math.log(scale / nearest.scale)) > Math.log(APART));
  if (!second) return 1;
  const slope = Math.log(nearest.rise / second.rise) / Math.log(nearest.scale / second.scale);
  return Math.min(SLOPES[1], Math.max(SLOPES[0], slope));
}
