/**
 * Susceptibilities of all components, `susceptibilities.zarr`: what devinterp v2's `compute_susceptibilities` gives, saved
 * with `to_zarr`; errors and single chains beside it. A row is a probe token, sequence by sequence. Node only.
 *
 *     /susceptibilities
 *       sus                                   (sus_flat, wr) f32, nats squared
 *       sus_error                             (sus_flat, wr) f32, ours: jackknife standard error
 *       chi_by_chain                          (chain, sus_flat, wr) f32, ours
 *       dataset_id, batch, target_position    (sus_flat) i64; target_position counts from 1
 *       wr                                    (wr) string, the components
 *     /context
 *       input_ids                             (ctx_flat) i64
 *       dataset_id, batch, position           (ctx_flat) i64; position counts from 0
 */
import { rm } from "node:fs/promises";
import { SpectroscopeError } from "../../kernels/errors";
import { finishStore, openFinished, PARTIAL } from "./finished";
import type { JsonObject } from "./json";
import { ZarrGroup } from "./zarr";

/** Text whose tokens have susceptibilities. */
export interface ProbeText {
  /** devinterp's name of the observable. */
  readonly name: string;
  /** Losses of a sequence, T. */
  readonly positions: number;
  /** Token ids, [sequences, positions + 1]. */
  readonly ids: ArrayLike<number>;
}

/** chi of one component. */
export interface SusceptibilityColumn {
  readonly restriction: string;
  /** [tokens]. */
  readonly chi: ArrayLike<number>;
  /** Standard error, [tokens]. */
  readonly error?: ArrayLike<number>;
  /** [chains, tokens]. */
  readonly byChain?: ArrayLike<number>;
}

const GROUP = "susceptibilities";
const CONTEXT = "context";
/** Elements of a chunk of a matrix: 16 MiB of f32. */
const CHUNK_ELEMENTS = 2 ** 22;

function fail(message: string, hint?: string): never {
  throw new SpectroscopeError(message, { code: "bad-input", hint });
}

/** Coordinates of rows: text, sequence, and place in the sequence counted from `first`. */
function coordinates(texts: readonly ProbeText[], length: (text: ProbeText) => number, first: number) {
  const sizes = texts.map((text) => sequencesOf(text) * length(text));
  const total = sizes.reduce((a, b) => a + b, 0);
  const [dataset, batch, place] = [new Float64Array(total), new Float64Array(total), new Float64Array(total)];
  let at = 0;
  texts.forEach((text, id) => {
    for (let i = 0; i < sizes[id]; i++, at++) {
      dataset[at] = id;
      batch[at] = Math.floor(i / length(text));
      place[at] = first + (i % length(text));
    }
  });
  return { dataset, batch, place, total };
}

function sequencesOf({ name, ids, positions }: ProbeText): number {
  const sequences = ids.length / (positions + 1);
  if (!Number.isInteger(sequences)) fail(`${name} has ${ids.length} token ids, which are no rows of ${positions + 1}`);
  return sequences;
}

/**
 * Writes the store, over an earlier one. Tokens of several texts follow each other in the order of `texts`, which is by name,
 * as devinterp sorts them. `facts` become the attribute `metadata.spectroscope`. @throws SpectroscopeError for columns that
 * do not go together
 */
export async function writeSusceptibilities(
  path: string,
  texts: readonly ProbeText[],
  columns: readonly SusceptibilityColumn[],
  facts: JsonObject = {},
): Promise<void> {
  const names = texts.map(({ name }) => name);
  if (names.some((name, i) => i > 0 && names[i - 1] >= name)) fail(`texts ${names.join(", ")} are not sorted by name`);
  const rows = coordinates(texts, ({ positions }) => positions, 1);
  const chains = checkColumns(columns, rows.total);

  const partial = path + PARTIAL;
  await rm(partial, { recursive: true, force: true });
  const root = await ZarrGroup.create(partial, { metadata: { spectroscope: facts } });
  const group = await root.addGroup(GROUP, { dataset_id_to_name: names });
  const labels = columns.map(({ restriction }) => restriction);
  await group.write({ name: "wr", dtype: "string", dims: ["wr"], shape: [labels.length] }, labels);
  const place = (name: string, to: ZarrGroup, dim: string, values: Float64Array) =>
    to.write({ name, dtype: "i64", dims: [dim], shape: [values.length] }, values);
  await place("dataset_id", group, "sus_flat", rows.dataset);
  await place("batch", group, "sus_flat", rows.batch);
  await place("target_position", group, "sus_flat", rows.place);
  await writeMatrix(
    group,
    "sus",
    rows.total,
    columns.map(({ chi }) => chi),
  );
  const errors = columns.flatMap(({ error }) => (error ? [error] : []));
  if (errors.length > 0) await writeMatrix(group, "sus_error", rows.total, errors);
  const byChain = columns.flatMap((column) => (column.byChain ? [column.byChain] : []));
  if (chains > 0) await writeMatrix(group, "chi_by_chain", rows.total, byChain, chains);

  const context = await root.addGroup(CONTEXT, { dataset_id_to_name: names });
  const tokens = coordinates(texts, ({ positions }) => positions + 1, 0);
  await place("dataset_id", context, "ctx_flat", tokens.dataset);
  await place("batch", context, "ctx_flat", tokens.batch);
  await place("position", context, "ctx_flat", tokens.place);
  const ids = new Float64Array(tokens.total);
  texts.reduce((at, text) => {
    ids.set(Float64Array.from(text.ids), at);
    return at + text.ids.length;
  }, 0);
  const attributes = { coordinates: "batch dataset_id position" };
  await context.write({ name: "input_ids", dtype: "i64", dims: ["ctx_flat"], shape: [ids.length], attributes }, ids);
  await finishStore(root, path);
}

