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

/** Some rows of a matrix, less `origin` where there is one. */
export interface RowBlock {
  readonly rows: number;
  /** [rows, cols]. */
  readonly data: ArrayLike<number>;
  /** [cols]. */
  readonly origin?: ArrayLike<number>;
}

/** Rows of a matrix of `cols` columns, less `origin`. */
export interface Rows extends RowBlock {
  readonly cols: number;
  readonly origin: ArrayLike<number>;
}

let compiled: WebAssembly.Module | undefined;

/**
 * Products of blocks of rows of `cols` columns with `width` thin vectors, for a matrix that comes block by block and is never held
 * whole: its projections, and sums over all rows that were told since `clear`.
 */
export class ThinProducts {
  private readonly calls: Exports;
  private readonly panels: number;
  /** Columns made even, by one of zeros. */
  private readonly even: number;
  /** Bytes from row to row: an odd number of cache lines, so that rows below each other do not compete for one place. */
  private readonly stride: number;
  private readonly x: Float64Array;
  private readonly thin: Float64Array;
  private readonly total: Float64Array;
  private readonly image: Float64Array;

  /** @throws SpectroscopeError `memory` when rows and thin matrices do not fit in 4 GiB */
  constructor(
    readonly cols: number,
    readonly width: number,
  ) {
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
    const [x, thin, total, image] = sizes.map((bytes) => {
      at += bytes;
      return new Float64Array(memory.buffer, at - bytes, bytes / 8);
    });
    [this.x, this.thin, this.total, this.image] = [x, thin, total, image];
  }

  /** Takes the thin matrix of `project` and `square`: [width, cols], a vector a row. */
  load(basis: ArrayLike<number>): void {
    const { cols, thin } = this;
    for (let j = 0; j < this.width; j++)
      for (let c = 0, place = this.placeOf(j); c < cols; c++, place += LANES) thin[place] = basis[j * cols + c];
  }

  /** Sums begin at 0. */
  clear(): void {
    this.total.fill(0);
  }

  /** block x basis: [rows, width], in `out` where it is given. */
  project(block: RowBlock, out: Float64Array = new Float64Array(block.rows * this.width)): Float64Array {
    const { width, panels } = this;
    this.eachBlock(block, (from, count) => {
      this.toImage(count);
      for (let i = 0; i < count; i++) {
        const at = i * panels * LANES;
        copy(this.image, at, out, (from + i) * width, width);
      }
    });
    return out;
  }

  /** Adds block' x block x basis to the sums. */
  square(block: RowBlock): void {
    this.eachBlock(block, (_, count) => {
      this.toImage(count);
      this.pullBack(count);
    });
  }

  /** Adds block' x image to the sums. `image`: [rows, width]. */
  pull(block: RowBlock, image: ArrayLike<number>): void {
    const { width, panels } = this;
    this.eachBlock(block, (from, count) => {
      for (let i = 0; i < count; i++) {
        const at = i * panels * LANES;
        const own = (from + i) * width;
        if (image instanceof Float64Array) copy(image, own, this.image, at, width);
        else for (let j = 0; j < width; j++) this.image[at + j] = image[own + j];
      }
      this.pullBack(count);
    });
  }

  /** The sums so far: [width, cols]. */
  sums(): Float64Array {
    const { cols, total } = this;
    const out = new Float64Array(this.width * cols);
    for (let j = 0; j < this.width; j++)
      for (let c = 0, place = this.placeOf(j); c < cols; c++, place += LANES) out[j * cols + c] = total[place];
    return out;
  }

  private toImage(count: number): void {
    const { calls, x, stride, even, thin, image, panels } = this;
    // A row that a shorter block leaves over is computed beside the last one, and nobody asks for it.
    calls.project(x.byteOffset, stride, count + (count % 2), even, thin.byteOffset, panels, image.byteOffset);
  }

  private pullBack(count: number): void {
    const { calls, x, stride, even, image, panels, total } = this;
    calls.pullBack(x.byteOffset, stride, count, even, image.byteOffset, panels, total.byteOffset);
  }

  /** Where vector `j` begins in panels; its values are LANES apart. */
  private placeOf(j: number): number {
    return Math.floor(j / LANES) * this.even * LANES + (j % LANES);
  }

  /** Puts the rows into the memory piece by piece; `each` finds a piece's own in `x`. */
  private eachBlock({ rows, data, origin }: RowBlock, each: (from: number, count: number) => void): void {
    const { x, stride, cols } = this;
    for (let from = 0; from < rows; from += BLOCK) {
      const count = Math.min(BLOCK, rows - from);
      for (let i = 0; i < count; i++) {
        const at = (from + i) * cols;
        const row = (i * stride) / 8;
        if (origin) for (let c = 0; c < cols; c++) x[row + c] = data[at + c] - origin[c];
        else if (data instanceof Float64Array) copy(data, at, x, row, cols);
        else for (let c = 0; c < cols; c++) x[row + c] = data[at + c];
      }
      each(from, count);
    }
  }
}

/** Values from which on a copy by the runtime, which needs a view, is the faster one. */
const LONG = 256;

function copy(from: Float64Array, at: number, to: Float64Array, place: number, count: number): void {
  if (count < LONG) for (let i = 0; i < count; i++) to[place + i] = from[at + i];
  else to.set(from.subarray(at, at + count), place);
}

/** Both products of one matrix with thin matrices of `width` columns. */
export class Products {
  private readonly products: ThinProducts;

  /** @throws SpectroscopeError `memory` when rows and thin matrices do not fit in 4 GiB */
  constructor(
    private readonly matrix: Rows,
    readonly width: number,
  ) {
    this.products = new ThinProducts(matrix.cols, width);
  }

  /** matrix x basis: [rows, width]. `basis`: [width, cols], a vector a row. */
  project(basis: Float64Array): Float64Array {
    this.products.load(basis);
    return this.products.project(this.matrix);
  }

  /** matrix' x matrix x basis: [width, cols], in one pass over the rows. `basis`: [width, cols], a vector a row. */
  square(basis: Float64Array): Float64Array {
    this.products.load(basis);
    this.products.clear();
    this.products.square(this.matrix);
    return this.products.sums();
  }
}
