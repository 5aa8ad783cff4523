/** Sound inputs made wrong: in their bytes, their lines, their numbers, their JSON. */
import type { Random } from "./random";
import { bytesOf, type Input, joined } from "./target";
import { UNUSUAL } from "./words";

/** Longest that an input becomes. */
const MOST_BYTES = 200_000;

type Mutation = (bytes: Uint8Array, random: Random) => Uint8Array;

const place = (bytes: Uint8Array, random: Random) => random.below(bytes.length + 1);
const spliced = (bytes: Uint8Array, from: number, to: number, put: Uint8Array) =>
  joined(bytes.subarray(0, from), put, bytes.subarray(to));

/** A length or offset written over, as formats have them. */
function overwritten(bytes: Uint8Array, random: Random): Uint8Array {
  const width = random.pick([1, 2, 4, 8]);
  if (bytes.length < width) return bytes;
  const out = bytes.slice();
  const view = new DataView(out.buffer);
  // Lengths stand near the begin and the end more often than between.
  const at = random.pick([
    random.below(Math.min(64, out.length)),
    random.below(out.length),
    out.length - 1 - random.below(Math.min(64, out.length)),
  ]);
  const start = Math.max(0, Math.min(at, out.length - width));
  const value = random.chance(0.3) ? out.length + random.from(-2, 2) : random.edge();
  if (width === 1) view.setUint8(start, value);
  else if (width === 2) view.setUint16(start, value, true);
  else if (width === 4) view.setUint32(start, value, true);
  else view.setBigInt64(start, BigInt(Math.trunc(value)), true);
  return out;
}

const BYTES: readonly Mutation[] = [
  (bytes, random) => {
    const out = bytes.slice();
    if (out.length > 0)
      for (let i = random.from(1, 3); i > 0; i--) out[random.below(out.length)] ^= 1 << random.below(8);
    return out;
  },
  (bytes, random) => bytes.subarray(0, random.below(bytes.length + 1)),
  (bytes, random) => bytes.subarray(0, Math.max(0, bytes.length - random.from(1, 8))),
  (bytes, random) => spliced(bytes, ...twice(place(bytes, random)), random.bytes(random.from(1, 6))),
  (bytes, random) => {
    const from = place(bytes, random);
    return spliced(bytes, from, Math.min(bytes.length, from + random.from(1, 12)), new Uint8Array(0));
  },
  (bytes, random) => {
    const from = place(bytes, random);
    const part = bytes.subarray(from, from + random.from(1, 64));
    return spliced(bytes, ...twice(place(bytes, random)), part);
  },
  overwritten,
  overwritten,
  (bytes, random) => {
    const out = bytes.slice();
    if (out.length > 0) out[random.below(out.length)] = random.pick([0, 9, 10, 13, 32, 0x7f, 0x80, 0xc3, 0xe4, 0xff]);
    return out;
  },
];
const twice = (at: number): [number, number] => [at, at];

/** Numbers as texts have them, and others do not. */
function numberText(random: Random): string {
  return random.pick([
    () => String(random.edge()),
    () => String(random.double()),
    () =>
      random.pick([
        "-0",
        "1e999",
        "-1e999",
        "1e-400",
        "NaN",
        "Infinity",
        "0x1f",
        "1_000",
        "+1",
        "007",
        ".5",
        "5.",
        "true",
        "null",
      ]),
    () => "9".repeat(random.pick([17, 20, 400])),
  ])();
}

/** The begin and end of something in a text, at random. */
function found(text: string, pattern: RegExp, random: Random): [number, number] | undefined {
  const all = [...text.matchAll(pattern)];
  if (all.length === 0) return undefined;
  const { index, 0: match } = random.pick(all);
  return [index, index + match.length];
}

function textual(bytes: Uint8Array, random: Random): Uint8Array {
  const text = Buffer.from(bytes).toString("latin1");
  const put = (part: [number, number] | undefined, by: Uint8Array) =>
    part ? spliced(bytes, part[0], part[1], by) : bytes;
  const lines = () => text.split("\n").map((line) => Buffer.from(line, "latin1"));
  const ofLines = (changed: readonly Uint8Array[]) =>
    joined(...changed.flatMap((line, i) => (i === 0 ? [line] : [Uint8Array.of(10), line])));
  switch (random.below(7)) {
    case 0:
    case 1:
      return put(found(text, /-?\d+(\.\d+)?/g, random), bytesOf(numberText(random)));
    case 2:
      return put(found(text, /[A-Za-z_]+/g, random), bytesOf(random.pick(UNUSUAL)));
    case 3:
      return put(
        twice(place(bytes, random)),
        random.chance(0.3) ? Uint8Array.of(random.pick([0xe4, 0xff, 0xc3])) : bytesOf(random.pick(UNUSUAL)),
      );
    case 4: {
      const all = lines();
      all.splice(random.below(all.length), 1);
      return ofLines(all);
    }
    case 5: {
      const all = lines();
      const at = random.below(all.length);
      return ofLines([...all.slice(0, at), all[random.below(all.length)], ...all.slice(at)]);
    }
    default: {
      const part = found(text, /[A-Za-z0-9]+/g, random);
      return put(part, part ? bytesOf(text.slice(...part).repeat(random.pick([2, 50, 5000]))) : bytes);
    }
  }
}

