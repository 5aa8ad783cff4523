/**
 * Susceptibilities of all components, `susceptibilities.zarr`: what devinterp v2's `compute_susceptibilities` gives, saved
 * with `to_zarr`; errors and single chains beside it. A row is a probe token, sequence by sequence.
 *
 *     /susceptibilities
 *       sus                                   (sus_flat, wr) f32, nats squared
 *       sus_error                             (sus_flat, wr) f32, ours: jackknife standard error
 *       chi_by_chain                          (chain, sus_flat, wr) f32, ours
 *       correlation, correlation_error        (sus_flat, wr) f32, ours: chi over the standard deviations of d - phi and of phi
 *       correlation_by_chain                  (chain, sus_flat, wr) f32, ours
 *       dataset_id, batch, target_position    (sus_flat) i64; target_position counts from 1
 *       wr                                    (wr) string, the components
 *     /context
 *       input_ids                             (ctx_flat) i64
 *       dataset_id, batch, position           (ctx_flat) i64; position counts from 0
 */
import { SpectroscopeError } from "../../kernels/errors";
import type { JsonObject } from "../formats/json";
import { type ChiTable, chiColumnsOf, type TableColumns } from "../susceptibility/chi-table";
import { beginAgain, finishStore, openFinished } from "./finished";
import type { Store } from "./store";
import { ZarrGroup } from "./zarr";
import { REMEDY } from "./zarr-metadata";

/** Text whose tokens have susceptibilities. */
export interface ProbeText {
  /** devinterp's name of the observable. */
  readonly name: string;
  /** Losses of a sequence, T. */
  readonly positions: number;
  /** Token ids, [sequences, positions + 1]. */
  readonly ids: ArrayLike<number>;
}

const GROUP = "susceptibilities";
const CONTEXT = "context";
/** Elements of a chunk of a matrix: 16 MiB of f32. */
const CHUNK_ELEMENTS = 2 ** 22;

function fail(message: string, hint?: string): never {
  throw new SpectroscopeError(message, { code: "bad-input", hint });
}

function sequencesOf({ name, ids, positions }: ProbeText): number {
  const sequences = ids.length / (positions + 1);
  if (!Number.isInteger(sequences)) fail(`${name} has ${ids.length} token ids, which are no rows of ${positions + 1}`);
  return sequences;
}

/** Of rows: text, sequence, and place in the sequence counted from `first`. */
async function writeCoordinates(
  group: ZarrGroup,
  dim: string,
  sizes: { readonly sequences: number; readonly length: number },
  place: { readonly name: string; readonly first: number },
): Promise<void> {
  const total = sizes.sequences * sizes.length;
  const write = (name: string, at: (row: number) => number) =>
    group.write(
      { name, dtype: "i64", dims: [dim], shape: [total] },
      Float64Array.from({ length: total }, (_, i) => at(i)),
    );
  await write("dataset_id", () => 0);
  await write("batch", (row) => Math.floor(row / sizes.length));
  await write(place.name, (row) => place.first + (row % sizes.length));
}

/**
 * Writes the store, over an earlier one, which is no finished one from then on; returns the hash of its root. `facts` become the
 * attribute `metadata.spectroscope`. @throws SpectroscopeError for a table that does not fit itself or the text
 */
export async function writeSusceptibilities(
  store: Store,
  text: ProbeText,
  table: ChiTable,
  facts: JsonObject = {},
): Promise<string> {
  const { tokens, components } = table;
  const { positions } = text;
  const sequences = sequencesOf(text);
  if (tokens !== sequences * positions) {
    fail(`chi has ${tokens} tokens, ${text.name} has ${sequences * positions}`, "give chi of this text");
  }
  checkTable(table);
  await beginAgain(store);
  const root = await ZarrGroup.create(store, { metadata: { spectroscope: facts } });
  const group = await root.addGroup(GROUP, { dataset_id_to_name: [text.name] });
  await group.write({ name: "wr", dtype: "string", dims: ["wr"], shape: [components.length] }, components);
  await writeCoordinates(group, "sus_flat", { sequences, length: positions }, { name: "target_position", first: 1 });
  for (const { names, columns } of columnsOf(table)) {
    await writeMatrix(group, names.values, table, columns.values);
    await writeMatrix(group, names.error, table, columns.error);
    await writeMatrix(group, names.byChain, table, columns.byChain, chainsOf(table, columns));
  }

  const context = await root.addGroup(CONTEXT, { dataset_id_to_name: [text.name] });
  await writeCoordinates(context, "ctx_flat", { sequences, length: positions + 1 }, { name: "position", first: 0 });
  const attributes = { coordinates: "batch dataset_id position" };
  const shape = [text.ids.length];
  await context.write({ name: "input_ids", dtype: "i64", dims: ["ctx_flat"], shape, attributes }, text.ids);
  return finishStore(root);
}

