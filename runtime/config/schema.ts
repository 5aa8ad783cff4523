/**
 * Typed settings: what a command-line option or a key of a JSON config may hold. Strict: what is not declared is refused.
 * A schema is a plain record of fields and of groups of fields, with help text, default and bounds of each key in one place;
 * the type of its values, errors, `--help` and the tables of docs/formats.md follow from it.
 */
import { SpectroscopeError } from "../../kernels/errors";

interface Described {
  /** What the key means: a phrase, as it stands in help texts and in docs/formats.md. */
  readonly help: string;
  /**
   * The rule that holds where nothing is said, in words. The key may then be `null` in JSON: with the default `null` its
   * value is `null`, and who reads the config applies the rule; without a default `null` and absence are one.
   */
  readonly nullable?: string;
}
interface Bounded {
  /** Smallest and largest allowed value. */
  readonly min?: number;
  readonly max?: number;
  /** The smallest value is itself not allowed ("above 0"), the largest neither ("below 1"). */
  readonly exclusiveMin?: boolean;
  readonly exclusiveMax?: boolean;
}

export interface NumberField extends Described, Bounded {
  readonly type: "number" | "integer";
  /** Absent: no default. */
  readonly default?: number | null;
}
/** A list of numbers, each within the bounds. */
export interface NumbersField extends Described, Bounded {
  readonly type: "numbers";
  readonly default?: readonly number[] | null;
  /** Fewest and most of them. */
  readonly least: number;
  readonly most: number;
}
/** A number for any name. On a command line `--set key.NAME=value`. */
export interface TableField extends Described, Bounded {
  readonly type: "table";
  readonly default: Readonly<Record<string, number>>;
  /** What holds for a name that is not in it, in words. */
  readonly otherwise: string;
  /** What a name is, in help texts: "COMPONENT". */
  readonly placeholder: string;
}
export interface TextField extends Described {
  readonly type: "string";
  readonly default?: string;
  /** What the value is, in help texts: "FILE". */
  readonly placeholder?: string;
}
export interface ChoiceField<C extends string = string> extends Described {
  readonly type: "choice";
  readonly choices: readonly C[];
  readonly default?: C | null;
}
export interface FlagField extends Described {
  readonly type: "boolean";
  readonly default?: boolean;
}
/** May be given several times on a command line; a list in JSON. */
export interface ListField extends Described {
  readonly type: "list";
  readonly default?: readonly string[];
  readonly placeholder?: string;
}

export type Field = NumberField | NumbersField | TableField | TextField | ChoiceField | FlagField | ListField;
export type Fields = Readonly<Record<string, Field>>;
/** A config: fields, and groups of fields. */
export interface Schema {
  readonly [key: string]: Field | Schema;
}

type Base<F> = F extends NumberField
  ? number
  : F extends NumbersField
    ? readonly number[]
    : F extends TableField
      ? Readonly<Record<string, number>>
      : F extends ChoiceField<infer C>
        ? C
        : F extends FlagField
          ? boolean
          : F extends ListField
            ? readonly string[]
            : F extends TextField
              ? string
              : never;
/** Value of a field: never undefined when it has a default, and `null` only when that is its default. */
export type ValueOf<F> = F extends { readonly default: infer D }
  ? undefined extends D
    ? Base<F> | undefined
    : Base<F> | Extract<D, null>
  : Base<F> | undefined;
export type Values<F> = {
  -readonly [K in keyof F]: F[K] extends Field ? ValueOf<F[K]> : F[K] extends Schema ? Values<F[K]> : never;
};

export function isField(node: Field | Schema): node is Field {
  return typeof node.type === "string";
}

/** What `field` accepts, in words. */
export function expectation(field: Field): string {
  const words = kindAndBounds(field);
  return field.nullable === undefined ? words : `${words}, or null for the rule: ${field.nullable}`;
}

/** The same without the rule that `null` stands for. */
export function kindAndBounds(field: Field): string {
  switch (field.type) {
    case "choice":
      return `one of ${field.choices.join(", ")}`;
    case "boolean":
      return "true or false";
    case "list":
      return "a list of texts";
    case "string":
      return "a text that is not empty";
    case "numbers":
      return withBounds(`a list of ${field.least} to ${field.most} numbers`, field);
    case "table":
      return withBounds("a number", field);
    default:
      return withBounds(field.type === "integer" ? "a whole number" : "a number", field);
  }
}

function withBounds(kind: string, { min, max, exclusiveMin, exclusiveMax }: Bounded): string {
  if (min !== undefined && max !== undefined && !exclusiveMin && !exclusiveMax) return `${kind}, from ${min} to ${max}`;
  const low = min === undefined ? "" : exclusiveMin ? `above ${min}` : `at least ${min}`;
  const high = max === undefined ? "" : exclusiveMax ? `below ${max}` : `at most ${max}`;
  return [kind, [low, high].filter(Boolean).join(" and ")].filter(Boolean).join(", ");
}

function within({ min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY, ...edges }: Bounded, value: unknown) {
  if (typeof value !== "number" || !Number.isFinite(value)) return false;
  return (edges.exclusiveMin ? value > min : value >= min) && (edges.exclusiveMax ? value < max : value <= max);
}

/** Whether `value` is what JSON calls an object. */
export function isObject(value: unknown): value is { readonly [key: string]: unknown } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function accepts(field: Field, value: unknown): boolean {
  if (value === null) return field.nullable !== undefined;
  switch (field.type) {
    case "choice":
      return typeof value === "string" && field.choices.includes(value);
    case "boolean":
      return typeof value === "boolean";
    case "list":
      return Array.isArray(value) && value.every((item) => typeof item === "string" && item !== "");
    case "string":
      return typeof value === "string" && value !== "";
    case "numbers": {
      if (!Array.isArray(value) || value.length < field.least || value.length > field.most) return false;
      return value.every((item) => within(field, item));
    }
    case "table":
      return isObject(value) && Object.values(value).every((item) => within(field, item));
    default:
      return within(field, value) && (field.type === "number" || Number.isSafeInteger(value));
  }
}

/** An error in how the program was called: exit status 2. */
export function usage(message: string, hint?: string): SpectroscopeError {
  return new SpectroscopeError(message, { code: "usage", hint });
}

/** Every dotted key of a schema. */
export function fieldKeys(schema: Schema, prefix = ""): string[] {
  return Object.entries(schema).flatMap(([key, node]) =>
    isField(node) ? [prefix + key] : fieldKeys(node, `${prefix}${key}.`),
  );
}

/** Every key at its default, as a config that says nothing has it. */
export function defaultsOf<S extends Schema>(schema: S): Values<S> {
  return Object.fromEntries(
    Object.entries(schema).map(([key, node]) => [key, isField(node) ? node.default : defaultsOf(node)]),
  ) as Values<S>;
}
