/** Values for a schema: of parsed JSON, of words of a command line, and of both over the defaults. */
import { didYouMean, nearest, suggest } from "../../kernels/suggest";
import {
  accepts,
  expectation,
  type Field,
  fieldKeys,
  isField,
  isObject,
  type Schema,
  type TableField,
  usage,
  type Values,
} from "./schema";

/** What must hold between keys of one config. */
export interface Agreement<V> {
  readonly keys: readonly (keyof V & string)[];
  holds(values: V): boolean;
  /** The remedy, as a phrase that follows "; ". */
  readonly hint: string;
}

/** `value` itself when the field accepts it. `where` names it in the error. @throws SpectroscopeError (usage) */
export function checkValue(field: Field, value: unknown, where: string): unknown {
  if (accepts(field, value)) return value;
  const near = field.type === "choice" && typeof value === "string" ? nearest(value, field.choices) : undefined;
  const guess = near === undefined ? "" : `; ${didYouMean([near])}`;
  throw usage(`${where} is ${shown(value)}`, `it must be ${expectation(field)}${guess}`);
}

/** JSON has no word for these numbers and writes null. */
const shown = (value: unknown) => (typeof value === "number" ? String(value) : JSON.stringify(value));

/** Value of a field written as text, as on a command line. @throws SpectroscopeError (usage) */
export function parseText(field: Field, text: string, where: string): unknown {
  if (field.nullable !== undefined && text === "null") return null;
  switch (field.type) {
    case "boolean":
      return checkValue(field, text === "true" ? true : text === "false" ? false : text, where);
    case "number":
    case "integer":
      return checkValue(field, numberOr(text), where);
    case "numbers": {
      // As in JSON, or without its brackets.
      const items = text.replace(/^\s*\[(.*)\]\s*$/, "$1").split(",");
      return checkValue(field, items.length === 1 && items[0].trim() === "" ? [] : items.map(numberOr), where);
    }
    case "list":
      return checkValue(field, text === "" ? [] : text.split(","), where);
    case "table":
      throw usage(`${where} is ${JSON.stringify(text)}`, `write ${where}.${field.placeholder}=X, once for each`);
    default:
      return checkValue(field, text, where);
  }
}

/** Number("") is 0 and Number("0x10") is 16; neither is what a person means. */
function numberOr(text: string): number | string {
  return /^[+-]?(\d+(?:\.\d*)?|\.\d+)(e[+-]?\d+)?$/i.test(text.trim()) ? Number(text) : text;
}

/** The remedy for a key that `level` does not have. People leave out the group, "lr" for "sampler.lr", or take another. */
function remedy(key: string, level: Schema, schema: Schema, prefix = ""): string {
  const keys = fieldKeys(schema);
  const inGroup = (leaf: string) => keys.filter((known) => known === leaf || known.endsWith(`.${leaf}`));
  const exact = inGroup(key);
  if (exact.length > 0) return didYouMean(exact);
  const own = nearest(key, Object.keys(level));
  if (own !== undefined) return didYouMean([prefix + own]);
  const leaf = nearest(
    key,
    keys.map((known) => known.slice(known.lastIndexOf(".") + 1)),
  );
  if (leaf !== undefined) return didYouMean(inGroup(leaf));
  return suggest(key, Object.keys(level));
}

/** The same for a dotted key. */
function settingRemedy(key: string, schema: Schema): string {
  const [group, ...rest] = key.split(".");
  const level = Object.hasOwn(schema, group) ? schema[group] : undefined;
  if (!level || isField(level)) return remedy(key, schema, schema);
  return rest.length === 0
    ? `it is a group of keys: write --set ${group}.KEY=VALUE`
    : remedy(rest.join("."), level, schema, `${group}.`);
}

type Tree = { [key: string]: unknown };

/** Without a default null and absence are one, so that a config has one spelling. */
const settled = (field: Field, value: unknown) =>
  value === undefined || (value === null && field.default === undefined) ? field.default : value;

