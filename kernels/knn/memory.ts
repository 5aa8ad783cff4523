/**
 * Where the WebAssembly neighbor search finds its points: the host's side of `assembly/layout.ts`. The host lays the memory
 * out before it is made, so that what does not fit is refused before anything is allocated.
 */
import shared from "../../dist/knn/shared.wasm";
import single from "../../dist/knn/single.wasm";
import { SpectroscopeError } from "../errors";
import { type Frame, frameOf, LEAST_EXPONENT, type Points } from "./frame";

/** Both builds of `assembly/index.ts`. */
export const knnWasm = { single, shared };

/** Header fields, bytes; see `assembly/layout.ts`. */
export const FIELD = {
  next: 0,
  until: 4,
  rows: 8,
  cols: 12,
  k: 16,
  group: 20,
  capacity: 24,
  points: 28,
  fine: 32,
  lowered: 36,
  squares: 40,
  coarse: 44,
  halves: 48,
  queries: 52,
  ids: 56,
  usesCoarse: 60,
  relative: 64,
  absolute: 72,
  rounding: 80,
} as const;

/** Arrays begin here: behind the header and the module's few constants. */
const FIRST_BYTE = 65536;
const PAGE = 65536;
const LIMIT = 2 ** 32;
/** Points a tile. */
const LANES = 8;

/** Takes places from a memory that does not exist yet. */
export class Arena {
  private top = FIRST_BYTE;

  /** Room for `bytes`, at a multiple of 64. */
  take(bytes: number): number {
    const at = this.top;
    this.top += Math.ceil(bytes / 64) * 64;
    return at;
  }

  /** Pages that hold all that was taken. Throws SpectroscopeError past 4 GiB. */
  pages(what: string): number {
    if (this.top >= LIMIT)
      throw new SpectroscopeError(
        `${what} takes ${(this.top / 2 ** 30).toFixed(1)} GiB of WebAssembly memory; the limit is 4`,
        {
          code: "memory",
          hint: "use fewer rows, columns (whiten_rank keeps the strongest axes) or threads, or a smaller k",
        },
      );
    return Math.ceil(this.top / PAGE);
  }
}

/** Arrays of a search by the exact kernel. */
export interface ExactPlaces {
  readonly points: number;
  readonly fine: number;
  readonly lowered: number;
  readonly squares: number;
  readonly coarse: number;
  readonly halves: number;
  readonly queries: number;
  readonly ids: number;
  /** Of each thread. */
  readonly scratch: readonly number[];
  /** Queries that share a pass over the points. */
  readonly group: number;
  /** Candidates that one query may hold. */
  readonly capacity: number;
}

const paddedRows = (rows: number) => Math.ceil(rows / LANES) * LANES;
const pairsOf = (cols: number) => Math.ceil(cols / 2);

/** Places for `queries` queries among `rows` points. */
export function planExact(
  arena: Arena,
  { rows, cols }: { readonly rows: number; readonly cols: number },
  k: number,
  queries: number,
  threads: number,
): ExactPlaces {
  const padded = paddedRows(rows);
  // A point passes the limit about k (1 + ln(rows / k)) times; the limit itself lags behind by the rounding bound.
  const capacity = Math.min(rows + 4, 4 * k + 512);
  const group = k > 1024 ? 4 : 64;
  // The sum of `begin` in `assembly/state.ts`, each part rounded up to 16.
  const scratch = group * (4 * (cols + 1) + 20 + 16 * k + 8 * capacity) + 128 + 16 * 9;
  return {
    points: arena.take(rows * cols * 8),
    fine: arena.take(padded * cols * 4),
    lowered: arena.take(padded * 4),
    squares: arena.take(rows * 8),
    coarse: arena.take(padded * pairsOf(cols) * 4),
    halves: arena.take(padded * 4),
    queries: arena.take(queries * 4),
    ids: arena.take(queries * k * 4),
    scratch: Array.from({ length: threads }, () => arena.take(scratch)),
    group,
    capacity,
  };
}

