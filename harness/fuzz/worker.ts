/**
 * A process that reads inputs, batch by batch, and tells what came of them. It may hang or die of an input: whoever started it
 * knows which batch it was at, and asks another to go through it one by one.
 */
import { type Case, caseOf, type Fault, LIMITS, runCase } from "./contract";
import { minimized } from "./minimize";
import type { Facts, Input } from "./target";
import { TARGETS } from "./targets";

/** Inputs `from` to before `to` of a target. */
export interface Batch {
  readonly target: string;
  readonly seed: number;
  readonly from: number;
  readonly to: number;
  /** Accepted inputs that are sent on to another reader, at most. */
  readonly sample: number;
  /** Tell each input before it is read, and do not look for smaller ones: something in here ends the process. */
  readonly careful: boolean;
}

export interface Find {
  readonly target: string;
  readonly seed: number;
  readonly index: number;
  readonly fault: Fault;
  /** Files by name, in base64. */
  readonly input: Readonly<Record<string, string>>;
}

export interface Accepted {
  readonly target: string;
  readonly kind: string;
  readonly index: number;
  readonly facts: Facts;
  readonly input: Readonly<Record<string, string>>;
}

/** Equal for finds that are likely one. */
export const faultKey = (target: string, { kind, signature }: Fault) => `${target} ${kind} ${signature}`;

/** What came of a batch. */
export interface Tally {
  readonly inputs: number;
  readonly sound: number;
  readonly accepted: number;
  readonly seconds: number;
  readonly slowest: number;
  readonly largest: number;
  readonly finds: readonly Find[];
  readonly samples: readonly Accepted[];
  /** How often each fault was met; of each one is among the finds, once in a process. */
  readonly faults: Readonly<Record<string, number>>;
  /** How often inputs were refused for which reason. */
  readonly refusals: Readonly<Record<string, number>>;
}

/** Faults that this process has told of. */
const seen = new Set<string>();

/** Collects garbage at once, where Node was told to allow it. */
const { gc: collect } = globalThis as { gc?: () => void };

/** What a worker tells: that it reads an input, or that a batch is done. */
export type Told = { readonly at: number } | { readonly done: Tally };

export const encoded = (input: Input) =>
  Object.fromEntries(Object.entries(input).map(([name, bytes]) => [name, Buffer.from(bytes).toString("base64")]));

/** Reads a batch. `tell` hears each number before its input is read. */
export async function runBatch(batch: Batch, tell?: (index: number) => void): Promise<Tally> {
  const target = TARGETS.find(({ name }) => name === batch.target);
  if (!target) throw new Error(`no target ${batch.target}`);
  const finds: Find[] = [];
  const samples: Accepted[] = [];
  const faults: Record<string, number> = {};
  const refusals: Record<string, number> = {};
  let [sound, accepted, slowest, largest] = [0, 0, 0, 0];
  const start = performance.now();
  for (let index = batch.from; index < batch.to; index++) {
    tell?.(index);
    const given: Case = await caseOf(target, batch.seed, index);
    let outcome = await runCase(target, given);
    // Garbage of inputs before it, or another process, may have cost that much: it counts where it does again.
    if (outcome.fault?.kind === "slow" || outcome.fault?.kind === "memory") {
      collect?.();
      outcome = await runCase(target, given);
    }
    const { fault, facts } = outcome;
    if (given.sound) sound++;
    if (outcome.accepted) accepted++;
    if (outcome.refusal !== undefined) refusals[outcome.refusal] = (refusals[outcome.refusal] ?? 0) + 1;
    slowest = Math.max(slowest, outcome.seconds);
    largest = Math.max(largest, outcome.mebibytes);
    const key = fault && faultKey(target.name, fault);
    if (key) faults[key] = (faults[key] ?? 0) + 1;
    if (fault && key && !seen.has(key)) {
      seen.add(key);
      const input = batch.careful ? given.input : await minimized(target, given, fault.signature, LIMITS);
      finds.push({ target: target.name, seed: batch.seed, index, fault, input: encoded(input) });
    }
    if (facts && target.peer && samples.length < batch.sample)
      samples.push({ target: target.name, kind: target.peer.kind, index, facts, input: encoded(given.input) });
  }
  const seconds = (performance.now() - start) / 1000;
  return {
    inputs: batch.to - batch.from,
    sound,
    accepted,
    seconds,
    slowest,
    largest,
    finds,
    samples,
    faults,
    refusals,
  };
}

/** Serves whoever forked this process. */
export function serve(): void {
  const send = (told: Told) => process.send?.(told);
  process.on("message", async (batch: Batch) => {
    send({ done: await runBatch(batch, batch.careful ? (at) => send({ at }) : undefined) });
  });
  process.on("disconnect", () => process.exit());
}
