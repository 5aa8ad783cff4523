import { SpectroscopeError } from "../../kernels/errors";
import { gatherBlock } from "../transformer/block";
import { MOST_ELEMENTS } from "./acceptance-check";
import { type ChainSpec, chainNumbers } from "./chain-plans";
import type { Laboratory } from "./laboratory";
import type { LockstepComponent } from "./lockstep-plans";
import { burninWanted } from "./relaxation";
import { kineticTemperature } from "./temperature";

/**
 * Kinetic temperature above which a chain is off for good, where it is above it at some updates in a row. On nano's heads chains at good
 * steps have 0.9 to 1.4 even with two sequences a batch, and those that left 3 to 500 at every update from then on: none came back.
 * Small pieces of heads that are let out far meet single minibatches that kick them as hard, and go on as before.
 */
const FLIGHT = 2;
/** Of few weights the temperature of a sound chain strays far by itself: the limit is above it but for 3 looks in ten million. */
const STRAY = 5;

/**
 * The temperature above which a chain of P weights flies. P T is chi-squared with P degrees of freedom where momenta are in
 * equilibrium; its quantile at `STRAY` standard deviations of a normal by Wilson and Hilferty (PNAS 17 (1931)).
 */
export function flightLimit(weights: number): number {
  const ninth = 2 / (9 * weights);
  return Math.max(FLIGHT, (1 - ninth + STRAY * Math.sqrt(ninth)) ** 3);
}

/** Updates in a row at which it must be above. */
const LOOKS = 3;
/** Rises beyond so many times the largest before them are looked into at once. */
const JUMP = 3;

/** Takes the kinetic temperature of BAOAB's chains at some updates, and stops those whose steps have thrown them off. */
export class TemperatureCheck {
  private readonly found: number[] = [];
  /** Draws before which it is taken and kept. */
  private readonly draws: ReadonlySet<number>;
  /** The first of them. */
  private readonly first: number;
  private center: Float32Array | undefined;
  /** Of each chain, whether it was above its limit at all looks before this draw; nothing before the first. */
  private flying: boolean[] | undefined;

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
    this.first = firstCheck(settings);
    this.draws = new Set(exists && fits ? spread(acceptanceChecks, this.first, settings.num_draws - 1) : []);
  }

  /** [checks so far, chains]. */
  get values(): Float32Array {
    return Float32Array.from(this.found);
  }

  /**
   * Whether the last update before this draw is one that is checked. The first such update is that where the start is forgotten,
   * so that flights end early; the last is the run's, so that none is missed: a chain that left stays hot.
   */
  due(draw: number): boolean {
    return this.draws.has(draw);
  }

  /** Whether to look before this draw although no check is due: the last draw's phi, [draws, chains], is far beyond all before. */
  suspects(draw: number, phi: Float32Array): boolean {
    if (this.draws.size === 0 || draw < Math.max(2, this.first)) return false;
    const chains = chainNumbers(this.spec).length;
    const largest = (from: number, to: number) =>
      phi.subarray(from * chains, to * chains).reduce((most, rise) => Math.max(most, Math.abs(rise)), 0);
    return largest(draw - 1, draw) > JUMP * largest(0, draw - 1);
  }

  /** Whether an update, after which `left` others come before the draw, is to be looked at: the first look, the last, and those between while a chain flies. */
  wants(left: number, updates: number): boolean {
    return (
      left === 0 || left === Math.min(LOOKS, updates) - 1 || (left < LOOKS && this.flying?.includes(true) === true)
    );
  }

  /**
   * Measures the kick of an update before a draw, whose gradient lies on the device and which has not moved yet.
   * @param left updates between this one and the draw
   * @throws SpectroscopeError `diverged` with component, chain, update and temperature
   */
  async take(update: number, draw: number, left: number): Promise<void> {
    const { lab, spec, planned } = this;
    const { views, block } = planned;
    const [w, p, g] = (await lab.memory.read([views.w, views.p!, views.g])) as Float32Array[];
    this.center ??= await gatherBlock(lab.weights, block);
    const center = this.center;
    const temperatures = chainNumbers(spec).map((_, m) => {
      const own = (values: Float32Array) => values.subarray(m * block.size, (m + 1) * block.size);
      return kineticTemperature({ w: own(w), p: own(p), g: own(g) }, center, spec.settings, block.entries);
    });
    const limit = flightLimit(block.weights);
    this.flying = temperatures.map((temperature, m) => !(temperature <= limit) && (this.flying?.[m] ?? true));
    if (left > 0) return;
    const lost = this.flying.indexOf(true);
    this.flying = undefined;
    if (lost >= 0) throw flight(spec, chainNumbers(spec)[lost], update, temperatures[lost]);
    if (this.due(draw)) this.found.push(...temperatures);
  }
}

/** The first draw whose last update comes after 3 relaxation times: before, momenta are not in their equilibrium yet. */
function firstCheck(settings: ChainSpec["settings"]): number {
  const { num_burnin_steps, num_steps_bw_draws, num_draws } = settings;
  const wanted = burninWanted(settings) ?? 0;
  return Math.min(num_draws - 1, Math.max(0, Math.ceil((wanted + 1 - num_burnin_steps) / num_steps_bw_draws) - 1));
}

/** `count` whole numbers from `first` to `last`, both among them; all where there are fewer. One is the last. */
function spread(count: number, first: number, last: number): number[] {
  const most = Math.min(count, last - first + 1);
  if (most < 2) return most === 1 ? [last] : [];
  return Array.from({ length: most }, (_, k) => first + Math.round((k * (last - first)) / (most - 1)));
}

function flight({ restriction, settings }: ChainSpec, chain: number, update: number, temperature: number) {
  const { lr, n_beta, batch_size } = settings;
  const where = `component ${restriction.name}, chain ${chain}, update ${update}`;
  const batch = batch_size > 0 ? `, or raise batch_size (now ${batch_size})` : "";
  return new SpectroscopeError(
    `${where}: the kinetic temperature is ${temperature.toPrecision(3)}, where 1 is the posterior's: its steps have thrown it off`,
    { code: "diverged", hint: `lower lr (now ${lr}) or n_beta (now ${n_beta})${batch}` },
  );
}