/** Writes the header and the points in their three forms. */
export function writeExact(memory: WebAssembly.Memory, places: ExactPlaces, points: Points, k: number): void {
  const { rows, cols } = points;
  const view = new DataView(memory.buffer);
  const { scratch: _, ...named } = places;
  const words: Record<string, number> = { ...named, rows, cols, k };
  for (const [name, value] of Object.entries(words)) view.setUint32(FIELD[name as keyof typeof FIELD], value, true);
  const exact = new Float64Array(memory.buffer, places.points, rows * cols);
  exact.set(points.data);
  const frame = frameOf(points);
  writeFine(memory, places, exact, frame);
  writeCoarse(memory, places, exact, frame);
}

/** The points in f32, and the bound of `assembly/fine.ts`. */
function writeFine(memory: WebAssembly.Memory, places: ExactPlaces, x: Float64Array, frame: Frame): void {
  const { rows, cols, center, exponent } = frame;
  const unit = 2 ** -24;
  const gamma = ((cols + 1) * unit) / (1 - (cols + 1) * unit);
  const relative = 2 * gamma + 16 * unit;
  const tiny = exponent < LEAST_EXPONENT;
  const absolute = tiny ? Number.POSITIVE_INFINITY : 4 * cols * (10 * 2 ** -150 + 2 ** (-1074 - 2 * exponent));
  const view = new DataView(memory.buffer);
  view.setFloat64(FIELD.relative, relative, true);
  view.setFloat64(FIELD.absolute, absolute, true);
  const scale = tiny ? 0 : 2 ** -exponent;
  const tiles = new Float32Array(memory.buffer, places.fine, paddedRows(rows) * cols);
  const lowered = new Float32Array(memory.buffer, places.lowered, paddedRows(rows));
  const squares = new Float64Array(memory.buffer, places.squares, rows);
  lowered.fill(Number.POSITIVE_INFINITY, rows);
  for (let i = 0; i < rows; i++) {
    const tile = Math.floor(i / LANES) * LANES * cols + (i % LANES);
    let square = 0;
    for (let c = 0; c < cols; c++) {
      const value = Math.fround((x[i * cols + c] - center[c]) * scale);
      tiles[tile + c * LANES] = value;
      square += value * value;
    }
    squares[i] = square;
    lowered[i] = (1 - relative) * square;
  }
}

/** The points in 16-bit integers, and the bound of `assembly/coarse.ts`. */
function writeCoarse(memory: WebAssembly.Memory, places: ExactPlaces, x: Float64Array, frame: Frame): void {
  const { rows, cols, center, exponent } = frame;
  const view = new DataView(memory.buffer);
  if (exponent < LEAST_EXPONENT) {
    view.setUint32(FIELD.usesCoarse, 0, true);
    return;
  }
  const unit = 2 ** -exponent;
  let longest = 0;
  for (let i = 0, at = 0; i < rows; i++) {
    let square = 0;
    for (let c = 0; c < cols; c++, at++) square += ((x[at] - center[c]) * unit) ** 2;
    longest = Math.max(longest, square);
  }
  // Rounding adds at most half of sqrt(cols) to a length.
  const scale = longest > 0 ? (2 ** 15 - 1 - Math.sqrt(cols) / 2) / Math.sqrt(longest) : 0;
  const pairs = pairsOf(cols);
  const tiles = new Int16Array(memory.buffer, places.coarse, paddedRows(rows) * pairs * 2);
  const halves = new Int32Array(memory.buffer, places.halves, paddedRows(rows));
  halves.fill(2 ** 31 - 1, rows);
  let worst = 0;
  for (let i = 0; i < rows; i++) {
    const tile = (Math.floor(i / LANES) * LANES * pairs + (i % LANES)) * 2;
    let square = 0;
    let off = 0;
    for (let c = 0; c < cols; c++) {
      const value = (x[i * cols + c] - center[c]) * unit * scale;
      const rounded = Math.round(value);
      tiles[tile + (c >> 1) * 2 * LANES + (c & 1)] = rounded;
      square += rounded * rounded;
      off += (value - rounded) ** 2;
    }
    halves[i] = Math.floor(square / 2);
    worst = Math.max(worst, off);
  }
  view.setUint32(FIELD.usesCoarse, 1, true);
  // The thousandth: f64 rounding, here and in the definition, of lengths below 2^16; cols 2^-53 of them, and cols < 2^25.
  view.setFloat64(FIELD.rounding, Math.sqrt(worst) + 1e-3, true);
}
