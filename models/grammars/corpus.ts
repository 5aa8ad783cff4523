/**
 * Text of template grammars, whose modes and roles are known: deterministic by seed, the same in Node and in a browser.
 *
 * A sequence is the start token and then one document of one mode, cut at context + 1 tokens. Modes are dealt in shuffled
 * rounds, so any run of `modeNames.length` sequences that starts a round holds each mode once. Sequence `i` depends on
 * (seed, i) alone: a longer corpus of the same seed begins with the shorter one.
 */
import { SpectroscopeError } from "../../kernels/errors";
import type { Grammar } from "./grammar";
import { hash, Stream } from "./random";

export interface CorpusRequest {
  /** Unsigned 32-bit integer. The training texts used seed 1, their validation texts seed 2: measure on another. */
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

/** What a corpus is written in. */
export interface Language {
  /** The model that was trained on it, for errors. */
  readonly name: string;
  /** Every token, in id order; an id is one byte. */
  readonly vocabulary: readonly string[];
  /** The token before every document. */
  readonly start: string;
  readonly grammars: readonly Grammar[];
}

/**
 * The id of a token.
 * @throws RangeError of a token that the vocabulary lacks
 */
export function tokenIds({ name, vocabulary }: Pick<Language, "name" | "vocabulary">): (token: string) => number {
  const idOf = new Map(vocabulary.map((token, id) => [token, id]));
  return (token) => {
    const id = idOf.get(token);
    if (id === undefined) throw new RangeError(`${name} vocabulary has no token ${JSON.stringify(token)}`);
    return id;
  };
}

export interface CorpusSource extends Language {
  /** Mode of a sequence, by `modes` value. */
  readonly modeNames: readonly string[];
  /** Role of a token, by `roles` value: "mode.slot"; 0 is the start token, which is never a target. */
  readonly roleNames: readonly string[];
  /** @throws SpectroscopeError `bad-input` when a number of the request is not an integer in range. */
  readonly generate: (request: CorpusRequest) => Corpus;
  /** The corpus fingerprint recorded with a run: changes when the vocabulary or the start of the text does. */
  readonly fingerprint: () => string;
}

/** Streams below 2^31 belong to sequences, those above to the rounds in which modes are dealt. */
const ROUNDS = 2 ** 31;

/** The corpora of a language. */
export function corpusSource({ name, vocabulary, start, grammars }: Language): CorpusSource {
  const modeNames = grammars.map((g) => g.mode);
  const roleNames = ["start", ...grammars.flatMap((g) => g.roles.map((role) => `${g.mode}.${role}`))];
  const roleIds = new Map(roleNames.map((role, id) => [role, id]));
  const tokenId = tokenIds({ name, vocabulary });
  const modeOf = (seed: number, sequence: number): number => {
    const n = grammars.length;
    const order = new Stream(seed, ROUNDS + Math.floor(sequence / n)).sample([...grammars.keys()], n);
    return order[sequence % n] as number;
  };

  const generate = (request: CorpusRequest): Corpus => {
    checkRequest(name, request);
    const { seed, sequences, context } = request;
    const row = context + 1;
    const ids = new Uint32Array(sequences * row);
    const modes = new Uint8Array(sequences * row);
    const roles = new Uint16Array(sequences * row);
    for (let s = 0; s < sequences; s++) {
      const mode = modeOf(seed, s);
      const grammar = grammars[mode] as Grammar;
      const random = new Stream(seed, s);
      const end = (s + 1) * row;
      let at = s * row;
      ids[at] = tokenId(start);
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
  };

  const fingerprint = () => {
    let h = vocabulary.length;
    const { ids, roles } = generate({ seed: 0, sequences: 64, context: 64 });
    ids.forEach((id, i) => {
      h = hash(h, id, roles[i] as number);
    });
    return h.toString(16).padStart(8, "0");
  };
  return { name, vocabulary, start, grammars, modeNames, roleNames, generate, fingerprint };
}

function checkRequest(name: string, { seed, sequences, context }: CorpusRequest): void {
  for (const [key, value, low, high] of [
    ["seed", seed, 0, 2 ** 32 - 1],
    ["sequences", sequences, 0, ROUNDS - 1],
    ["context", context, 1, 2 ** 20],
  ] as const) {
    if (!Number.isInteger(value) || value < low || value > high)
      throw new SpectroscopeError(`${name} corpus: ${key} = ${value}, expected an integer from ${low} to ${high}`, {
        code: "bad-input",
      });
  }
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
