/** What a file says, read by kind: nothing of a parsed value is used before it is known to be what it should be. */
import { type ErrorCode, SpectroscopeError } from "../../kernels/errors";
import { isObject } from "../config/schema";
import type { Json, JsonObject } from "../formats/json";

/** Where a value stands, and what is to be done when it is of another kind. */
export interface Place {
  readonly file: string;
  readonly hint: string;
  readonly code?: ErrorCode;
}

const HASH = /^[0-9a-f]{64}$/;

function shown(value: unknown): string {
  if (value === undefined) return "missing";
  const text = Array.isArray(value) ? `a list of ${value.length}` : isObject(value) ? "an object" : String(value);
  return `${typeof value === "string" ? JSON.stringify(text.slice(0, 60)) : text.slice(0, 60)}`;
}

/** A value of a parsed file with the key that leads to it. Whatever is asked of it throws a SpectroscopeError that names both. */
export class Told {
  constructor(
    private readonly value: unknown,
    private readonly place: Place,
    readonly key = "",
  ) {}

  refuse(expected: string): never {
    const what = this.key === "" ? "the whole" : this.key;
    const { file, hint, code = "bad-input" } = this.place;
    throw new SpectroscopeError(`${file}: ${what} is ${shown(this.value)}, expected ${expected}`, { code, hint });
  }

  get absent(): boolean {
    return this.value === undefined;
  }

  /** A key of an object; what is asked of one that is missing says so. */
  at(key: string): Told {
    const own = this.object();
    return new Told(Object.hasOwn(own, key) ? own[key] : undefined, this.place, this.key ? `${this.key}.${key}` : key);
  }

  /** The keys of an object, in order. */
  entries(): (readonly [string, Told])[] {
    return Object.keys(this.object()).map((key) => [key, this.at(key)] as const);
  }

  list(): Told[] {
    if (!Array.isArray(this.value)) return this.refuse("a list");
    return this.value.map((item, i) => new Told(item, this.place, `${this.key}[${i}]`));
  }

  /** Any object that JSON gave. */
  object(): JsonObject {
    return isObject(this.value) ? (this.value as JsonObject) : this.refuse("an object");
  }

  text(): string {
    return typeof this.value === "string" ? this.value : this.refuse("a text");
  }

  number(): number {
    const { value } = this;
    return typeof value === "number" && Number.isFinite(value) ? value : this.refuse("a number");
  }

  /** A whole number, at least `least`. */
  whole(least = 0): number {
    const { value } = this;
    if (typeof value === "number" && Number.isSafeInteger(value) && value >= least) return value;
    return this.refuse(`a whole number, at least ${least}`);
  }

  flag(): boolean {
    return typeof this.value === "boolean" ? this.value : this.refuse("true or false");
  }

  /** SHA-256 in hexadecimal. */
  hash(): string {
    const text = this.text();
    return HASH.test(text) ? text : this.refuse("a SHA-256 of 64 hexadecimal digits");
  }

  /** One of some texts. */
  choice<C extends string>(choices: readonly C[]): C {
    return choices.find((choice) => choice === this.value) ?? this.refuse(`one of ${choices.join(", ")}`);
  }

  /** Hashes by the names of files. */
  hashes(): ReadonlyMap<string, string> {
    return new Map(this.entries().map(([name, hash]) => [name, hash.hash()]));
  }

  /** Numbers of chains: ascending, at least one. */
  chains(): number[] {
    const chains = this.list().map((one) => one.whole());
    if (chains.length === 0 || chains.some((chain, i) => i > 0 && chain <= chains[i - 1])) {
      return this.refuse("numbers of chains, ascending");
    }
    return chains;
  }

  json(): Json {
    return this.value as Json;
  }
}
