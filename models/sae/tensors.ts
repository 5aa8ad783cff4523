/** Tensors of an autoencoder as f32, whatever file holds them, each held to its shape before a value is read. */
import { SpectroscopeError } from "../../kernels/errors";
import { quoted, sizes } from "../../kernels/quoted";
import { type ModelFiles, missing } from "../formats/files";
import { coordinates, type SafetensorsData } from "../formats/safetensors-elements";
import { openSafetensors } from "../formats/safetensors-reader";
import { openTorchArchive } from "./torch-archive";

interface Held {
  readonly dtype: string;
  readonly shape: readonly number[];
  read(): Promise<SafetensorsData>;
}

const FLOATS = ["F64", "F32", "F16", "BF16"];
/** Bytes of the longest .pt: it is read whole. */
const ARCHIVE_BYTES = 2 ** 31 - 1;

export class SaeTensors {
  private constructor(
    /** For errors. */
    readonly file: string,
    private readonly held: ReadonlyMap<string, Held>,
  ) {}

  /** @throws SpectroscopeError */
  static async ofSafetensors(files: ModelFiles, key: string): Promise<SaeTensors> {
    const { header, read } = await openSafetensors(files, key);
    const held = header.entries.map((entry): [string, Held] => {
      const count = entry.shape.reduce((product, size) => product * size, 1);
      return [entry.name, { ...entry, read: () => read(entry, 0, count, { allowNonFinite: true }) }];
    });
    return new SaeTensors(files.nameOf(key), new Map(held));
  }

  /** @throws SpectroscopeError */
  static async ofTorch(files: ModelFiles, key: string): Promise<SaeTensors> {
    const file = files.nameOf(key);
    const size = await files.size(key);
    if (size === undefined) throw missing(files, key);
    if (size > ARCHIVE_BYTES) {
      const text = `${file}: ${size} bytes, at most ${ARCHIVE_BYTES} are read of a .pt`;
      throw new SpectroscopeError(text, { code: "bad-input", hint: "store its weights as float16 or bfloat16" });
    }
    const bytes = await files.get(key);
    if (bytes === undefined) throw missing(files, key);
    const archive = await openTorchArchive(bytes, file);
    const held = [...archive.tensors].map(([name, { storage, shape }]): [string, Held] => [
      name,
      { dtype: storage.type, shape, read: () => archive.read(name) },
    ]);
    return new SaeTensors(file, new Map(held));
  }

  fail(message: string, hint = "the file and its config are of different autoencoders: find the pair"): never {
    throw new SpectroscopeError(`${this.file}: ${message}`, { code: "bad-input", hint });
  }

  get names(): string[] {
    return [...this.held.keys()];
  }

  has(name: string): boolean {
    return this.held.has(name);
  }

  /** Types of floats that are widened, for a note. */
  get types(): string[] {
    return [...new Set([...this.held.values()].map(({ dtype }) => dtype))].sort();
  }

  /** Refuses a tensor that is neither needed nor known. @param of what the file should be, for the error */
  only(known: readonly string[], of: string): void {
    const other = this.names.find((name) => !known.includes(name));
    if (other !== undefined) this.fail(`tensor ${quoted(other)} is not of ${of}`, `it has ${known.join(", ")}`);
  }

  private tensor(name: string): Held {
    const tensor = this.held.get(name);
    if (tensor) return tensor;
    const has = this.names.slice(0, 8).map((one) => quoted(one, 40));
    return this.fail(`tensor ${quoted(name)} is missing; it has ${has.join(", ") || "none"}`);
  }

  /** Sizes [rows, columns] of a matrix. @throws SpectroscopeError */
  matrix(name: string): readonly [number, number] {
    const { shape } = this.tensor(name);
    if (shape.length !== 2 || shape.includes(0))
      this.fail(`tensor ${quoted(name)} has the shape ${sizes(shape)}, expected a matrix`);
    return shape as unknown as readonly [number, number];
  }

  /** Holds a tensor to its shape, if it is there or needed. @throws SpectroscopeError */
  check(name: string, shape: readonly number[], why: string): void {
    const found = this.tensor(name);
    if (found.shape.length !== shape.length || found.shape.some((size, i) => size !== shape[i]))
      this.fail(`tensor ${quoted(name)} has the shape ${sizes(found.shape)}, expected ${sizes(shape)} (${why})`);
  }

  /** Values of a float tensor of this shape, finite. @throws SpectroscopeError naming tensor and place */
  async floats(name: string, shape: readonly number[], why: string): Promise<Float32Array> {
    this.check(name, shape, why);
    const { dtype, read } = this.tensor(name);
    if (!FLOATS.includes(dtype))
      this.fail(`tensor ${quoted(name)} has dtype ${quoted(dtype)}`, `floats are read: ${FLOATS.join(", ")}`);
    const data = await read();
    const values = data instanceof Float32Array ? data : Float32Array.from(data);
    const bad = values.findIndex((value) => !Number.isFinite(value));
    if (bad < 0) return values;
    const at = `[${coordinates(bad, shape).join(", ")}]`;
    throw new SpectroscopeError(`${this.file}: tensor ${quoted(name)} holds ${data[bad]} at ${at}`, {
      code: "non-finite",
      hint: Number.isFinite(data[bad]) ? "it does not fit 32 bits" : "these weights cannot be used; find a sound copy",
    });
  }

  /** A float or a whole number of a tensor without axes. @throws SpectroscopeError */
  async scalar(name: string): Promise<number> {
    this.check(name, [], "one number");
    const [value] = await this.tensor(name).read();
    if (!Number.isFinite(value)) this.fail(`tensor ${quoted(name)} is ${value}`, "find a sound copy");
    return value;
  }
}

/** [columns, rows] of [rows, columns]. */
export function transposed(values: Float32Array, rows: number, columns: number): Float32Array {
  const out = new Float32Array(values.length);
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++) out[column * rows + row] = values[row * columns + column];
  return out;
}