function fill(level: Schema, json: unknown, path: string, source: string, schema: Schema): Tree {
  if (!isObject(json)) {
    const here = path === "" ? source : `${source}: "${path}"`;
    throw usage(`${here} is not a JSON object`, "expected { key: value, ... }");
  }
  for (const key of Object.keys(json)) {
    if (Object.hasOwn(level, key)) continue;
    const dotted = path === "" ? key : `${path}.${key}`;
    throw usage(`${source}: unknown key ${JSON.stringify(dotted)}`, remedy(key, level, schema));
  }
  const out: Tree = {};
  for (const [key, node] of Object.entries(level)) {
    const dotted = path === "" ? key : `${path}.${key}`;
    const value = Object.hasOwn(json, key) ? json[key] : undefined;
    if (!isField(node)) out[key] = fill(node, value === undefined ? {} : value, dotted, source, schema);
    else {
      if (value !== undefined) checkWhole(node, value, dotted, source);
      out[key] = settled(node, value);
    }
  }
  return out;
}

/** `checkValue`, which names the entry that is wrong where `value` is a table. */
function checkWhole(field: Field, value: unknown, dotted: string, source: string): void {
  if (field.type !== "table") checkValue(field, value, `${source}: "${dotted}"`);
  else if (!isObject(value)) throw usage(`${source}: "${dotted}" is not a JSON object`, "expected { key: value, ... }");
  else
    for (const [name, item] of Object.entries(value))
      checkValue(entryOf(field), item, `${source}: "${dotted}.${name}"`);
}

/** What each number of a table is. */
const entryOf = (table: TableField): Field => ({ ...table, type: "number", default: undefined });

/** The field of a dotted key, with the keys that lead to its value; a table takes what follows its own key as a name, dots and all. */
function find(schema: Schema, key: string): { field: Field; path: string[] } | undefined {
  const path: string[] = [];
  let node: Field | Schema = schema;
  const parts = key.split(".");
  for (const [at, part] of parts.entries()) {
    if (isField(node)) {
      if (node.type !== "table") return undefined;
      return { field: entryOf(node), path: [...path, parts.slice(at).join(".")] };
    }
    if (!Object.hasOwn(node, part)) return undefined;
    node = node[part];
    path.push(part);
  }
  return isField(node) ? { field: node, path } : undefined;
}

/** `tree` with another value at `path`. Computed keys of a literal are its own, `__proto__` too. */
function withValue(tree: Tree, [key, ...rest]: readonly string[], value: unknown): Tree {
  return { ...tree, [key]: rest.length === 0 ? value : withValue(tree[key] as Tree, rest, value) };
}

/** `--set key=value` as a complete config takes it. @throws SpectroscopeError (usage) */
function applied(schema: Schema, tree: Tree, setting: string): Tree {
  const equals = setting.indexOf("=");
  if (equals < 1) throw usage(`--set ${JSON.stringify(setting)} is not key=value`, "write --set key=value");
  const key = setting.slice(0, equals);
  const found = find(schema, key);
  if (!found) {
    throw usage(`--set: unknown key ${JSON.stringify(key)}`, settingRemedy(key, schema));
  }
  const value = parseText(found.field, setting.slice(equals + 1), `--set ${key}`);
  return withValue(tree, found.path, settled(found.field, value));
}

/**
 * A complete config from parsed JSON: every declared key, defaults filled in.
 * @param source names the JSON in errors
 * @throws SpectroscopeError (usage) for an unknown key, with the nearest known one, or a value that does not fit
 */
export function resolveConfig<S extends Schema>(schema: S, json: unknown, source: string): Values<S> {
  return fill(schema, json, "", source, schema) as Values<S>;
}

/** Apply `key=value` texts to a complete config, in order; keys are dotted. @throws SpectroscopeError (usage) */
export function applySettings<S extends Schema>(schema: S, config: Values<S>, settings: readonly string[]): Values<S> {
  return settings.reduce((tree, setting) => applied(schema, tree, setting), config as Tree) as Values<S>;
}

/** Refuses a config whose keys do not agree. @throws SpectroscopeError (usage) with the values and the remedy */
export function checkAgreements<V>(agreements: readonly Agreement<V>[], values: V, source: string): void {
  for (const { keys, holds, hint } of agreements) {
    if (holds(values)) continue;
    const set = keys.filter((key) => values[key] !== undefined);
    const unset = keys.filter((key) => values[key] === undefined);
    const said = set.map((key) => `${key} = ${JSON.stringify(values[key])}`).join(" with ");
    throw usage(`${source}: ${said}${unset.length > 0 ? ` without ${unset.join(" or ")}` : ""}`, hint);
  }
}
