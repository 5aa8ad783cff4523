/** Plain JSON values: their text, stable, and differences by key. */
import { SpectroscopeError } from "../../kernels/errors";
import { checkJsonText } from "./json-text";
import { shown } from "./text";

export { decodeText } from "./text";

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json | undefined };
export type JsonObject = { readonly [key: string]: Json | undefined };

/**
 * T itself where JSON holds it as it stands, interfaces too; what it does not hold (functions, typed arrays) is never. A parameter
 * `value: T & Plain<T>` takes such values without a cast.
 */
export type Plain<T> = T extends Json | undefined
  ? T
  : T extends ArrayBufferView | ((...args: never[]) => unknown)
    ? never
    : { readonly [K in keyof T]: Plain<T[K]> };

/** Parses JSON; a key given twice and numbers beyond a double are refused. `where` names it in errors. @throws SpectroscopeError */
export function parseJson(text: string, where: string): unknown {
  checkJsonText(text, where);
  try {
    return JSON.parse(text);
  } catch (cause) {
    const detail = cause instanceof Error ? cause.message : String(cause);
    throw new SpectroscopeError(`${where}: not valid JSON: ${shown(detail, 200)}`, {
      code: "bad-input",
      hint: text.trim() === "" ? "the file is empty" : "look for a missing quote, a trailing comma or a cut-off end",
      cause,
    });
  }
}

/** Text of a JSON file, the same for equal values. @throws TypeError for NaN and infinities */
export function jsonText<T>(value: T & Plain<T>, where?: string): string {
  return `${JSON.stringify(normalizeJson(value, where), null, 2)}\n`;
}

/** The value as a JSON file would give it back: no `undefined`, no -0. @throws TypeError for NaN and infinities */
export function normalizeJson<T>(value: T & Plain<T>, where = "value"): Json {
  return normalized(value, where);
}

function normalized(value: unknown, where: string): Json {
  if (typeof value === "number") {
    if (!Number.isFinite(value)) throw new TypeError(`${where} is ${value}, which JSON cannot hold`);
    return value === 0 ? 0 : value;
  }
  if (Array.isArray(value)) return value.map((item, i) => normalized(item, `${where}[${i}]`));
  if (typeof value !== "object" || value === null) return value as Json;
  const kept = Object.entries(value).filter(([, item]) => item !== undefined);
  // fromEntries defines keys: an assignment would lose one named `__proto__`.
  return Object.fromEntries(kept.map(([key, item]) => [key, normalized(item, `${where}.${key}`)]));
}

/** One key whose value differs; `undefined` where the key is absent. */
export interface Difference {
  readonly key: string;
  readonly before: Json | undefined;
  readonly now: Json | undefined;
}

/** Leaves that differ between two normalized values, by dotted key. Arrays are compared whole; key order does not matter. */
export function differences(before: Json | undefined, now: Json | undefined, key = ""): Difference[] {
  const isObject = (value: Json | undefined): value is JsonObject =>
    typeof value === "object" && value !== null && !Array.isArray(value);
  if (isObject(before) && isObject(now)) {
    const keys = new Set([...Object.keys(before), ...Object.keys(now)]);
    return [...keys].flatMap((name) => differences(before[name], now[name], key ? `${key}.${name}` : name));
  }
  return canonical(before) === canonical(now) ? [] : [{ key: key || "(all)", before, now }];
}

/** Text of a value whose keys are sorted: the same for values that differ in the order of their keys alone. */
export function canonical(value: Json | undefined): string {
  return JSON.stringify(value, (_key, item) =>
    typeof item === "object" && item !== null && !Array.isArray(item)
      ? Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1)))
      : item,
  ) as string;
}
