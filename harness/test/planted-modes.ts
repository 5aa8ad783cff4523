/**
 * Laws with six planted modes, texts that have them exactly, and models of as many products as can learn them. A context x is the id
 * before a target y. Contexts lie in two blocks, tokens in three; each mode has a block of contexts and one of tokens for itself, so
 * that every pair (x, y) is of exactly one mode. q(x) and q0(y) are uniform, and
 *
 *     q(y|x) = q0(y) (1 + sum_a s_a v_a(x) u_a(y))
 *
 * A model's logits are `sum_a A_a B_a v_a(x) u_a(y)`: v and u stand in embedding and unembedding, and component a moves the scalars
 * A_a and B_a. Its softmax is not the planted law, only near it.
 */
import type { View } from "../../runtime/plan/plan";
import type { LayerPlan, Model, Parameter } from "../../runtime/transformer/family";
import { linear } from "../../runtime/transformer/operations";
import type { Value } from "../../runtime/transformer/tape";
import { type HostTensor, memoryTensors, type Weights } from "../../runtime/transformer/weights";

/** Whole numbers that sum to 0 in a block; those of two modes in one block are orthogonal. */
interface Mode {
  /** Number of its block of contexts, and of its block of tokens. */
  readonly contexts: number;
  readonly tokens: number;
  readonly gain: number;
  readonly left: readonly number[];
  readonly right: readonly number[];
}

/** What a law is made of: modes by falling singular value. `base + gain left right` are whole numbers above 0. */
export interface Design {
  /** How often a pair stands in the text on average. */
  readonly base: number;
  readonly modes: readonly Mode[];
}

/** Odd under a swap of the block's halves: then the even part of a softmax is orthogonal to every mode. */
const odd = (...half: number[]) => [...half, ...half.map((value) => -value)];

const THREE = [odd(1, 2, 2), odd(2, 1, -2), odd(2, -2, 1)];

/** 12 contexts, 18 tokens. Loads of a mode differ among its pairs by up to six times: no softmax has this law. */
export const GRADED: Design = {
  base: 10,
  modes: [
    { contexts: 0, tokens: 0, gain: 3, left: THREE[0], right: odd(1, 1, 1) },
    { contexts: 1, tokens: 1, gain: 1, left: THREE[1], right: odd(3, -2, -2) },
    { contexts: 0, tokens: 2, gain: 1, left: THREE[2], right: odd(3, -1, -2) },
    { contexts: 0, tokens: 1, gain: 1, left: THREE[1], right: odd(2, 2, 1) },
    { contexts: 1, tokens: 0, gain: 1, left: THREE[0], right: odd(2, -1, -1) },
    { contexts: 1, tokens: 2, gain: 1, left: THREE[2], right: odd(1, 1, 1) },
  ],
};

const WALSH = [
  [1, 1, -1, -1],
  [1, -1, 1, -1],
  [1, -1, -1, 1],
];

/** 8 contexts, 12 tokens. Loads of a mode are one number and its negative, in two modes also their doubles: small and quick. */
export const EVEN: Design = {
  base: 8,
  modes: [
    { contexts: 0, tokens: 0, gain: 4, left: WALSH[0], right: odd(1, 1) },
    { contexts: 0, tokens: 1, gain: 2, left: WALSH[1], right: odd(1, 2) },
    { contexts: 1, tokens: 2, gain: 3, left: WALSH[2], right: odd(1, 1) },
    { contexts: 0, tokens: 2, gain: 2, left: WALSH[2], right: odd(1, -1) },
    { contexts: 1, tokens: 1, gain: 1, left: WALSH[1], right: odd(2, -1) },
    { contexts: 1, tokens: 0, gain: 1, left: WALSH[0], right: odd(1, -1) },
  ],
};

export const MODES = 6;

/** A law, its text and its classes. N contexts, V tokens; arrays of pairs are [N * V], row-major. */
export interface Planted {
  readonly contexts: number;
  readonly tokens: number;
  /** s_a. */
  readonly strengths: readonly number[];
  /** v_a, [N] each, orthonormal in L2(q) and to 1. */
  readonly contextModes: readonly Float64Array[];
  /** u_a, [V] each, orthonormal in L2(q0) and to 1. */
  readonly tokenModes: readonly Float64Array[];
  /** How often each pair stands in the text: in proportion to q(x) q(y|x), without remainder. */
  readonly counts: Float64Array;
  /** The mode of each pair, and on which side of it the pair lies: `a` where v_a u_a is above 0, else `a + MODES`. */
  readonly classes: Int32Array;
}

/** A function of `size` ids from its whole numbers in a block, before it is of norm 1. */
function spread(values: readonly number[], block: number, size: number): Float64Array {
  const out = new Float64Array(size);
  out.set(values, block * values.length);
  return out;
}

const norm = (values: Float64Array) => Math.sqrt(values.reduce((sum, value) => sum + value ** 2, 0) / values.length);

