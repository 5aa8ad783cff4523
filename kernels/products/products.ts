/**
 * Products of a tall matrix with a thin one, in WebAssembly, f64: rows go through a small memory in blocks, so that a matrix of
 * any number of rows fits. Sums run in the order of the columns, and of the rows, whatever the machine.
 */
import single from "../../dist/products/single.wasm";
import { SpectroscopeError } from "../errors";

/** Rows that are in the memory at once. */
const BLOCK = 32;
const PAGE = 65536;
const FIRST_BYTE = PAGE;
/** Columns of a panel of a thin matrix. */
const LANES = 8;

interface Exports {
  project(x: number, stride: number, rows: number, cols: number, thin: number, panels: number, out: number): void;
  pullBack(x: number, stride: number, rows: number, cols: number, image: number, panels: number, sum: number): void;
}

/** Rows of a matrix of `cols` columns, less `origin`. */
export interface Rows {
  readonly rows: number;
  readonly cols: number;
  /** [rows, cols]. */
  readonly data: ArrayLike<number>;
  /** [cols]. */
  readonly origin: ArrayLike<number>;
}

let compiled: WebAssembly.Module | undefined;

/** Both products of one matrix with thin matrices of `width` columns. */
export class Products {
  private readonly calls: Exports;
  private readonly panels: number;
  /** Columns made even, by one of zeros. */
  private readonly even: number;
  /** Bytes from row to row: an odd number of cache lines, so that rows below each other do not compete for one place. */
  private readonly stride: number;
  private readonly x: Float64Array;
  private readonly thin: Float64Array;
  private readonly sum: Float64Array;
  private readonly image: Float64Array;

  /** @throws SpectroscopeError `memory` when rows and thin matrices do not fit in 4 GiB */
  constructor(
    private readonly matrix: Rows,
    readonly width: number,
  ) {
    const { cols } = matrix;
    this.panels = Math.ceil(width / LANES);
    this.even = cols + (cols % 2);
    const lines = Math.ceil(this.even / 8);
    this.stride = 64 * (lines + 1 - (lines % 2));
    const sizes = [
      BLOCK * this.stride,
      8 * this.even * this.panels * LANES,
      8 * this.even * this.panels * LANES,
      8 * BLOCK * this.panels * LANES,
    ];
    const pages = Math.ceil((FIRST_BYTE + sizes.reduce((a, b) => a + b, 0)) / PAGE);
    if (pages > 65536)
      throw new SpectroscopeError(`products of ${cols} columns with ${width} take more than 4 GiB`, {
        code: "memory",
        hint: "use fewer columns or axes",
      });
    compiled ??= new WebAssembly.Module(single as BufferSource);
    const memory = new WebAssembly.Memory({ initial: pages, maximum: 65536 });
    this.calls = new WebAssembly.Instance(compiled, { env: { memory } }).exports as unknown as Exports;
    let at = FIRST_BYTE;
    const [x, thin, sum, image] = sizes.map((bytes) => {
      at += bytes;
      return new Float64Array(memory.buffer, at - bytes, bytes / 8);
    });
    [this.x, this.thin, this.sum, this.image] = [x, thin, sum, image];
  }

  /** matrix x basis: [rows, width]. `basis`: [width, cols], a vector a row. */
  project(basis: Float64Array): Float64Array {
    const { rows } = this.matrix;
    const { width } = this;
    const out = new Float64Array(rows * width);
    this.load(basis);
    this.eachBlock((from, count) => {
      for (let i = 0; i < count; i++) {
        const at = i * this.panels * LANES;
        out.set(this.image.subarray(at, at + width), (from + i) * width);
      }
    });
    return out;
  }

  /** matrix' x matrix x basis: [width, cols], in one pass over the rows. `basis`: [width, cols], a vector a row. */
  square(basis: Float64Array): Float64Array {
    const { cols } = this.matrix;
    this.load(basis);
    this.sum.fill(0);
    const { calls, x, stride, even, image, panels, sum } = this;
    this.eachBlock((_, count) => {
      calls.pullBack(x.byteOffset, stride, count, even, image.byteOffset, panels, sum.byteOffset);
    });
    const out = new Float64Array(this.width * cols);
    this.eachPlace((j, c, place) => {
      out[j * cols + c] = sum[place];
    });
    return out;
  }

  /** Puts a thin matrix into panels. */
  private load(basis: Float64Array): void {
    const { cols } = this.matrix;
    this.eachPlace((j, c, place) => {
      this.thin[place] = basis[j * cols + c];
    });
  }

  /** Where value `c` of vector `j` lies in panels. */
  private eachPlace(each: (j: number, c: number, place: number) => void): void {
    const { cols } = this.matrix;
    for (let j = 0; j < this.width; j++) {
      const start = Math.floor(j / LANES) * this.even * LANES + (j % LANES);
      for (let c = 0; c < cols; c++) each(j, c, start + c * LANES);
    }
  }

  /** Projects the rows block by block; `each` finds a block's own in `x`, and its image. */
  private eachBlock(each: (from: number, count: number) => void): void {
    const { rows, cols, data, origin } = this.matrix;
    const { calls, x, stride, even, thin, image, panels } = this;
    for (let from = 0; from < rows; from += BLOCK) {
      const count = Math.min(BLOCK, rows - from);
      for (let i = 0; i < count; i++) {
        const at = (from + i) * cols;
        const row = (i * stride) / 8;
        for (let c = 0; c < cols; c++) x[row + c] = data[at + c] - origin[c];
      }
      // A row that a shorter block leaves over is computed beside the last one, and nobody asks for it.
      const pairs = count + (count % 2);
      calls.project(x.byteOffset, stride, pairs, even, thin.byteOffset, panels, image.byteOffset);
      each(from, count);
    }
  }
}
