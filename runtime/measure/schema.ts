/** Typed settings: what a command-line option or a key of a JSON config may hold. Strict: what is not declared is refused. */
import { SpectroscopeError } from "../../kernels/errors";
import { suggest } from "../../kernels/suggest";

interface Described {
  readonly help: string;
}

export interface NumberField extends Described {
  readonly type: "number" | "integer";
  /** Absent: no default. */
  readonly default?: number;
  /** Smallest and largest allowed value. */
  readonly min?: number;
  readonly max?: number;
  /** The smallest value is itself not allowed ("above 0"). */
  readonly exclusiveMin?: boolean;
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
  readonly default?: C;
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

export type Field = NumberField | TextField | ChoiceField | FlagField | ListField;
export type Fields = Readonly<Record<string, Field>>;
/** A config: fields, and groups of fields. */
export interface Schema {
  readonly [key: string]: Field | Schema;
}

type Base<F> = F extends NumberField
  ? number
  : F extends ChoiceField<infer C>
    ? C
    : F extends FlagField
      ? boolean
      : F extends ListField
        ? readonly string[]
        : F extends TextField
          ? string
          : never;
/** Value of a field: never undefined when it has a default. */
export type ValueOf<F> = F extends { readonly default: infer D }
  ? undefined extends D
    ? Base<F> | undefined
    : Base<F>
  : Base<F> | undefined;
export type Values<F> = {
  -readonly [K in keyof F]: F[K] extends Field ? ValueOf<F[K]> : F[K] extends Schema ? Values<F[K]> : never;
};

export function isField(node: Field | Schema): node is Field {
  return typeof node.type === "string";
}

/** What a field accepts, in words. */
export function expectation(field: Field): string {
  switch (field.type) {
    case "choice":
      return `one of ${field.choices.join(", ")}`;
    case "boolean":
      return "true or false";
    case "list":
      return "a list of texts";
    case "string":
      return "a text that is not empty";
    default: {
      const kind = field.type === "integer" ? "a whole number" : "a number";
      const low = field.min === undefined ? "" : field.exclusiveMin ? `above ${field.min}` : `at least ${field.min}`;
      const high = field.max === undefined ? "" : `at most ${field.max}`;
      return [kind, [low, high].filter(Boolean).join(" and ")].filter(Boolean).join(", ");
    }
  }
}

function accepts(field: Field, value: unknown): boolean {
  switch (field.type) {
    case "choice":
      return typeof value === "string" && field.choices.includes(value);
    case "boolean":
      return typeof value === "boolean";
    case "list":
      return Array.isArray(value) && value.every((item) => typeof item === "string" && item !== "");
    case "string":
      return typeof value === "string" && value !== "";
    default: {
      if (typeof value !== "number" || !Number.isFinite(value)) return false;
      if (field.type === "integer" && !Number.isSafeInteger(value)) return false;
      const { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY } = field;
      return value <= max && (field.exclusiveMin ? value > min : value >= min);
    }
  }
}

/** An error in how the program was called: exit status 2. */
export function usage(message: string, hint?: string): SpectroscopeError {
  return new SpectroscopeError(message, { code: "usage", hint });
}

/** `value` itself when the field accepts it. `where` names it in the error. @throws SpectroscopeError (usage) */
export function checkValue(field: Field, value: unknown, where: string): unknown {
  if (accepts(field, value)) return value;
  const near = field.type === "choice" && typeof value === "string" ? `; ${suggest(value, field.choices)}` : "";
  throw usage(`${where} is ${JSON.stringify(value)}`, `it must be ${expectation(field)}${near}`);
}

/** Value of a field written as text, as on a command line. @throws SpectroscopeError (usage) */
export function parseText(field: Field, text: string, where: string): unknown {
  switch (field.type) {
    case "boolean":
      return checkValue(field, text === "true" ? true : text === "false" ? false : text, where);
    case "number":
    case "integer": {
      // Number("") is 0 and Number("0x10") is 16; neither is what a person means.
      const plain = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text.trim());
      return checkValue(field, plain ? Number(text) : text, where);
    }
    case "list": {
      return checkValue(field, text === "" ? [] : text.split(","), where);
    }
    default:
      return checkValue(field, text, where);
  }
}

/** Every dotted key of a schema. */
export function fieldKeys(schema: Schema, prefix = ""): string[] {
  return Object.entries(schema).flatMap(([key, node]) =>
    isField(node) ? [prefix + key] : fieldKeys(node, `${prefix}${key}.`),
  );
}

function findField(schema: Schema, key: string): Field | undefined {
  let node: Field | Schema = schema;
  for (const part of key.split(".")) {
    if (isField(node) || !Object.hasOwn(node, part)) return undefined;
    node = node[part];
  }
  return isField(node) ? node : undefined;
}

type Tree = { [key: string]: unknown };

function fill(schema: Schema, json: unknown, path: string, source: string): Tree {
  const here = path === "" ? source : `${source}: "${path}"`;
  if (typeof json !== "object" || json === null || Array.isArray(json)) {
    throw usage(`${here} is not a JSON object`, "expected { key: value, ... }");
  }
  for (const key of Object.keys(json)) {
    if (Object.hasOwn(schema, key)) continue;
    const dotted = path === "" ? key : `${path}.${key}`;
    throw usage(`${source}: unknown key ${JSON.stringify(dotted)}`, suggest(key, Object.keys(schema)));
  }
  const out: Tree = {};
  for (const [key, node] of Object.entries(schema)) {
    const dotted = path === "" ? key : `${path}.${key}`;
    const value = Object.hasOwn(json, key) ? (json as Tree)[key] : undefined;
    if (!isField(node)) out[key] = fill(node, value ?? {}, dotted, source);
    else out[key] = value === undefined ? node.default : checkValue(node, value, `${source}: "${dotted}"`);
  }
  return out;
}

/**
 * A complete config from parsed JSON: every declared key, defaults filled in.
 * @param source names the JSON in errors
 * @throws SpectroscopeError (usage) for an unknown key, with the nearest known one, or a value that does not fit
 */
export function resolveConfig<S extends Schema>(schema: S, json: unknown, source: string): Values<S> {
  return fill(schema, json, "", source) as Values<S>;
}

/** Apply `key=value` texts to a complete config, in order; keys are dotted. @throws SpectroscopeError (usage) */
export function applySettings<S extends Schema>(schema: S, config: Values<S>, settings: readonly string[]): Values<S> {
  const out = structuredClone(config) as Tree;
  for (const setting of settings) {
    const equals = setting.indexOf("=");
    if (equals < 1) throw usage(`--set ${JSON.stringify(setting)} is not key=value`, "write --set key=value");
    const key = setting.slice(0, equals);
    const field = findField(schema, key);
    if (!field) {
      const keys = fieldKeys(schema);
      // People leave out the group: "lr" for "sampler.lr".
      const inGroup = keys.filter((known) => known.endsWith(`.${key}`));
      throw usage(`--set: unknown key ${JSON.stringify(key)}`, suggest(inGroup[0] ?? key, keys));
    }
    const parts = key.split(".");
    const last = parts.pop() as string;
    const group = parts.reduce((tree, part) => tree[part] as Tree, out);
    group[last] = parseText(field, setting.slice(equals + 1), `--set ${key}`);
  }
  return out as Values<S>;
}
