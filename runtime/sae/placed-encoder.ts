/** An encoder on a device: its weights in pieces of features, and the calls that make codes of a block of tokens. */
import { SpectroscopeError } from "../../kernels/errors";
import { nt } from "../../kernels/matmul/nt";
import { ACTIVATION_KIND, activate } from "../../kernels/sae/activate";
import { topk } from "../../kernels/sae/topk";
import { roundUp } from "../plan/alignment";
import type { Device } from "../plan/device";
import type { BoundPlan, Memory } from "../plan/memory";
import { type Call, call, reshape, tensor, type View } from "../plan/plan";
import type { Activation, Encoder } from "./encoder";
import { scaleOf } from "./scaling";

/** Weights and codes of a piece take no more each: a larger one is no faster, and host copies of it are made. */
const PIECE_BYTES = 1 << 24;
/** Weights of an encoder that stay on a device that does not say what it holds. */
const KEPT_BYTES = 2 ** 31;
/** Bias of a feature that pads a piece: below every place of a list, so that none takes it, and off for all activations. */
const NEVER = -3.2e38;

/** Codes, or scores that are still to be chosen from, of features `first` to `first + count - 1`. */
export interface PieceOfCodes {
  readonly first: number;
  readonly count: number;
  /** Elements from one token to the next: at least `count`. */
  readonly stride: number;
  /** [rows, stride]. */
  readonly data: Float32Array;
}

export interface PlacedOptions {
  /** Tokens of a block at most. */
  readonly block: number;
  /** Features of a piece at most; by default what fits the device. */
  readonly piece?: number;
  /** Bytes of weights that stay on the device; an encoder that is larger is written anew, piece by piece, for each block. */
  readonly weightBytes?: number;
}

interface Piece {
  readonly first: number;
  readonly count: number;
  /** The count rounded up to a multiple of four: as kernels of four columns want it, and so of equal bits however it is cut. */
  readonly padded: number;
  readonly weight: View;
  readonly bias: View;
  readonly gate?: View;
  readonly scale?: View;
}

/** The kernel's kind of an activation, and its vector beside the bias. */
function kindOf(activation: Activation): number {
  switch (activation.kind) {
    case "topk":
      return activation.score ? ACTIVATION_KIND.score : ACTIVATION_KIND.plain;
    case "groupmax":
      return ACTIVATION_KIND.plain;
    default:
      return ACTIVATION_KIND[activation.kind];
  }
}

function gateOf(activation: Activation): Float32Array | undefined {
  if (activation.kind === "jumprelu") return activation.threshold;
  return activation.kind === "gated" ? activation.gateBias : undefined;
}

/** How many features a piece has: what weights and codes leave room for, in whole fours. */
function pieceSize(
  { bindingBytes }: Device,
  { width, features, activation }: Encoder,
  { block, piece }: PlacedOptions,
): number {
  const room = Math.floor(Math.min(bindingBytes, PIECE_BYTES) / (4 * Math.max(width, block)) / 4) * 4;
  // One that is very wide, or a very large block, may take all of a binding for four features.
  const lists = activation.kind === "topk" ? 4 * block * activation.k : 0;
  const least = Math.max(4 * 4 * Math.max(width, block), 4 * block * width, lists);
  if (least > bindingBytes) {
    throw new SpectroscopeError(`a block of ${block} tokens ${width} wide does not fit the device`, {
      code: "memory",
      hint: "encode fewer tokens at a time",
    });
  }
  return Math.min(piece ?? Math.max(4, room), features);
}

/** An encoder whose pieces have their places. */
export class PlacedEncoder {
  private readonly memory: Memory;
  private readonly pieces: readonly Piece[];
  /** Whether all weights stay; else the pieces share the places of the first. */
  private readonly stays: boolean;
  private readonly x: View;
  private readonly codes: View;
  private readonly lists?: { readonly values: View; readonly indices: View };
  private bound: { readonly rows: number; readonly plans: readonly BoundPlan[] } = { rows: 0, plans: [] };

  private constructor(
    private readonly device: Device,
    private readonly encoder: Encoder,
    options: PlacedOptions,
  ) {
    const { width, features, activation } = encoder;
    this.memory = device.openMemory();
    const size = pieceSize(device, encoder, options);
    const kept = options.weightBytes ?? Math.min(KEPT_BYTES, (device.facts.limits.memoryBytes ?? Infinity) / 2);
    this.stays = 4 * features * width <= kept;
    const widest = roundUp(size, 4);
    const pieces: Piece[] = [];
    for (let first = 0; first < features; first += size) {
      const count = Math.min(size, features - first);
      pieces.push(this.place(first, count, this.stays ? undefined : pieces[0]));
    }
    this.pieces = pieces;
    this.x = tensor("activations", [options.block, width], "kept");
    this.codes = tensor("codes", [options.block, widest], "kept");
    if (activation.kind === "topk") {
      const shape = [options.block, activation.k];
      this.lists = {
        values: tensor("largest codes", shape, "kept"),
        indices: tensor("features of largest codes", shape, "kept", "u32"),
      };
    }
  }

