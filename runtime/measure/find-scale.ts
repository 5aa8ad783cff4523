/** The scale at which a component's loss rises as much as is wanted, by trials. */
import { nextScale, type ScaledRise } from "../sampler/wanted-rise";

/** Trials at most; a rise within `NEAR` of the wanted one ends them. */
const TRIALS = 6;
const NEAR = 0.05;
/** Least and greatest scale that are looked for. */
const BOUNDS = [1e-4, 1e3] as const;
/** What becomes of a scale at which chains flew off, and of one at which the noise of gradients heats them. */
const FLOWN = 0.25;
const HOT = 0.6;
/**
 * Slope of log rise against log scale below which a rise saturates: a head whose queries are noise cannot lose more. Then a share of
 * the highest rise is looked for instead, where the component is disturbed and not yet replaced by noise.
 */
const SATURATED = { slope: 0.35, share: 0.5 };

/** What chains did at a scale. */
export interface TriedScale {
  /** Mean rise, nats. */
  readonly rise: number;
  /** Whether the noise of gradients heats them: then the rise is not of that scale. */
  readonly hot: boolean;
}

export interface FoundScale {
  /** Scales that were tried, in order, with the mean rises that chains had there, nats; no rise where chains flew off. */
  readonly trials: readonly { readonly scale: number; readonly rise: number | null }[];
  /** The scale to take, to two digits. */
  readonly scale: number;
  /** Whether the wanted rise is more than the component has: then the scale is that of a share of what it has. */
  readonly saturated?: boolean;
  /** That of the trial nearest to the wanted rise, nats; absent where all flew off. */
  readonly rise?: number;
}

/**
 * Looks for a scale from `own` on.
 * @param wanted mean rise, nats, above 0
 * @param tryAt tells nothing where chains flew off
 */
export async function findScale(
  own: number,
  wanted: number,
  tryAt: (scale: number) => Promise<TriedScale | undefined>,
): Promise<FoundScale> {
  const known: ScaledRise[] = [];
  const trials: { scale: number; rise: number | null }[] = [];
  let scale = own;
  let highest = BOUNDS[1] as number;
  let aim = wanted;
  const isNear = (rise: number) => Math.abs(rise - aim) < NEAR * aim;
  while (trials.length < TRIALS) {
    const tried = await tryAt(scale);
    trials.push({ scale, rise: tried?.rise ?? null });
    if (!tried || tried.hot) {
      highest = Math.min(highest, scale);
      scale *= tried ? HOT : FLOWN;
      continue;
    }
    const { rise } = tried;
    known.push({ scale, rise });
    if (isNear(rise)) break;
    if (aim === wanted && saturates(known, wanted)) aim = SATURATED.share * Math.max(...known.map((one) => one.rise));
    scale = nextScale(known, aim, [BOUNDS[0], highest]);
  }
  // What does not rise at all is the farthest from any rise.
  const distance = ({ rise }: ScaledRise) => Math.abs(Math.log(Math.max(0, rise) / aim));
  const [best] = [...known].sort((a, b) => distance(a) - distance(b));
  return {
    trials,
    scale: Number((best && isNear(best.rise) ? best.scale : scale).toPrecision(2)),
    ...(aim < wanted ? { saturated: true } : {}),
    ...(best ? { rise: best.rise } : {}),
  };
}

/** Whether the largest scales that are known rise alike, and less than is wanted. */
function saturates(known: readonly ScaledRise[], wanted: number): boolean {
  const [last, before] = [...known].sort((a, b) => b.scale - a.scale);
  if (!before || !(before.rise > 0) || last.rise >= wanted) return false;
  return Math.log(last.rise / before.rise) < SATURATED.slope * Math.log(last.scale / before.scale);
}
