import { rotaryTable } from "../../kernels/rotary/table";
import type { HostArray, Memory } from "../plan/memory";
import { type Slot, tensor, type View } from "../plan/plan";
import { PIECE_ELEMENTS, type Weights } from "./weights";

/** Reads elements `from` up to `to` of a constant. */
type Reader = (from: number, to: number) => Promise<HostArray>;

/** Pieces written before the device is waited for: bounds what its queue holds of them to 64 MiB. */
const PIECES_IN_FLIGHT = 16;

/** Rows of a matrix. */
export type RowRange = readonly [from: number, to: number];

/**
 * Constants of a model's plans: the trained weights, matrices derived from them, rotary tables. Made once, shared by all;
 * weights come from their source piece by piece and are never whole in host memory.
 */
export class FixedTensors {
  /** Host memory that writing constants takes, whatever their sizes: the pieces in flight. */
  static readonly hostBytes = 4 * PIECE_ELEMENTS * (PIECES_IN_FLIGHT + 1);

  private readonly views = new Map<string, View>();
  private readonly slots = new Set<Slot>();
  private readonly waiting: { view: View; read: Reader }[] = [];
  private readonly derived = new Set<string>();

  /** @param bindingBytes the adapter's limit on a binding: larger vocabulary matrices are cut */
  constructor(
    readonly weights: Weights,
    readonly bindingBytes = Number.POSITIVE_INFINITY,
  ) {}

  /** A trained parameter, whole or some of its rows. */
  parameter(name: string, rows?: RowRange): View {
    const shape = this.weights.shapes.get(name)!;
    if (!rows) return this.constant(name, shape, (from, to) => this.weights.read(name, from, to));
    const start = rows[0] * (shape[1] ?? 1);
    return this.constant(`${name} rows ${rows[0]} to ${rows[1]}`, [rows[1] - rows[0], ...shape.slice(1)], (from, to) =>
      this.weights.read(name, start + from, start + to),
    );
  }

  /** How the rows of a vocabulary matrix are cut so that each part fits a binding. */
  vocabularyParts(name: string): RowRange[] {
    const [rows, width] = this.weights.shapes.get(name)!;
    if (4 * rows * width <= this.bindingBytes) return [[0, rows]];
    // Multiples of 64 rows begin where a binding may, in a chain's parameter block too.
    const most = Math.max(64, 64 * Math.floor(this.bindingBytes / (4 * width) / 64));
    const parts: RowRange[] = [];
    for (let from = 0; from < rows; from += most) parts.push([from, Math.min(rows, from + most)]);
    return parts;
  }

  /** A trained matrix with some of its columns set to 0: a layer's output without the heads or neurons that move. */
  withoutColumns(name: string, ranges: readonly RowRange[]): View {
    const shape = this.weights.shapes.get(name)!;
    const width = shape[1];
    const key = `${name} without columns ${ranges.map(([first, last]) => `${first} to ${last}`).join(", ")}`;
    this.derived.add(key);
    return this.constant(key, shape, async (from, to) => {
      const copy = (await this.weights.read(name, from, to)).slice();
      for (let row = Math.floor(from / width); row * width < to; row++) {
        const at = row * width - from;
        for (const [first, last] of ranges) copy.fill(0, Math.max(0, at + first), Math.max(0, at + last));
      }
      return copy;
    });
  }

  /** Some columns of a trained matrix, or some rows of any parameter, dense: a head that reads or makes them beside what moves. */
  slice(name: string, axis: 0 | 1, range: RowRange): View {
    const [rows, ...rest] = this.weights.shapes.get(name)!;
    const width = rest[0] ?? 1;
    const [first, last] = range;
    const key = `${name} ${axis === 0 ? "rows" : "columns"} ${first} to ${last}`;
    this.derived.add(key);
    if (axis === 0) {
      const start = first * width;
      const read: Reader = (from, to) => this.weights.read(name, start + from, start + to);
      return this.constant(key, [last - first, ...rest], read);
    }
    const own = last - first;
    return this.constant(key, [rows, own], async (from, to) => {
      const [top, bottom] = [Math.floor(from / own), Math.ceil(to / own)];
      const out = new Float32Array((bottom - top) * own);
      // As many rows at once as a piece holds, so that host memory stays small beside a wide matrix.
      const step = Math.max(1, Math.floor(PIECE_ELEMENTS / width));
      for (let row = top; row < bottom; row += step) {
        const end = Math.min(bottom, row + step);
        const whole = await this.weights.read(name, row * width, end * width);
        for (let i = row; i < end; i++) {
          const at = (i - row) * width;
          out.set(whole.subarray(at + first, at + last), (i - top) * own);
        }
      }
      return out.subarray(from - top * own, to - top * own);
    });
  }

  /** What stands in for a binding that a call does not use. */
  none(axes: number): View {
    const shape = Array.from({ length: axes }, () => 1);
    return { ...this.constant("none", [1], async (from, to) => new Float32Array(to - from)), shape };
  }

  /** The rotary table of `positions`, [T, ndims rounded up to even]. */
  rotary(positions: number, ndims: number, base: number): View {
    const key = `rotary ${positions} ${ndims} ${base}`;
    const shape = [positions, 2 * Math.ceil(ndims / 2)];
    return this.constant(key, shape, async (from, to) => rotaryTable(positions, ndims, base).subarray(from, to));
  }

  /** 0 to `count` - 1, u32: row numbers that copy all rows. */
  numbers(count: number): View {
    const read: Reader = async (from, to) => Uint32Array.from({ length: to - from }, (_, i) => from + i);
    return this.constant(`numbers to ${count}`, [count], read, "u32");
  }

  private constant(key: string, shape: readonly number[], read: Reader, type: Slot["type"] = "f32"): View {
    let view = this.views.get(key);
    if (!view) {
      view = tensor(key, shape, "kept", type);
      this.views.set(key, view);
      this.slots.add(view.slot);
      this.waiting.push({ view, read });
    }
    return view;
  }

  /** Frees the matrices made for one component. */
  releaseDerived(memory: Memory): void {
    for (const key of this.derived) {
      const view = this.views.get(key);
      if (!view) continue;
      memory.release(view.slot);
      this.views.delete(key);
      this.slots.delete(view.slot);
    }
    this.derived.clear();
  }

  /** Whether a slot is one of these constants. */
  holds(slot: Slot): boolean {
    return this.slots.has(slot);
  }

  /** Writes what is new since the last time. Errors: those of the weights' source. */
  async flush(memory: Memory): Promise<void> {
    let written = 0;
    for (const { view, read } of this.waiting) {
      const { size } = view.slot;
      for (let from = 0; from < size; from += PIECE_ELEMENTS) {
        const data = await read(from, Math.min(size, from + PIECE_ELEMENTS));
        memory.write({ ...view, offset: view.offset + from }, data);
        if (++written % PIECES_IN_FLIGHT === 0) await memory.settle();
      }
    }
    this.waiting.length = 0;
  }
}
