import type { ParameterBlock } from "../transformer/block";
import type { ChainSpec, SamplerKind } from "./chain-plans";
import type { ChainState } from "./chain-state";
import type { ComponentChains, Draw } from "./component-chains";
import type { Laboratory } from "./laboratory";
import { Lockstep } from "./lockstep";
import type { PairSums } from "./pairs";
import type { Sums } from "./sums";

/**
 * All chains of one restriction, on the device: parameters, minibatches, updates, draws and the streaming sums of
 * phi * d and d per token and chain. `save` gives everything that `open` needs to go on with the same bits.
 */
export class Chains {
  private constructor(
    private readonly lockstep: Lockstep,
    private readonly own: ComponentChains,
  ) {}

  /**
   * Compiles, computes prefixes and puts every chain at the trained weights, or where a saved state left it.
   * @throws SpectroscopeError when the state belongs to other chains
   */
  static async open(lab: Laboratory, spec: ChainSpec, state?: ChainState): Promise<Chains> {
    const lockstep = await Lockstep.open(lab, [spec], [state]);
    return new Chains(lockstep, lockstep.components[0]);
  }

  get block(): ParameterBlock {
    return this.own.block;
  }

  get kind(): SamplerKind {
    return this.own.kind;
  }

  /** Draws that were made. */
  get draws(): number {
    return this.lockstep.draws;
  }

  /** phi of the draws so far, [draws, chains]. */
  get phi(): Float32Array {
    return this.own.phi;
  }

  /** l(w*) of every probe token, nats, by this run's own arithmetic, so that d is exactly 0 at w*. */
  get baseline(): Float32Array {
    return this.own.baseline;
  }

  /** l(w*) of the sampling task's tokens: the probe's own where it is the task. */
  get taskBaseline(): Float32Array {
    return this.own.taskBaseline;
  }

  /** log of the acceptance that Metropolis and Hastings would have given the step, [checks, chains]. */
  get logAcceptance(): Float32Array {
    return this.own.logAcceptance;
  }

  /** Kinetic temperature of BAOAB's momenta, [checks, chains]; 1 is the posterior's. */
  get kineticTemperature(): Float32Array {
    return this.own.kineticTemperature;
  }

  /** One update of all chains; submitted, not waited for. */
  step(): void {
    this.lockstep.step();
  }

  /** Runs to the next draw and reads it; without `traces` only phi. Errors: codes `non-finite`, `diverged` name component, chain and update. */
  async draw(options: { readonly traces?: boolean } = {}): Promise<Draw> {
    const [draw] = await this.lockstep.draw(options);
    return draw;
  }

  /** What chi on all pairs follows from, so far; nothing where it is not kept. */
  pairSums(): Promise<PairSums | undefined> {
    return this.own.pairSums();
  }

  /** The streaming sums so far. */
  sums(): Promise<Required<Sums>> {
    return this.own.sums();
  }

  /** The chains' parameter blocks, [chains, P]. */
  parameters(): Promise<Float32Array> {
    return this.own.parameters();
  }

  /** Everything that `open` needs to go on from here with the same bits. */
  save(): Promise<ChainState> {
    return this.own.save();
  }

  /** Frees the chains' own memory; the laboratory's texts and weights stay. */
  close(): void {
    this.lockstep.close();
  }
}
