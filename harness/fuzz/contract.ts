/**
 * What every parser owes whoever gives it a file: what was put in comes out exactly; anything else is read soundly or refused by
 * a SpectroscopeError of one line; and neither takes a second of the processor nor 256 MiB.
 */
import { isDeepStrictEqual } from "node:util";
import { getHeapStatistics } from "node:v8";
import { SpectroscopeError } from "../../kernels/errors";
import { mutate } from "./mutate";
import { Random } from "./random";
import type { Facts, Input, Target } from "./target";

export interface Limits {
  /** Seconds of processor time, and MiB that memory may grow by. */
  readonly seconds: number;
  readonly mebibytes: number;
  /** Characters of an error's line. */
  readonly characters: number;
}
export const LIMITS: Limits = { seconds: 1, mebibytes: 256, characters: 1000 };

const MEBI = 2 ** 20;

/** A breach of the contract. */
export interface Fault {
  readonly kind: "exception" | "value" | "flaw" | "slow" | "memory" | "line" | "refused" | "ended";
  readonly detail: string;
  /** Equal for faults that are likely one. */
  readonly signature: string;
}

export interface Outcome {
  readonly accepted: boolean;
  /** Why it was not, without what differs from input to input. */
  readonly refusal?: string;
  readonly fault?: Fault;
  readonly seconds: number;
  readonly mebibytes: number;
  readonly facts?: Facts;
}

/** An input, and what must come out of it if it is a sound one. */
export interface Case {
  readonly input: Input;
  readonly sound: boolean;
  readonly expected?: unknown;
}

/** The input of a number. */
export async function caseOf(target: Target, seed: number, index: number): Promise<Case> {
  const random = new Random(seed, target.name, index);
  const share = random.below(100);
  if (share < 20) return { ...(await target.make(random)), sound: true };
  if (target.odd && share < 60) {
    const input = await target.odd(random);
    return { input: random.chance(0.2) ? mutate(input, random) : input, sound: false };
  }
  return { input: mutate((await target.make(random)).input, random), sound: false };
}

/** Messages without their numbers and names. */
function general(text: string): string {
  return text
    .replace(/"(?:[^"\\]|\\.)*"/g, '"..."')
    .replace(/\d+(\.\d+)?/g, "#")
    .slice(0, 120);
}

function frameOf(error: Error): string {
  const frame = /\n\s+at (?:async )?([\w$.<>[\] ]+)/.exec(error.stack ?? "");
  return frame?.[1] ?? "";
}

function faultOf(error: unknown, limits: Limits): Fault | undefined {
  if (error instanceof SpectroscopeError) {
    const { line } = error;
    if (line.length > limits.characters)
      return {
        kind: "line",
        detail: `a line of ${line.length} characters: ${line.slice(0, 300)}`,
        signature: `line ${general(line).slice(0, 60)}`,
      };
    const control = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u.exec(line);
    if (control)
      return {
        kind: "line",
        detail: `control character ${JSON.stringify(control[0])} in: ${line.slice(0, 300)}`,
        signature: `control ${general(line).slice(0, 60)}`,
      };
    return error.code === "internal"
      ? { kind: "exception", detail: line, signature: `internal ${general(line)}` }
      : undefined;
  }
  if (!(error instanceof Error)) return { kind: "exception", detail: String(error), signature: "no error" };
  return {
    kind: "exception",
    detail: (error.stack ?? String(error)).slice(0, 2000),
    signature: `${error.name} ${frameOf(error)} ${general(error.message)}`,
  };
}

const used = () => {
  const { used_heap_size, external_memory } = getHeapStatistics();
  return (used_heap_size + external_memory) / MEBI;
};
/** Peak of the whole process. */
const peak = () => process.resourceUsage().maxRSS / 1024;

/** Reads one input and holds the contract against it. */
export async function runCase(target: Target, given: Case, limits: Limits = LIMITS): Promise<Outcome> {
  const before = { used: used(), peak: peak(), cpu: process.cpuUsage() };
  let value: unknown;
  let error: unknown;
  try {
    value = await target.read(given.input);
  } catch (thrown) {
    error = thrown ?? new Error("nothing was thrown");
  }
  const cpu = process.cpuUsage(before.cpu);
  const seconds = (cpu.user + cpu.system) / 1e6;
  const mebibytes = Math.max(used() - before.used, peak() - before.peak);
  const accepted = error === undefined;
  const common = { accepted, seconds, mebibytes };
  const faults = function* (): Generator<Fault | undefined> {
    if (!accepted) yield faultOf(error, limits);
    if (given.sound && !accepted) {
      const line = error instanceof SpectroscopeError ? error.line : String(error);
      yield { kind: "refused", detail: `a sound input is refused: ${line}`, signature: `refused ${general(line)}` };
    }
    if (accepted && given.sound && !isDeepStrictEqual(value, given.expected))
      yield { kind: "value", detail: difference(value, given.expected), signature: "value" };
    const flaw = accepted ? flawOf(target, value, given.input) : undefined;
    if (flaw !== undefined) yield { kind: "flaw", detail: flaw, signature: `flaw ${general(flaw)}` };
    if (mebibytes > limits.mebibytes)
      yield { kind: "memory", detail: `${mebibytes.toFixed(0)} MiB`, signature: `memory ${accepted}` };
    if (seconds > limits.seconds)
      yield { kind: "slow", detail: `${seconds.toFixed(2)} s of the processor`, signature: `slow ${accepted}` };
  };
  const fault = [...faults()].find((found) => found !== undefined);
  return {
    ...common,
    ...(error instanceof SpectroscopeError ? { refusal: general(error.message) } : {}),
    ...(fault ? { fault } : {}),
    ...(accepted && !fault && target.peer ? { facts: target.peer.facts(value) } : {}),
  };
}

/** What is wrong with an accepted value; one that is so wrong that looking at it fails says so. */
function flawOf(target: Target, value: unknown, input: Input): string | undefined {
  try {
    target.peer?.facts(value);
    return target.flaw?.(value, input);
  } catch (error) {
    return `what was read cannot be used: ${String(error)}`;
  }
}

function difference(found: unknown, expected: unknown): string {
  const show = (value: unknown) => {
    const text = JSON.stringify(value, (_, item) =>
      ArrayBuffer.isView(item)
        ? Array.from(item as Uint8Array)
        : item instanceof Map
          ? [...item]
          : Object.is(item, -0)
            ? "-0"
            : item,
    );
    return (text ?? "undefined").slice(0, 600);
  };
  return `read ${show(found)}, put in ${show(expected)}`;
}
