/** Plain JSON values: stable text and differences by key. */

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json | undefined };
export type JsonObject = { readonly [key: string]: Json | undefined };

/** The value as a JSON file would give it back: no `undefined`, no -0. @throws TypeError for NaN and infinities */
export function normalizeJson(value: Json, where = "value"): Json {
  if (typeof value === "number") {
    if (!Number.isFinite(value)) throw new TypeError(`${where} is ${value}, which JSON cannot hold`);
    return value === 0 ? 0 : value;
  }
  if (Array.isArray(value)) return value.map((item, i) => normalizeJson(item, `${where}[${i}]`));
  if (typeof value !== "object" || value === null) return value;
  const out: Record<string, Json> = {};
  for (const [key, item] of Object.entries(value)) {
    if (item !== undefined) out[key] = normalizeJson(item, `${where}.${key}`);
  }
  return out;
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

function canonical(value: Json | undefined): string {
  return JSON.stringify(value, (_key, item) =>
    typeof item === "object" && item !== null && !Array.isArray(item)
      ? Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1)))
      : item,
  ) as string;
}
