/** Implementations side by side: values first, then times in turns. */
import { type Spread, spreadOf } from "../spread";
import type { Implementation, Prepared } from "./implementation";
import type { Operation } from "./operation";

/** Who was compared: versions, and how often PyTorch's threads are named apart. */
export interface PeerHeader {
  readonly row: "peers";
  readonly implementations: readonly Pick<Implementation, "name" | "version" | "where">[];
}

/** What one implementation did on one operation. */
export type PeerRow = {
  readonly row: "peer";
  readonly operation: string;
  readonly implementation: string;
  readonly where: Implementation["where"];
  /** Minimum necessary FLOPs of the operation. */
  readonly flops: number;
} & (
  | { readonly status: "absent" }
  /** It threw. */
  | { readonly status: "failed"; readonly reason: string }
  /** Its values are not those of the definition: no time counts. */
  | { readonly status: "wrong"; readonly error: number; readonly tensor: string }
  /** Milliseconds of one run, by the wall, until the device is done. */
  | ({
      readonly status: "timed";
      /** Largest error of a value, relative to the largest value of its tensor. */
      readonly error: number;
      /** From operation to prepared program and first results, milliseconds: compilation, mostly. */
      readonly firstMs: number;
    } & Spread)
);

/**
 * How far a value may be off, as a share of the largest of its tensor: sums of 8,192 products in f32 in any order stay below
 * 2e-5; a wrong mask, scale or layout is off by a hundredth and more.
 */
export const VALUE_TOLERANCE = 1e-4;

/** Samples are at least this long, so that submission and waiting count as they do in a run of many steps. */
const SAMPLE_MS = 20;

export interface CompareOptions {
  /** Milliseconds to spend on a row of the table, all implementations together; at least three rounds are made. */
  readonly budgetMs: number;
}

/** The largest error of results against the definition, and the tensor it is in. */
export function worstError(
  expected: Readonly<Record<string, ArrayLike<number>>>,
  results: Readonly<Record<string, ArrayLike<number>>>,
): { error: number; tensor: string } {
  let worst = { error: 0, tensor: "" };
  for (const [name, values] of Object.entries(expected)) {
    const got = results[name];
    let top = 0;
    for (let i = 0; i < values.length; i++) top = Math.max(top, Math.abs(values[i]));
    let off = got?.length === values.length ? 0 : Number.POSITIVE_INFINITY;
    for (let i = 0; i < values.length && Number.isFinite(off); i++) {
      const error = Math.abs(got[i] - values[i]);
      off = Number.isFinite(error) ? Math.max(off, error) : Number.POSITIVE_INFINITY;
    }
    const error = off / (top || 1);
    if (error > worst.error) worst = { error, tensor: name };
  }
  return worst;
}

interface Runner {
  readonly implementation: Implementation;
  readonly prepared: Prepared;
  readonly error: number;
  readonly firstMs: number;
  readonly repeats: number;
  readonly times: number[];
}

/** One operation on all implementations; those with right values are timed in turns. */
export async function compareOperation(
  operation: Operation,
  implementations: readonly Implementation[],
  { budgetMs }: CompareOptions,
): Promise<PeerRow[]> {
  const base = ({ name, where }: Implementation) =>
    ({ row: "peer", operation: operation.name, implementation: name, where, flops: operation.flops }) as const;
  const started: (Runner | PeerRow)[] = [];
  for (const implementation of implementations) {
    try {
      started.push(await start(operation, implementation, base(implementation)));
    } catch (error) {
      const reason = (error as Error).message.split("\n")[0];
      started.push({ ...base(implementation), status: "failed", reason });
    }
  }
  const runners = started.filter((one): one is Runner => "prepared" in one);
  try {
    await takeTurns(runners, budgetMs);
  } finally {
    for (const { prepared } of runners) prepared.close();
  }
  return started.map((one) => {
    if (!("prepared" in one)) return one;
    const { implementation, error, firstMs, times } = one;
    return { ...base(implementation), status: "timed", error, firstMs, ...spreadOf(times) };
  });
}

/** Prepares one implementation and looks at its values: a runner when they are right, else what is to be said of it. */
async function start(
  operation: Operation,
  implementation: Implementation,
  base: Pick<PeerRow, "row" | "operation" | "implementation" | "where" | "flops">,
): Promise<Runner | PeerRow> {
  const since = performance.now();
  const prepared = await implementation.prepare(operation);
  if (!prepared) return { ...base, status: "absent" };
  try {
    await prepared.run(1);
    const firstMs = performance.now() - since;
    const { error, tensor } = worstError(operation.expected(), await prepared.read());
    if (!(error <= VALUE_TOLERANCE)) {
      prepared.close();
      return { ...base, status: "wrong", error, tensor };
    }
    const once = Math.min(...[await timed(prepared, 1), await timed(prepared, 1), await timed(prepared, 1)]);
    const repeats = Math.max(1, Math.min(50, Math.ceil(SAMPLE_MS / once)));
    return { implementation, prepared, error, firstMs, repeats, times: [] };
  } catch (error) {
    prepared.close();
    throw error;
  }
}

/** Rounds in which every implementation has a turn, each time beginning with another, until the budget is used. */
async function takeTurns(runners: readonly Runner[], budgetMs: number): Promise<void> {
  const start = performance.now();
  for (let round = 0; round < 3 || (round < 25 && performance.now() - start < budgetMs); round++) {
    for (let i = 0; i < runners.length; i++) {
      const { prepared, repeats, times } = runners[(round + i) % runners.length];
      // What the one before left behind, threads that spin and memory that is given back, is not this one's.
      await prepared.run(1);
      times.push(await timed(prepared, repeats));
    }
  }
}

/** Milliseconds of one of `repeats` runs. */
async function timed(prepared: Prepared, repeats: number): Promise<number> {
  const start = performance.now();
  await prepared.run(repeats);
  return (performance.now() - start) / repeats;
}
