/** The memory of approximate neighbor search: the host's side of `assembly/descent-layout.ts`. */
import { centerOf, type Points } from "./frame";
import type { Arena } from "./memory";

/** Header fields, bytes. */
const FIELD = {
  next: 0,
  until: 4,
  rows: 8,
  stride: 12,
  length: 16,
  sample: 20,
  leaf: 24,
  flat: 28,
  halves: 32,
  orders: 36,
  near: 40,
  ids: 44,
  forward: 48,
  offsets: 52,
  cursors: 56,
  backward: 60,
  seed: 64,
} as const;

/** Set for an entry that no round has looked at; see `assembly/lists.ts`. */
export const FRESH = 0x8000_0000;

export interface DescentSettings {
  /** Entries of a list: k and some more, for what rounding reorders. */
  readonly length: number;
  /** Entries that a round looks at, forward and backward each. */
  readonly sample: number;
  readonly trees: number;
  /** Points of a leaf, at most; at least 4 `length`, so that every list is full from the start. */
  readonly leaf: number;
}

export interface DescentPlaces extends DescentSettings {
  readonly rows: number;
  readonly stride: number;
  readonly flat: number;
  readonly halves: number;
  readonly orders: number;
  readonly near: number;
  readonly ids: number;
  readonly forward: number;
  readonly offsets: number;
  readonly cursors: number;
  readonly backward: number;
  /** u32 [rows] of each thread; and what it compares a leaf in. */
  readonly marks: readonly number[];
  readonly scratch: readonly number[];
}

export function planDescent(
  arena: Arena,
  { rows, cols }: { readonly rows: number; readonly cols: number },
  settings: DescentSettings,
  threads: number,
): DescentPlaces {
  const stride = Math.ceil(cols / 8) * 8;
  return {
    ...settings,
    rows,
    stride,
    flat: arena.take(rows * stride * 2),
    halves: arena.take(rows * 4),
    orders: arena.take(settings.trees * rows * 4),
    near: arena.take(rows * settings.length * 4),
    ids: arena.take(rows * settings.length * 4),
    forward: arena.take(rows * settings.sample * 4),
    offsets: arena.take((rows + 1) * 4),
    cursors: arena.take((rows + 1) * 4),
    backward: arena.take(rows * settings.sample * 4),
    marks: Array.from({ length: threads }, () => arena.take(rows * 4)),
    // The sum of `beginLeaf` in `assembly/state.ts`.
    scratch: Array.from({ length: threads }, () =>
      arena.take(64 + 8 * stride + (settings.leaf + 8) * (4 + 2 * stride)),
    ),
  };
}

/** Writes the header, the points and empty lists. */
export function writeDescent(memory: WebAssembly.Memory, places: DescentPlaces, points: Points, seed: number): void {
  const view = new DataView(memory.buffer);
  const words: Record<string, unknown> = { ...places, seed };
  for (const [name, at] of Object.entries(FIELD)) if (name in words) view.setUint32(at, words[name] as number, true);
  const { rows, length } = places;
  new Uint32Array(memory.buffer, places.near, rows * length).fill(0xffff_ffff);
  new Uint32Array(memory.buffer, places.ids, rows * length).fill(0x7fff_ffff);
  writePoints(memory, places, points);
}

/** Puts the points in the order of the first tree, where near points lie near each other: caches then hold what a row looks at. */
export function reorder(memory: WebAssembly.Memory, places: DescentPlaces): Uint32Array {
  const { rows, stride } = places;
  const order = new Uint32Array(memory.buffer, places.orders, rows).slice();
  const flat = new Int16Array(memory.buffer, places.flat, rows * stride);
  const halves = new Uint32Array(memory.buffer, places.halves, rows);
  const oldFlat = flat.slice();
  const oldHalves = halves.slice();
  for (let i = 0; i < rows; i++) {
    flat.set(oldFlat.subarray(order[i] * stride, (order[i] + 1) * stride), i * stride);
    halves[i] = oldHalves[order[i]];
  }
  return order;
}

/** The next phase does items `from` .. `until` - 1. */
export function setItems(memory: WebAssembly.Memory, from: number, until: number): void {
  const view = new DataView(memory.buffer);
  view.setUint32(FIELD.next, from, true);
  view.setUint32(FIELD.until, until, true);
}

/** A point longer than this times the 95th percentile of lengths is shortened to it, lest it leave no digits to the others. */
const LONGEST = 8;

/**
 * The points in 16-bit integers, centered, with squared lengths below 2^30. Where all lengths are alike, as of standardized rows,
 * a coordinate keeps about 15 bits less half the logarithm of the number of columns.
 */
function writePoints(memory: WebAssembly.Memory, places: DescentPlaces, points: Points): void {
  const { rows, cols, data } = points;
  const center = centerOf(points);
  const lengths = new Float64Array(rows);
  for (let i = 0, at = 0; i < rows; i++) {
    let square = 0;
    for (let c = 0; c < cols; c++, at++) square += (data[at] - center[c]) ** 2;
    lengths[i] = Math.sqrt(square);
  }
  const sorted = lengths.slice().sort();
  const usual = LONGEST * sorted[Math.floor(0.95 * (rows - 1))];
  const longest = usual > 0 ? Math.min(usual, sorted[rows - 1]) : sorted[rows - 1];
  // Rounding adds at most half of sqrt(cols) to a length.
  const room = 2 ** 15 - 1 - Math.sqrt(cols) / 2;
  const flat = new Int16Array(memory.buffer, places.flat, rows * places.stride);
  const halves = new Uint32Array(memory.buffer, places.halves, rows);
  for (let i = 0; i < rows; i++) {
    const scale = longest > 0 ? room / Math.max(longest, lengths[i]) : 0;
    let square = 0;
    for (let c = 0; c < cols; c++) {
      const value = Math.round((data[i * cols + c] - center[c]) * scale);
      flat[i * places.stride + c] = value;
      square += value * value;
    }
    halves[i] = Math.ceil(square / 2);
  }
}

/** Levels of a tree: a range of `rows` is halved, the larger half on, until it is no larger than a leaf. */
export function treeDepth(rows: number, leaf: number): number {
  let depth = 0;
  for (let size = rows; size > leaf; size = Math.ceil(size / 2)) depth++;
  return depth;
}
