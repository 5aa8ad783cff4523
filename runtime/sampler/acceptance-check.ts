import { gatherBlock } from "../transformer/block";
import { hasAcceptance, logAcceptance } from "./acceptance";
import { type ChainSpec, chainNumbers } from "./chain-plans";
import type { Laboratory } from "./laboratory";
import type { LockstepComponent } from "./lockstep-plans";

/** Elements of all chains' blocks beyond which steps are not judged: that reads up to six arrays of this size to the host. */
export const MOST_ELEMENTS = 2 ** 25;

/** What a chain's update sees before it, or would see after it, on one minibatch. */
interface Moment {
  readonly w: Float32Array;
  readonly g: Float32Array;
  readonly losses: Float32Array;
  readonly v?: Float32Array;
}

/**
 * Takes the acceptance that Metropolis and Hastings would have given an update (the MALA of the same step size), on the
 * update's own minibatch: far below 1 the step is too large for the posterior. A few updates tell it.
 */
export class AcceptanceCheck {
  private readonly found: number[] = [];
  private readonly checks: number;
  private center: Float32Array | undefined;

  constructor(
    private readonly lab: Laboratory,
    private readonly spec: ChainSpec,
    private readonly planned: LockstepComponent,
    before: Float32Array | undefined,
  ) {
    this.found.push(...(before ?? []));
    const { settings, acceptanceChecks = 0 } = spec;
    const { kind, block } = planned;
    const exists = kind === "sgld" && hasAcceptance(settings);
    const fits = block.size * chainNumbers(spec).length <= MOST_ELEMENTS;
    this.checks = exists && fits ? Math.min(acceptanceChecks, settings.num_draws) : 0;
  }

  /** log acceptance, [checks so far, chains]. */
  get values(): Float32Array {
    return Float32Array.from(this.found);
  }

  /** Whether the last update before this draw is one that is checked. */
  due(draw: number): boolean {
    const { num_draws } = this.spec.settings;
    const before = (count: number) => Math.floor((count * this.checks) / num_draws);
    return before(draw + 1) > before(draw);
  }

  /** The chains as they are, with the gradient of the minibatch that lies on the device. */
  async read(): Promise<Moment> {
    const { views, losses: own } = this.planned;
    const wanted = [views.w, views.g, own.batch!, ...(views.v ? [views.v] : [])];
    const [w, g, losses, v] = (await this.lab.memory.read(wanted)) as Float32Array[];
    return { w, g, losses, ...(v ? { v } : {}) };
  }

  /** Adds an update; `correction` is that of RMSprop's second moment at it. */
  async add(before: Moment, after: Moment, correction: number): Promise<void> {
    const { settings } = this.spec;
    const { block } = this.planned;
    this.center ??= await gatherBlock(this.lab.weights, block);
    const M = chainNumbers(this.spec).length;
    const P = block.size;
    const R = before.losses.length / M;
    for (let m = 0; m < M; m++) {
      const own = (values: Float32Array) => values.subarray(m * P, (m + 1) * P);
      const side = ({ w, g, losses }: Moment) => {
        let sum = 0;
        for (let i = 0; i < R; i++) sum += losses[m * R + i];
        return { w: own(w), g: own(g), loss: sum / R };
      };
      const steps = after.v && { v: own(after.v), correction };
      this.found.push(logAcceptance(side(before), side(after), this.center, settings, block.entries, steps));
    }
  }
}
