/** Keys of an autoencoder's JSON, read one by one with errors that name file, key and value. */
import { SpectroscopeError } from "../../kernels/errors";
import { quoted } from "../../kernels/quoted";
import { type ModelFiles, missing, readJson } from "../formats/files";

type Json = Readonly<Record<string, unknown>>;
const isObject = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Bytes of the longest config. */
const LONGEST = 2 ** 22;
/** Sizes beyond this are no autoencoder's. */
const LARGEST = 2 ** 31 - 1;

export class SaeSettings {
  constructor(
    readonly json: Json,
    readonly file: string,
    /** Before keys in errors: "trainer.". */
    private readonly above = "",
  ) {}

  /** @throws SpectroscopeError when there is no such file, or no object in it */
  static async read(files: ModelFiles, key: string): Promise<SaeSettings> {
    const file = files.nameOf(key);
    const size = await files.size(key);
    if (size === undefined) throw missing(files, key);
    if (size > LONGEST) {
      const text = `${file}: ${size} bytes, at most ${LONGEST} are read`;
      throw new SpectroscopeError(text, { code: "bad-input", hint: "is it the right file?" });
    }
    const json = await readJson(files, key);
    if (isObject(json)) return new SaeSettings(json, file);
    throw new SpectroscopeError(`${file}: not a JSON object`, { code: "bad-input", hint: "download it again" });
  }

  fail(message: string, hint: string): never {
    throw new SpectroscopeError(`${this.file}: ${message}`, { code: "bad-input", hint });
  }

  /** Refuses the value of a key. */
  refuse(key: string, hint: string): never {
    return this.fail(`"${this.above}${key}" is ${quoted(this.json[key])}, which is not supported`, hint);
  }

  /** Keys of an inner object; none where there is none. */
  inner(key: string): SaeSettings {
    const value = this.json[key] ?? {};
    if (!isObject(value)) this.fail(`"${this.above}${key}" is ${quoted(value)}`, "it must be an object");
    return new SaeSettings(value as Json, this.file, `${this.above}${key}.`);
  }

  private typed<T>(key: string, is: (value: unknown) => value is T, what: string): T | undefined {
    const value = this.json[key];
    if (value === undefined || value === null) return undefined;
    if (!is(value)) this.fail(`"${this.above}${key}" is ${quoted(value)}`, `it must be ${what}`);
    return value as T;
  }

  text(key: string): string | undefined {
    return this.typed(key, (value): value is string => typeof value === "string", "text");
  }

  flag(key: string): boolean | undefined {
    return this.typed(key, (value): value is boolean => typeof value === "boolean", "true or false");
  }

  /** A whole number, by default of at least 1. */
  whole(key: string, least = 1): number | undefined {
    const is = (value: unknown): value is number =>
      Number.isInteger(value) && (value as number) >= least && (value as number) <= LARGEST;
    return this.typed(key, is, `a whole number from ${least} to ${LARGEST}`);
  }

  /** `whole` of a key that must be there. */
  needed(key: string): number {
    return (
      this.whole(key) ?? this.fail(`"${this.above}${key}" is missing`, "the config is not whole: find its original")
    );
  }

  /** k of a choice among features. */
  choice(key: string, features: number): number {
    const k = this.needed(key);
    if (k > features) this.fail(`"${this.above}${key}" is ${k}, there are ${features} features`, "k is at most that");
    return k;
  }
}