/** A value that no key expects. */
export function oddValue(random: Random): unknown {
  return random.pick([
    () => null,
    () => random.edge(),
    () => -random.edge(),
    () => random.double(),
    () => random.pick(UNUSUAL),
    () => "x".repeat(random.pick([0, 1, 300, 20_000])),
    () => [],
    () => ({}),
    () => [random.edge(), null],
    () => ({ [random.pick(UNUSUAL)]: random.edge() }),
    () => true,
    () => false,
    () => Array.from({ length: random.pick([3, 40, 3000]) }, () => random.edge()),
    () => JSON.parse(`${"[".repeat(150)}1${"]".repeat(150)}`),
  ])();
}

interface Place {
  readonly holder: Record<string, unknown>;
  readonly key: string;
}

function places(value: unknown, out: Place[] = []): Place[] {
  if (typeof value !== "object" || value === null) return out;
  const holder = value as Record<string, unknown>;
  for (const key of Object.keys(holder)) {
    out.push({ holder, key });
    places(holder[key], out);
  }
  return out;
}

/** JSON with a key deleted, renamed, given another value or another's, put in twice: still JSON. */
export function mutatedJson(text: string, random: Random): string {
  const root = { root: JSON.parse(text) as unknown };
  const { holder, key } = random.pick(places(root));
  const all = places(root);
  const define = (name: string, value: unknown) =>
    Object.defineProperty(holder, name, { value, enumerable: true, configurable: true, writable: true });
  switch (random.below(6)) {
    case 0:
      if (holder !== (root as Record<string, unknown>)) {
        if (Array.isArray(holder)) holder.splice(Number(key), 1);
        else delete holder[key];
      }
      break;
    case 1:
      if (!Array.isArray(holder) && holder !== (root as Record<string, unknown>)) {
        define(random.chance(0.5) ? `${key}${key.slice(-1)}` : random.pick(UNUSUAL), holder[key]);
        if (random.chance(0.5)) delete holder[key];
      }
      break;
    case 2: {
      const other = random.pick(all);
      define(key, structuredClone(other.holder[other.key]));
      break;
    }
    case 3: {
      // The same key again: no object has two, its text may.
      const changed = JSON.stringify(root.root) ?? "null";
      const at = changed.indexOf("{");
      return at < 0 || Array.isArray(holder)
        ? changed
        : `${changed.slice(0, at + 1)}${JSON.stringify(key)}:1,${changed.slice(at + 1)}`.replace(/,}/, "}");
    }
    default:
      define(key, oddValue(random));
  }
  return JSON.stringify(root.root) ?? "null";
}

function isJson(bytes: Uint8Array): boolean {
  if (bytes[0] !== 0x7b && bytes[0] !== 0x5b) return false;
  try {
    JSON.parse(Buffer.from(bytes).toString());
    return true;
  } catch {
    return false;
  }
}

function isText(bytes: Uint8Array): boolean {
  return !bytes.subarray(0, 400).some((byte) => byte < 9);
}

function mutated(bytes: Uint8Array, random: Random): Uint8Array {
  if (random.chance(0.6) && isJson(bytes)) return bytesOf(mutatedJson(Buffer.from(bytes).toString(), random));
  if (random.chance(isText(bytes) ? 0.7 : 0.1)) return textual(bytes, random);
  return random.pick(BYTES)(bytes, random);
}

/** One of its files changed one to four times, deleted, or given another's bytes. */
export function mutate(input: Input, random: Random): Input {
  const names = Object.keys(input);
  const chosen = random.pick(names);
  if (names.length > 1 && random.chance(0.05)) {
    const { [chosen]: _, ...rest } = input;
    return random.chance(0.5) ? rest : { ...input, [chosen]: input[random.pick(names)] };
  }
  let bytes = input[chosen];
  for (let i = random.pick([1, 1, 1, 2, 4]); i > 0 && bytes.length < MOST_BYTES; i--) bytes = mutated(bytes, random);
  return { ...input, [chosen]: new Uint8Array(bytes.subarray(0, MOST_BYTES)) };
}
