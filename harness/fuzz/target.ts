/** What is fuzzed: how sound inputs are made, how they are read, and what another program makes of the same bytes. */
import type { Random } from "./random";

/** Files by name; most parsers read one. */
export type Input = Readonly<Record<string, Uint8Array>>;

/** Facts of an accepted input for another reader to agree with: they are compared as JSON. */
export type Facts = Readonly<Record<string, unknown>>;

export interface Target {
  readonly name: string;
  /** Inputs of it for each one of a target of weight 1: cheap parsers have more. */
  readonly weight: number;
  /** A sound input, and what reading must give, exactly. */
  make(
    random: Random,
  ): { readonly input: Input; readonly expected: unknown } | Promise<{ input: Input; expected: unknown }>;
  /** An input whose structure is sound enough to get far, and wrong somewhere; without it sound ones are mutated only. */
  odd?(random: Random): Input | Promise<Input>;
  /** What the product makes of it; may throw a SpectroscopeError and nothing else. */
  read(input: Input): unknown;
  /** What is wrong with an accepted value, for it is used as it is. */
  flaw?(value: unknown, input: Input): string | undefined;
  /** The reader in peer.py that reads the same, and what both must agree on. */
  readonly peer?: { readonly kind: string; facts(value: unknown): Facts };
}

/** A target whose value has a type. */
export function target<V>(
  of: Omit<Target, "make" | "read" | "flaw" | "peer"> & {
    make(random: Random): { input: Input; expected: V } | Promise<{ input: Input; expected: V }>;
    read(input: Input): V | Promise<V>;
    flaw?(value: V, input: Input): string | undefined;
    readonly peer?: { readonly kind: string; facts(value: V): Facts };
  },
): Target {
  const { flaw, peer, ...rest } = of;
  // What `read` gave is what `flaw` and `facts` get.
  return {
    ...rest,
    ...(flaw ? { flaw: (value: unknown, input: Input) => flaw(value as V, input) } : {}),
    ...(peer ? { peer: { kind: peer.kind, facts: (value: unknown) => peer.facts(value as V) } } : {}),
  };
}

const encoder = new TextEncoder();
/** Bytes of a text. */
export const bytesOf = (text: string): Uint8Array => encoder.encode(text);

export function joined(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}