  /** Places an encoder. @throws SpectroscopeError `memory`, `gpu` where it does not fit */
  static async open(device: Device, encoder: Encoder, options: PlacedOptions): Promise<PlacedEncoder> {
    const placed = new PlacedEncoder(device, encoder, options);
    try {
      if (placed.stays) {
        await device.within("the encoder's weights", async () => {
          for (const piece of placed.pieces) {
            placed.write(piece);
            await placed.memory.settle();
          }
        });
      }
      return placed;
    } catch (error) {
      placed.close();
      throw error;
    }
  }

  /** Codes of `rows` scaled tokens [rows, d], piece by piece; of `topk` and `groupmax` scores, before any choice. */
  async *codesOf(x: Float32Array, rows: number): AsyncGenerator<PieceOfCodes> {
    const plans = await this.begin(x, rows);
    for (const [index, piece] of this.pieces.entries()) {
      await this.submit(plans[index], piece);
      const [data] = await this.memory.read([{ ...this.codes, shape: [rows, piece.padded] }]);
      yield { first: piece.first, count: piece.count, stride: piece.padded, data: data as Float32Array };
    }
  }

  /** The k largest scores of each of `rows` scaled tokens [rows, d], largest first, ties by lower feature: [rows, k] each. */
  async largestOf(x: Float32Array, rows: number): Promise<{ values: Float32Array; indices: Uint32Array }> {
    const plans = await this.begin(x, rows);
    for (const [index, piece] of this.pieces.entries()) await this.submit(plans[index], piece);
    const { values, indices } = this.lists!;
    const shape = [rows, values.shape[1]];
    const [v, i] = await this.memory.read([
      { ...values, shape },
      { ...indices, shape },
    ]);
    return { values: v as Float32Array, indices: i as Uint32Array };
  }

  close(): void {
    this.memory.destroy();
  }

  /** Places of a piece; those of a piece before it, which is as large, where it has to make room. */
  private place(first: number, count: number, before?: Piece): Piece {
    const { width, activation } = this.encoder;
    const padded = roundUp(count, 4);
    const view = (name: string, shape: number[], earlier?: View) =>
      earlier ? { ...earlier, shape } : tensor(`${name} of features from ${first}`, shape, "kept");
    const gate = gateOf(activation) && view("gates", [padded], before?.gate);
    const scale = scaleOf(activation) && view("scales", [padded], before?.scale);
    return {
      ...{ first, count, padded },
      weight: view("weights", [padded, width], before?.weight),
      bias: view("biases", [padded], before?.bias),
      ...(gate ? { gate } : {}),
      ...(scale ? { scale } : {}),
    };
  }

  private write({ first, count, padded, weight, bias, gate, scale }: Piece): void {
    const { encoder, memory } = this;
    const end = first + count;
    memory.write(weight, encoder.weight.subarray(first * encoder.width, end * encoder.width));
    const put = (view: View | undefined, of: Float32Array | undefined, padding: number) => {
      if (!view || !of) return;
      const values = new Float32Array(padded).fill(padding);
      values.set(of.subarray(first, end));
      memory.write(view, values);
    };
    put(bias, encoder.bias, NEVER);
    put(gate, gateOf(encoder.activation), 0);
    put(scale, scaleOf(encoder.activation), 1);
  }

  private async begin(x: Float32Array, rows: number): Promise<readonly BoundPlan[]> {
    const write = () => this.memory.write(this.x, x.subarray(0, rows * this.encoder.width));
    if (this.bound.rows !== rows) {
      for (const plan of this.bound.plans) plan.destroy();
      this.bound = { rows: 0, plans: [] };
      await this.device.within(`codes of ${rows} tokens`, async () => {
        write();
        this.bound = { rows, plans: await Promise.all(this.pieces.map((piece) => this.bind(piece, rows))) };
      });
    } else write();
    return this.bound.plans;
  }

  private bind(piece: Piece, rows: number): Promise<BoundPlan> {
    return this.memory.bind({ name: `codes of features from ${piece.first}`, calls: this.callsOf(piece, rows) });
  }

  private async submit(plan: BoundPlan, piece: Piece): Promise<void> {
    if (!this.stays) {
      this.write(piece);
      await this.memory.settle();
    }
    plan.submit();
  }

  private callsOf({ first, padded, weight, bias, gate, scale }: Piece, rows: number): Call[] {
    const codes = { ...this.codes, shape: [rows, padded] };
    const x = { ...this.x, shape: [rows, this.encoder.width] };
    const kind = kindOf(this.encoder.activation);
    // The product without its bias: what gates it needs it bare.
    const product = { x, w: weight, bias, residual: reshape(bias, [1, padded]), y: reshape(codes, [1, rows, padded]) };
    const calls = [
      call("product", nt, product, { use_bias: 0, use_residual: 0 }),
      call("codes", activate, { bias, gate: gate ?? bias, scale: scale ?? bias, codes }, { kind }),
    ];
    if (this.lists) {
      const shape = [rows, this.lists.values.shape[1]];
      const lists = { values: { ...this.lists.values, shape }, indices: { ...this.lists.indices, shape } };
      calls.push(call("largest", topk, { scores: codes, ...lists }, { first, fresh: first === 0 ? 1 : 0 }));
    }
    return calls;
  }
}
