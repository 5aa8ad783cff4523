import { SpectroscopeError } from "../../kernels/errors";
import { gatherBlock } from "../transformer/block";
import { MOST_ELEMENTS } from "./acceptance-check";
import { type ChainSpec, chainNumbers } from "./chain-plans";
import type { Laboratory } from "./laboratory";
import type { LockstepComponent } from "./lockstep-plans";
import { kineticTemperature } from "./temperature";

/** Kinetic temperature above which a chain is off for good: nothing that it draws from there on is of its posterior. */
const FLIGHT = 2;

/** Takes the kinetic temperature of BAOAB's chains at some updates, and stops those whose steps have thrown them off. */
export class TemperatureCheck {
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
    const fits = planned.block.size * chainNumbers(spec).length <= MOST_ELEMENTS;
    const exists = planned.views.p !== undefined && settings.noise_level > 0;
    this.checks = exists && fits ? Math.min(acceptanceChecks, settings.num_draws) : 0;
  }

  /** [checks so far, chains]. */
  get values(): Float32Array {
    return Float32Array.from(this.found);
  }

  /** Whether the last update before this draw is one that is checked; that before the first draw is, so that flights end early. */
  due(draw: number): boolean {
    const { num_draws } = this.spec.settings;
    const before = (count: number) => Math.ceil((count * this.checks) / num_draws);
    return before(draw + 1) > before(draw);
  }

  /**
   * Measures the kick of an update, whose gradient lies on the device and which has not moved yet.
   * @throws SpectroscopeError `diverged` with component, chain, update and temperature
   */
  async take(update: number): Promise<void> {
    const { lab, spec, planned } = this;
    const { views, block } = planned;
    const [w, p, g] = (await lab.memory.read([views.w, views.p!, views.g])) as Float32Array[];
    this.center ??= await gatherBlock(lab.weights, block);
    for (const [m, chain] of chainNumbers(spec).entries()) {
      const own = (values: Float32Array) => values.subarray(m * block.size, (m + 1) * block.size);
      const point = { w: own(w), p: own(p), g: own(g) };
      const temperature = kineticTemperature(point, this.center, spec.settings, block.entries);
      if (!(temperature <= FLIGHT))
        throw flight(spec, chain, update, `its kinetic temperature is ${digits(temperature)}`);
      this.found.push(temperature);
    }
  }
}

/** A chain that is off for good. */
export function flight({ restriction, settings }: ChainSpec, chain: number, update: number, how: string) {
  const { lr, n_beta, batch_size } = settings;
  const batch = batch_size > 0 ? `, or raise batch_size (now ${batch_size})` : "";
  return new SpectroscopeError(
    `component ${restriction.name}, chain ${chain}, update ${update}: ${how}, where 1 is the posterior's: its steps have thrown it off`,
    { code: "diverged", hint: `lower lr (now ${lr}) or n_beta (now ${n_beta})${batch}` },
  );
}

const digits = (value: number) => value.toPrecision(3);