/** What columns are called in the store. */
const CHI = { values: "sus", error: "sus_error", byChain: "chi_by_chain" } as const;
const CORRELATION = {
  values: "correlation",
  error: "correlation_error",
  byChain: "correlation_by_chain",
} as const;

/** Columns of a table with what they are called. */
const columnsOf = (table: ChiTable) => [
  { what: "chi", names: CHI, columns: chiColumnsOf(table) },
  { what: "correlation", names: CORRELATION, columns: table.correlation },
];

/** Chains that a table has columns of. */
const chainsOf = ({ tokens, components }: ChiTable, { byChain }: TableColumns) =>
  byChain.length / (tokens * components.length);

function checkTable(table: ChiTable, where?: string): void {
  const { tokens, components } = table;
  const size = tokens * components.length;
  for (const { what, columns } of columnsOf(table)) {
    const { values, error, byChain } = columns;
    const fits = size > 0 && values.length === size && error.length === size;
    if (fits && Number.isInteger(chainsOf(table, columns))) continue;
    const sizes = `${values.length} values, ${error.length} errors and ${byChain.length} values of single chains`;
    fail(
      `${where ? `${where}: ` : ""}${what} has ${sizes} for ${tokens} tokens and ${components.length} components`,
      where ? REMEDY : "give [tokens, components] of each",
    );
  }
}

/** A matrix as (sus_flat, wr), or several as (chain, sus_flat, wr); some rows at a time. */
async function writeMatrix(
  group: ZarrGroup,
  name: string,
  { tokens, components: { length: width } }: ChiTable,
  values: Float32Array,
  chains?: number,
): Promise<void> {
  const height = Math.min(tokens, Math.max(1, Math.floor(CHUNK_ELEMENTS / width)));
  const lead = chains === undefined ? [] : [chains];
  const array = await group.add({
    name,
    dtype: "f32",
    dims: [...(chains === undefined ? [] : ["chain"]), "sus_flat", "wr"],
    shape: [...lead, tokens, width],
    chunks: [...lead.map(() => 1), height, width],
    attributes: { coordinates: "batch dataset_id target_position" },
  });
  for (let m = 0; m < (chains ?? 1); m++) {
    for (let block = 0; block * height < tokens; block++) {
      const from = m * tokens + block * height;
      const to = m * tokens + Math.min(tokens, (block + 1) * height);
      await array.writeChunk([...lead.map(() => m), block, 0], values.subarray(from * width, to * width));
    }
  }
}

/** Reads a finished store; `known`: the hash of its root. @throws SpectroscopeError when it is not finished, another, or damaged */
export async function readSusceptibilities(store: Store, known?: string): Promise<ChiTable> {
  const group = await (await openFinished(store, known)).group(GROUP);
  const matrix = async (name: string) => (await group.array(name, "f32")).read();
  const columns = async ({ values, error, byChain }: typeof CHI | typeof CORRELATION): Promise<TableColumns> => ({
    values: await matrix(values),
    error: await matrix(error),
    byChain: await matrix(byChain),
  });
  const components = await (await group.array("wr", "string")).read();
  const [tokens] = (await group.array("sus", "f32")).shape;
  const { values: chi, error, byChain } = await columns(CHI);
  const table = { tokens, components, chi, error, byChain, correlation: await columns(CORRELATION) };
  checkTable(table, store.name);
  return table;
}
