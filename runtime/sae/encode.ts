/** Codes of any number of tokens, block by block: what fires, never all codes at once. */
import { SpectroscopeError } from "../../kernels/errors";
import type { Device } from "../plan/device";
import { checkEncoder } from "./check-encoder";
import { chooser } from "./choose";
import type { Encoder } from "./encoder";
import { exactCodes } from "./exact-codes";
import { BlockOfCodes, FiringList, type SparseCodes } from "./firing-list";
import type { Firings } from "./firings";
import { PlacedEncoder } from "./placed-encoder";
import { reachOf, scaleTokens } from "./scaling";

export type { SparseCodes } from "./firing-list";

/** Tokens that are encoded together: enough that packing weights costs nothing beside the product. */
const BLOCK = 512;

/** Activations of tokens, a block at a time, in order. */
export interface TokenSource {
  /** T. */
  readonly tokens: number;
  /** d. */
  readonly width: number;
  /** Activation vectors of tokens `from` up to `to`: [to - from, d], row-major. */
  block(from: number, to: number): Float32Array | Promise<Float32Array>;
}

export interface EncodeOptions {
  /** Tokens of a block; default 512, or fewer where the device binds too little for them. No result depends on it. */
  readonly block?: number;
  /** Features of a piece; by default what fits the device. No result depends on it. */
  readonly piece?: number;
  /** Bytes of weights that may stay on the device; an encoder of more is written anew for each block. */
  readonly weightBytes?: number;
  /** A feature fires where its code is larger; default 0. */
  readonly active?: number;
  readonly signal?: AbortSignal;
  /** Tokens done, after each block. */
  readonly progress?: (done: number, tokens: number) => void;
  /** Gets the codes that fire of each block, in order, and is waited for. */
  readonly codes?: (block: SparseCodes) => void | Promise<void>;
}

/** What is kept of codes. */
export interface Encoded {
  readonly firings: Firings;
  /** [F]: tokens that a feature fires on. */
  readonly count: Float64Array;
  /** [F]: mean code over them; 0 of a feature that never fires. */
  readonly mean: Float64Array;
  /** [F]: largest code; 0 of a feature that never fires. */
  readonly max: Float32Array;
  /** Features that fire on a token, in the mean. */
  readonly l0: number;
}

/** All of a [tokens, width] matrix as a source. */
export function tokenSource(data: Float32Array, width: number): TokenSource {
  return { tokens: data.length / width, width, block: (from, to) => data.subarray(from * width, to * width) };
}

/**
 * Encodes tokens. The device decides in f32 which features fire: where a decision hangs on less than some 1e-7 of the terms of a sum
 * it may go either way. Codes of those that fire are computed again in f64 and rounded once. Every result is the same for any
 * block, piece and number of threads.
 * @throws SpectroscopeError bad-input: an encoder or options that make no sense, activations of another width, not finite or too
 * large; `interrupted` by the signal; `memory` where a block or the firings do not fit
 */
export async function encodeTokens(
  device: Device,
  encoder: Encoder,
  source: TokenSource,
  options: EncodeOptions = {},
): Promise<Encoded> {
  const { progress, codes } = options;
  const list = new FiringList(encoder.features);
  for await (const block of sparseCodes(device, encoder, source, options)) {
    list.add(block);
    await codes?.(block);
    progress?.(block.from + block.tokens, source.tokens);
  }
  const firings = list.firings(source.tokens);
  return { firings, ...list.statistics(), l0: source.tokens > 0 ? firings.members.length / source.tokens : 0 };
}

/** Tokens whose activations, and lists of the k largest codes, a device can bind. */
function blockOf({ bindingBytes }: Device, { width, activation }: Encoder): number {
  const longest = activation.kind === "topk" ? Math.max(width, activation.k) : width;
  return Math.max(1, Math.min(BLOCK, Math.floor(bindingBytes / (4 * longest))));
}

/** The same as a stream: the codes that fire of each block, in order. */
export async function* sparseCodes(
  device: Device,
  encoder: Encoder,
  source: TokenSource,
  { block = blockOf(device, encoder), piece, weightBytes, active = 0, signal }: EncodeOptions = {},
): AsyncGenerator<SparseCodes> {
  checkEncoder(encoder);
  checkOptions({ block, piece, active });
  const { tokens, width } = source;
  if (width !== encoder.width) {
    throw new SpectroscopeError(`activations are ${width} wide, the encoder reads ${encoder.width}`, {
      code: "bad-input",
      hint: "use the model and the place in it that the encoder was trained on",
    });
  }
  if (tokens === 0) return;
  const most = Math.min(block, tokens);
  const reach = reachOf(encoder);
  const placed = await PlacedEncoder.open(device, encoder, {
    block: most,
    ...(piece === undefined ? {} : { piece }),
    ...(weightBytes === undefined ? {} : { weightBytes }),
  });
  try {
    const scaled = new Float64Array(most * width);
    const rounded = new Float32Array(most * width);
    const found = new BlockOfCodes();
    const choose = chooser(encoder, placed, active, most);
    for (let from = 0; from < tokens; from += most) {
      if (signal?.aborted) throw interrupted(from, tokens);
      const to = Math.min(tokens, from + most);
      const x = await source.block(from, to);
      if (x.length !== (to - from) * width) {
        throw new SpectroscopeError(`${x.length} activations for ${to - from} tokens ${width} wide`, {
          code: "internal",
        });
      }
      scaleTokens(encoder, reach, x, to - from, from, scaled);
      rounded.set(scaled);
      await choose(rounded, to - from, found);
      yield exactCodes(encoder, scaled, found.take(from, to - from), active);
    }
  } finally {
    placed.close();
  }
}

function checkOptions({ block, piece, active }: { block: number; piece?: number; active: number }): void {
  const wrong = (what: string, hint: string) => new SpectroscopeError(what, { code: "bad-input", hint });
  if (!Number.isSafeInteger(block) || block < 1) throw wrong(`block = ${block}`, "give a number of tokens, 1 or more");
  if (piece !== undefined && (!Number.isSafeInteger(piece) || piece < 1))
    throw wrong(`piece = ${piece}`, "give a number of features, 1 or more");
  if (!(active >= 0 && Number.isFinite(active)))
    throw wrong(`active = ${active}`, "give a code above which a feature fires, 0 or more");
}

const interrupted = (done: number, tokens: number) =>
  new SpectroscopeError(`stopped after ${done} of ${tokens} tokens were encoded`, {
    code: "interrupted",
    hint: "begin it again",
  });