/** Makes a law of its design. */
export function plant({ base, modes }: Design): Planted {
  const [contexts, tokens] = [2 * modes[0].left.length, 3 * modes[0].right.length];
  const lefts = modes.map(({ left, contexts: block }) => spread(left, block, contexts));
  const rights = modes.map(({ right, tokens: block }) => spread(right, block, tokens));
  const counts = new Float64Array(contexts * tokens).fill(base);
  const classes = new Int32Array(contexts * tokens);
  for (const [a, { gain }] of modes.entries()) {
    for (let pair = 0; pair < counts.length; pair++) {
      const load = lefts[a][Math.floor(pair / tokens)] * rights[a][pair % tokens];
      counts[pair] += gain * load;
      if (load !== 0) classes[pair] = load > 0 ? a : a + MODES;
    }
  }
  const unit = (values: Float64Array) => values.map((value) => value / norm(values));
  return {
    ...{ contexts, tokens, counts, classes, contextModes: lefts.map(unit), tokenModes: rights.map(unit) },
    strengths: modes.map(({ gain }, a) => (gain * norm(lefts[a]) * norm(rights[a])) / base),
  };
}

/** All pairs, in the order of arrays of them. */
export function everyPair({ contexts, tokens }: Planted): { contexts: Uint32Array; tokens: Uint32Array } {
  const of = (id: (pair: number) => number) => Uint32Array.from({ length: contexts * tokens }, (_, pair) => id(pair));
  return { contexts: of((pair) => Math.floor(pair / tokens)), tokens: of((pair) => pair % tokens) };
}

/** Rows of a context and its target, every pair as often as `counts` [N * V] says: [pairs, 2]. */
export function pairRows(counts: ArrayLike<number>, tokens: number): Uint32Array {
  const rows: number[] = [];
  for (let pair = 0; pair < counts.length; pair++) {
    for (let i = 0; i < counts[pair]; i++) rows.push(Math.floor(pair / tokens), pair % tokens);
  }
  return Uint32Array.from(rows);
}

const name = (a: number, part: string) => `modes.${a}.${part}`;

/** The component that moves A_a and B_a. */
export const component = (a: number) => `${name(a, "in")}+${name(a, "out")}`;

function parametersOf(tokens: number): Map<string, Parameter> {
  const parameters = new Map<string, Parameter>([["contexts", { shape: [tokens, MODES], part: "embed" }]]);
  for (let a = 0; a < MODES; a++) {
    const add = (part: string, shape: number[]) => parameters.set(name(a, part), { shape, part: "mlp", layer: 0 });
    add("pick", [1, MODES]);
    add("in", [1, 1]);
    add("out", [1, 1]);
    add("put", [MODES, 1]);
  }
  return parameters.set("tokens", { shape: [tokens, MODES], part: "unembed" });
}

/** Every mode picked out of what was embedded, taken times its two scalars, and put beside the others: last those that move. */
function planLayer(plan: LayerPlan, h: Value, _layer: number, into?: View): Value {
  const apply = (a: number, part: string, x: Value, options: Parameters<typeof linear>[6] = {}) =>
    linear(plan.tape, name(a, part), x, plan.weight(name(a, part)), undefined, plan.fixed, { keep: true, ...options });
  const scaled = Array.from({ length: MODES }, (_, a) => ({
    a,
    value: apply(a, "out", apply(a, "in", apply(a, "pick", h))),
  }));
  scaled.sort((one, other) => Number(one.value.moves) - Number(other.value.moves));
  let sum: Value | undefined;
  for (const [i, { a, value }] of scaled.entries()) {
    const last = i === MODES - 1;
    sum = apply(a, "put", value, { ...(sum ? { residual: sum } : {}), ...(last ? { into } : {}) });
  }
  return sum!;
}

/** The model: one layer, without norm, attention and position. */
export function plantedModel({ tokens }: Planted): Model {
  return {
    family: "planted-modes",
    config: {},
    dims: {
      ...{ vocab: tokens, hidden: MODES, layers: 1, heads: 1, kvHeads: 1, headDim: 1 },
      ...{ intermediate: 1, positions: 1 },
    },
    parameters: parametersOf(tokens),
    embedding: "contexts",
    unembedding: "tokens",
    planLayer,
    planFinalNorm: (_, h) => h,
  };
}

/** Its weights with A_a = B_a = `scalars[a]`. */
export function plantedWeights(planted: Planted, scalars: ArrayLike<number>): Weights {
  const tensors = new Map<string, HostTensor>();
  for (const [key, { shape }] of plantedModel(planted).parameters) {
    tensors.set(key, { shape, data: new Float32Array(shape.reduce((a, b) => a * b)) });
  }
  const fill = (key: string, at: number, value: number) => {
    tensors.get(key)!.data[at] = value;
  };
  for (let a = 0; a < MODES; a++) {
    for (const [x, value] of planted.contextModes[a].entries()) fill("contexts", x * MODES + a, value);
    for (const [y, value] of planted.tokenModes[a].entries()) fill("tokens", y * MODES + a, value);
    for (const part of ["pick", "put"]) fill(name(a, part), a, 1);
    for (const part of ["in", "out"]) fill(name(a, part), 0, scalars[a]);
  }
  return memoryTensors(tensors);
}
