/**
 * The nano corpus: text whose modes and roles are known, deterministic by seed, the same in Node and in a browser.
 *
 * A sequence is the start token and then one document of one mode, cut at context + 1 tokens. Modes are dealt in shuffled
 * rounds, so any run of `modeNames.length` sequences that starts a round holds each mode once. Sequence `i` depends on
 * (seed, i) alone: a longer corpus of the same seed begins with the shorter one.
 */
import { SpectroscopeError } from "../../kernels/errors";
import { grammars } from "./grammars";
import { hash, Stream } from "./random";
import { START, tokenId, vocabulary } from "./vocabulary";

export { vocabulary };

/** Mode of a sequence, by `modes` value. */
export const modeNames: readonly string[] = grammars.map((g) => g.mode);

/** Role of a token, by `roles` value: "mode.slot"; 0 is the start token, which is never a target. */
export const roleNames: readonly string[] = [
  "start",
  ...grammars.flatMap((g) => g.roles.map((role) => `${g.mode}.${role}`)),
];

export interface CorpusRequest {
  /** Unsigned 32-bit integer. The training text used seed 1, its validation text seed 2: measure on another. */
  readonly seed: number;
  readonly sequences: number;
  /** Per-token losses a sequence gives; it holds one id more. */
  readonly context: number;
}

/** Three arrays of one shape, [sequences, context + 1] in row-major order. Loss t of a row scores its token t + 1. */
export interface Corpus {
  readonly ids: Uint32Array;
  readonly modes: Uint8Array;
  readonly roles: Uint16Array;
  readonly sequences: number;
  readonly context: number;
  readonly modeNames: readonly string[];
  readonly roleNames: readonly string[];
}

const roleIds = new Map(roleNames.map((name, id) => [name, id]));
/** Streams below 2^31 belong to sequences, those above to the rounds in which modes are dealt. */
const ROUNDS = 2 ** 31;

function modeOf(seed: number, sequence: number): number {
  const n = grammars.length;
  const order = new Stream(seed, ROUNDS + Math.floor(sequence / n)).sample([...grammars.keys()], n);
  return order[sequence % n] as number;
}

/** @throws SpectroscopeError `bad-input` when a number of the request is not an integer in range. */
export function generate(request: CorpusRequest): Corpus {
  const { seed, sequences, context } = request;
  for (const [name, value, low, high] of [
    ["seed", seed, 0, 2 ** 32 - 1],
    ["sequences", sequences, 0, ROUNDS - 1],
    ["context", context, 1, 2 ** 20],
  ] as const) {
    if (!Number.isInteger(value) || value < low || value > high)
      throw new SpectroscopeError(`nano corpus: ${name} = ${value}, expected an integer from ${low} to ${high}`, {
        code: "bad-input",
      });
  }
  const row = context + 1;
  const ids = new Uint32Array(sequences * row);
  const modes = new Uint8Array(sequences * row);
  const roles = new Uint16Array(sequences * row);
  const start = tokenId(START);

  for (let s = 0; s < sequences; s++) {
    const mode = modeOf(seed, s);
    const grammar = grammars[mode] as (typeof grammars)[number];
    const random = new Stream(seed, s);
    const end = (s + 1) * row;
    let at = s * row;
    ids[at] = start;
    modes.fill(mode, at, end);
    at++;
    const write = (token: string, role: string) => {
      if (at >= end) return;
      ids[at] = tokenId(token);
      roles[at] = roleIds.get(`${grammar.mode}.${role}`) as number;
      at++;
    };
    while (at < end) grammar.item(write, random);
  }
  return { ids, modes, roles, sequences, context, modeNames, roleNames };
}

/** What the losses of a corpus score: ids, modes and roles of the targets, [sequences * context] each. */
export function targets(corpus: Corpus): { ids: Uint32Array; modes: Uint8Array; roles: Uint16Array } {
  const { sequences, context } = corpus;
  const row = context + 1;
  const ids = new Uint32Array(sequences * context);
  const modes = new Uint8Array(sequences * context);
  const roles = new Uint16Array(sequences * context);
  for (let s = 0; s < sequences; s++) {
    ids.set(corpus.ids.subarray(s * row + 1, (s + 1) * row), s * context);
    modes.set(corpus.modes.subarray(s * row + 1, (s + 1) * row), s * context);
    roles.set(corpus.roles.subarray(s * row + 1, (s + 1) * row), s * context);
  }
  return { ids, modes, roles };
}

/** The corpus fingerprint recorded with a run: changes when the vocabulary or the start of the text does. */
export function fingerprint(): string {
  let h = vocabulary.length;
  const { ids, roles } = generate({ seed: 0, sequences: 64, context: 64 });
  ids.forEach((id, i) => {
    h = hash(h, id, roles[i] as number);
  });
  return h.toString(16).padStart(8, "0");
}