/** Number of chains of `byChain`, 0 without. */
function checkColumns(columns: readonly SusceptibilityColumn[], tokens: number): number {
  const [first] = columns;
  const chains = tokens > 0 ? (first?.byChain?.length ?? 0) / tokens : 0;
  for (const { restriction, chi, error, byChain } of columns) {
    const errors = first.error ? tokens : 0;
    const sound = chi.length === tokens && (error?.length ?? 0) === errors && Number.isInteger(chains);
    if (sound && (byChain?.length ?? 0) === chains * tokens) continue;
    const sizes = `${chi.length} values, ${error?.length ?? 0} errors and ${byChain?.length ?? 0} values of single chains`;
    fail(`${restriction} has ${sizes} for ${tokens} tokens`, "give every component the same");
  }
  return chains;
}

/** Columns, [tokens] or [chains, tokens] each, as (sus_flat, wr) or (chain, sus_flat, wr); some rows at a time. */
async function writeMatrix(
  group: ZarrGroup,
  name: string,
  tokens: number,
  columns: readonly ArrayLike<number>[],
  chains?: number,
): Promise<void> {
  const width = columns.length;
  const height = Math.min(Math.max(1, tokens), Math.max(1, Math.floor(CHUNK_ELEMENTS / Math.max(1, width))));
  const lead = chains === undefined ? [] : [chains];
  const array = await group.add({
    name,
    dtype: "f32",
    dims: [...(chains === undefined ? [] : ["chain"]), "sus_flat", "wr"],
    shape: [...lead, tokens, width],
    chunks: [...lead.map(() => 1), height, Math.max(1, width)],
    attributes: { coordinates: "batch dataset_id target_position" },
  });
  for (let m = 0; m < (chains ?? 1); m++) {
    for (let block = 0; block * height < tokens && width > 0; block++) {
      const rows = Math.min(height, tokens - block * height);
      const from = m * tokens + block * height;
      const values = new Float32Array(rows * width);
      columns.forEach((column, c) => {
        for (let i = 0; i < rows; i++) values[i * width + c] = column[from + i];
      });
      await array.writeChunk([...lead.map(() => m), block, 0], values);
    }
  }
}

/** Where each row of the matrices is: text by its number in `texts`, sequence, and position counted from 1. */
export interface RowCoordinates {
  readonly dataset: Float64Array;
  readonly batch: Float64Array;
  readonly targetPosition: Float64Array;
}

export class Susceptibilities {
  private constructor(
    private readonly group: ZarrGroup,
    private readonly context: ZarrGroup,
    /** Components, by column. */
    readonly restrictions: readonly string[],
    /** Names of the texts. */
    readonly texts: readonly string[],
    readonly tokens: number,
    /** What the writer added. */
    readonly facts: JsonObject,
  ) {}

  /** @throws SpectroscopeError when there is no finished store */
  static async open(path: string): Promise<Susceptibilities> {
    const root = await openFinished(path);
    const group = await root.group(GROUP);
    const restrictions = await (await group.array("wr", "string")).read();
    const [tokens] = (await group.array("sus", "f32")).shape;
    const texts = group.attributes.dataset_id_to_name as readonly string[];
    const { spectroscope } = root.attributes.metadata as { spectroscope: JsonObject };
    return new Susceptibilities(group, await root.group(CONTEXT), restrictions, texts, tokens, spectroscope);
  }

  /** [tokens, components], nats squared. */
  async chi(): Promise<Float32Array> {
    return (await this.group.array("sus", "f32")).read();
  }

  private async optional(name: string): Promise<Float32Array | undefined> {
    return (await this.group.has(name)) ? (await this.group.array(name, "f32")).read() : undefined;
  }

  /** Standard errors, [tokens, components], where they were given. */
  errors(): Promise<Float32Array | undefined> {
    return this.optional("sus_error");
  }

  /** chi of single chains, [chains, tokens, components], where it was given. */
  byChain(): Promise<Float32Array | undefined> {
    return this.optional("chi_by_chain");
  }

  async rows(): Promise<RowCoordinates> {
    const column = async (name: string) => (await this.group.array(name, "i64")).read();
    return {
      dataset: await column("dataset_id"),
      batch: await column("batch"),
      targetPosition: await column("target_position"),
    };
  }

  /** Token ids of all texts, one after the other. */
  async ids(): Promise<Float64Array> {
    return (await this.context.array("input_ids", "i64")).read();
  }
}

/** Opens the finished susceptibilities of a run. */
export const openSusceptibilities = (path: string): Promise<Susceptibilities> => Susceptibilities.open(path);
