/** Which columns of a Parquet file are numbers, which is an index, and what the others are. */
import type { FileMetaData, SchemaElement, SchemaTree } from "hyparquet";

/** Text, dates and the like: a name, and the line of pandas that makes numbers of it. */
export interface Unfit {
  readonly kind: string;
  readonly hint: string;
}

const NUMBERS_ALONE = 'leave it out (df.select_dtypes("number")), or code it as numbers (pandas.get_dummies)';
const SECONDS = 'leave it out, or save seconds: df[NAME].astype("datetime64[s]").astype("int64")';
const LISTS: Unfit = { kind: "lists", hint: "save numpy.stack(df[NAME].to_list()) as .npy" };
const STRUCTS: Unfit = { kind: "structs", hint: "save its fields as columns: pandas.json_normalize(df[NAME])" };

/** What is to be known of a column that is not numbers; nothing for one that is. */
export function unfit({ element, children }: SchemaTree): Unfit | undefined {
  const { logical_type: logical, converted_type: converted, type } = element;
  const kind: string | undefined = logical?.type ?? converted;
  if (element.repetition_type === "REPEATED" || kind === "LIST") return LISTS;
  if (kind === "MAP" || kind === "MAP_KEY_VALUE" || children.length > 0) return STRUCTS;
  if (isNumber(element)) return undefined;
  if (kind === "NULL") return { kind: "nulls", hint: "leave it out" };
  if (type === "INT96" || /^(DATE|TIME|TIMESTAMP|INTERVAL)/.test(kind ?? ""))
    return { kind: "dates or times", hint: SECONDS };
  return {
    kind: kind === undefined ? "bytes" : kind === "UTF8" || kind === "STRING" ? "text" : kind,
    hint: NUMBERS_ALONE,
  };
}

function isNumber({ type, logical_type: logical, converted_type: converted }: SchemaElement): boolean {
  const kind: string | undefined = logical?.type ?? converted;
  if (kind === "DECIMAL") return type !== "BOOLEAN";
  if (type === "FIXED_LEN_BYTE_ARRAY") return kind === "FLOAT16";
  if (kind !== undefined && kind !== "INTEGER" && !/^U?INT_\d+$/.test(kind)) return false;
  return type === "INT32" || type === "INT64" || type === "FLOAT" || type === "DOUBLE" || type === "BOOLEAN";
}

/** Columns that hold pandas' index: as its own notes have it, or by the name that it gives an index without one. */
export function indexColumns({ key_value_metadata: notes }: FileMetaData, names: readonly string[]): string[] {
  const named = new Set<unknown>();
  try {
    const said: unknown = JSON.parse(notes?.find(({ key }) => key === "pandas")?.value ?? "{}");
    const { index_columns: list } = (said ?? {}) as { index_columns?: unknown };
    if (Array.isArray(list)) for (const one of list) named.add(one);
  } catch {
    // Notes are no part of the data.
  }
  return names.filter((name) => named.has(name) || /^__index_level_\d+__$/.test(name));
}
