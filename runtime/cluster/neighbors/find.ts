/** Neighbors by whichever way suits the size and the machine; the answer says which, and why. */
import { SpectroscopeError } from "../../../kernels/errors";
import type { Device } from "../../plan/device";
import type { Matrix } from "../../statistics/matrix";
import { defaultThreads } from "../../threads/threads";
import { descentNeighbors } from "./descent";
import { exactNeighbors } from "./exact";
import { gpuNeighbors } from "./gpu";
import { checkSearch } from "./points";
import { drawQueries, measureRecall, type Recall } from "./recall";
import { NEIGHBOR_RULES, type NeighborRule } from "./rules";
import type { Progress } from "./slices";

export interface FindOptions {
  /** A device that may be used; a software adapter never is. */
  readonly device?: Device;
  readonly threads?: number;
  readonly method?: NeighborRule;
  /** Of the approximate method, and of the queries that measure it. */
  readonly seed?: number;
  readonly progress?: Progress;
}

/** How neighbors were found. */
export interface NeighborFacts {
  /** `wasm` and `webgpu` are exact, and give the same ids. */
  readonly method: "wasm" | "webgpu" | "nn-descent";
  readonly why: string;
  /** Measured on random queries against exact answers; null where the method is exact. */
  readonly recall: Recall | null;
}

export interface Neighbors extends NeighborFacts {
  /** `[rows, k]`, nearest first. */
  readonly ids: Uint32Array;
  readonly seconds: number;
}

/**
 * rows^2 cols beyond which `auto` is approximate: two cores of 2026 compare so many in a minute, of 250,000 points in 40
 * dimensions. A number and no measurement, because the choice changes the ids: the same matrix gets the same on every machine.
 */
export const EXACT_LIMIT = 2.5e12;
/** Queries by which recall is measured. */
const RECALL_QUERIES = 1000;

/** Seconds of exact search per row^2 on one thread, and per row^2 and column (measured, AMD EPYC of 2023). */
const WASM_PAIR = 3e-10;
const WASM_TERM = 3e-11;
/** The same for a GPU at a tenth of a current one's FLOP rate, and what it takes to begin. */
const GPU_TERM = 3 / 2e12;
const GPU_START = 0.5;

const seconds = (value: number) => (value < 10 ? value.toFixed(1) : value.toFixed(0));

/** The method for a size, and the reason in words. */
export function chooseMethod(
  { rows, cols }: { readonly rows: number; readonly cols: number },
  options: Pick<FindOptions, "device" | "method"> & { readonly threads: number },
): Pick<NeighborFacts, "method" | "why"> {
  const { device, method = "auto", threads } = options;
  const size = `${rows} x ${cols} points`;
  const cost = rows ** 2 * cols;
  if (method === "approximate") return { method: "nn-descent", why: "neighbors: approximate was asked for" };
  if (method === "auto" && cost > EXACT_LIMIT)
    return {
      method: "nn-descent",
      why: `${size} are ${cost.toExponential(1)} differences, and exact search ends at ${EXACT_LIMIT.toExponential(1)} unless neighbors: exact asks for it`,
    };
  const host = (rows ** 2 * (WASM_PAIR + WASM_TERM * cols)) / threads;
  const estimate = `about ${seconds(host)} s on ${threads} thread${threads === 1 ? "" : "s"}`;
  if (!device) return { method: "wasm", why: `exact search of ${size} takes ${estimate}; no GPU was offered` };
  const { name, software, limits } = device.facts;
  if (4 * rows * cols > limits.maxStorageBufferBindingSize)
    return { method: "wasm", why: `exact search of ${size} takes ${estimate}; ${name} cannot bind as much` };
  if (software) return { method: "wasm", why: `exact search of ${size} takes ${estimate}; ${name} is no GPU` };
  const gpu = GPU_START + cost * GPU_TERM;
  const compared = `exact search of ${size} takes ${estimate}, about ${seconds(gpu)} s on ${name}`;
  return { method: gpu < host ? "webgpu" : "wasm", why: compared };
}

/**
 * k nearest neighbors of every point, by squared Euclidean distance in f64, ties by id. Exact unless it says otherwise; the same
 * input gives the same ids whatever the threads, and whether a GPU or the host searched.
 */
export async function findNeighbors(points: Matrix, k: number, options: FindOptions = {}): Promise<Neighbors> {
  checkSearch(points, k);
  if (options.method && !NEIGHBOR_RULES.includes(options.method))
    throw new SpectroscopeError(`neighbors: method "${options.method}"`, {
      code: "usage",
      hint: `use one of ${NEIGHBOR_RULES.join(", ")}`,
    });
  const start = performance.now();
  const { threads = defaultThreads(), seed = 1, progress, device } = options;
  const { method, why } = chooseMethod(points, { ...options, threads });
  const done = (ids: Uint32Array, recall: Recall | null = null): Neighbors => ({
    ids,
    method,
    why,
    recall,
    seconds: (performance.now() - start) / 1000,
  });
  if (device && method === "webgpu") return done(await gpuNeighbors(device, points, k, { threads, progress }));
  if (method === "wasm") return done(await exactNeighbors(points, k, { threads, progress }));
  const ids = await descentNeighbors(points, k, { threads, seed, progress });
  return done(ids, await measureRecall(points, k, ids, drawQueries(points.rows, RECALL_QUERIES, seed), threads));
}
