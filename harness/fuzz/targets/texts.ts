import { type Document, parseDocuments } from "../../../models/text/documents";
import { type EdgeList, parseEdgeList } from "../../../runtime/formats/edge-list";
import { decodeText, parseJson } from "../../../runtime/formats/json";
import { fitLabels, type GivenLabels, readLabels } from "../../../runtime/formats/labels";
import { numberByAppearance } from "../../../runtime/statistics/numbering";
import type { Random } from "../random";
import { bytesOf, type Input, joined, target } from "../target";
import { name, text, UNUSUAL, word } from "../words";
import { digest, npyFile } from "./npy";

/** A byte order mark now and then, and always before text that begins with what would be taken for one. */
const marked = (whole: string, random: Random) =>
  bytesOf(whole.startsWith("\ufeff") || random.chance(0.1) ? "\ufeff" : "");

/** Which whole numbers are nodes: from 0 or 1 to the largest where half of them occur, else those that occur. */
function numbersOf(given: readonly number[]): { readonly n: number; readonly ids?: readonly number[] } {
  const seen = [...new Set(given)].sort((a, b) => a - b);
  if (seen.length === 0) return { n: 0 };
  const [first, last] = [seen[0], seen[seen.length - 1]];
  const span = last - first + 1;
  if (first > 1 || 2 * seen.length < span) return { n: seen.length, ids: seen };
  return { n: span, ...(first === 0 ? {} : { ids: Array.from({ length: span }, (_, v) => v + 1) }) };
}

/** Whether ends begin with 0 and 1, which no later edge has, of three edges or more. */
const isFirstAlone = ([a, b, ...rest]: readonly number[]) =>
  a === 0 && b === 1 && rest.length >= 4 && rest.every((end) => end > 1);

function edges(random: Random, odd: boolean): { bytes: Uint8Array; expected: EdgeList } {
  const named = random.chance(0.4);
  const weighted = random.chance(0.4);
  const count = random.from(1, 12);
  const known = named ? random.list(6, (i) => `${name(random)}${i}`.replace(/^#/, "")) : [];
  const id = () => (named ? random.pick(known) : String(random.from(0, 12)));
  const strange = () =>
    random.pick(["4000000000", "9007199254740993", "1e3", "-1", "07", "9".repeat(400), "2147483647", ...UNUSUAL]);
  const given = random.list(count, () => [odd && random.chance(0.1) ? strange() : id(), id()] as const);
  const weights = random.list(count, () => (random.chance(0.1) ? 0 : Math.abs(random.double())));
  const gap = () => random.pick(["\t", " ", ",", ", ", "  "]);
  const lines = given.map(([a, b], i) => {
    const weight =
      odd && random.chance(0.1) ? random.pick(["nan", "inf", "-1", "0x10", "1e999", "{}", "two"]) : weights[i];
    const columns = [a, b, ...(weighted ? [weight] : []), ...(odd && random.chance(0.05) ? ["x"] : [])];
    return `${random.chance(0.1) ? "# note\n\n" : ""}${columns.join(gap())}${random.chance(0.1) ? " # note" : ""}`;
  });
  // Only a line of words is a header, and only of an unweighted or weighted list of as many columns.
  const header = !odd && random.chance(0.2) ? (weighted ? "source target weight" : "source target") : undefined;
  const whole = [...(header === undefined ? [] : [header]), ...lines].join(random.pick(["\n", "\r\n"]));
  const index = numberByAppearance(given.flat());
  const kept = given.map(([a, b], i) => ({ a, b, i })).filter(({ i }) => !weighted || weights[i] !== 0);
  const loops = kept.filter(({ a, b }) => a === b).length;
  const proper = kept.filter(({ a, b }) => a !== b);
  const number = (own: string) => (named ? index.found.indexOf(own) : Number(own));
  const nodes = numbersOf(named ? [] : given.flat().map(Number));
  const place = (own: string) => (nodes.ids ? nodes.ids.indexOf(number(own)) : number(own));
  const expected: EdgeList = {
    n: named ? index.found.length : nodes.n,
    ends: Uint32Array.from(proper.flatMap(({ a, b }) => [place(a), place(b)])),
    ...(nodes.ids ? { ids: Float64Array.from(nodes.ids) } : {}),
    ...(weighted ? { weights: Float64Array.from(proper.map(({ i }) => weights[i])) } : {}),
    ...(named ? { names: index.found } : {}),
    ...(header === undefined ? {} : { header }),
    // Of two columns without names there is nothing to tell.
    ...(header !== undefined
      ? { columns: { ends: ["source", "target"] as const, weight: weighted ? "weight" : null, ignored: [] } }
      : weighted
        ? { columns: { ends: ["column 1", "column 2"] as const, weight: "column 3", ignored: [] } }
        : {}),
    // A first line of two names that no other line has may have been a header, and is told of.
    ...(named && header === undefined && isFirstAlone(proper.flatMap(({ a, b }) => [place(a), place(b)]))
      ? { lonely: [index.found[0], index.found[1]] as const }
      : {}),
    ...{ selfLoops: loops, zeroWeights: count - kept.length },
  };
  return { bytes: joined(marked(whole, random), bytesOf(`${whole}\n`)), expected };
}

export const edgeList = target<EdgeList>({
  name: "edge-list",
  weight: 4,
  make(random) {
    const { bytes, expected } = edges(random, false);
    return { input: { "edges.tsv": bytes }, expected };
  },
  odd: (random) => ({ "edges.tsv": edges(random, true).bytes }),
  read: (input) => parseEdgeList(input["edges.tsv"], "edges.tsv"),
  flaw({ n, ends, weights, names }, input) {
    if (ends.some((end) => end >= n)) return `an end beyond ${n} nodes`;
    if (weights && weights.length * 2 !== ends.length) return "weights do not fit the ends";
    if (names && new Set(names).size !== n) return `${new Set(names).size} names of ${n} nodes`;
    if (names?.some((own) => own.includes("\ufffd")) && !Buffer.from(input["edges.tsv"]).includes("\ufffd"))
      return "a name with a replacement character that the file has not";
    return n > 64 * (input["edges.tsv"].length + 1024) ? `${n} nodes of ${input["edges.tsv"].length} bytes` : undefined;
  },
});

const labelFact = (numbers: readonly number[], names: readonly string[]): GivenLabels => ({
  numbers: Int32Array.from(numbers),
  names,
});

export const labels = target<GivenLabels>({
  name: "labels",
  weight: 3,
  make(random) {
    const known = random.list(4, (i) => `${name(random)}${i}`);
    const list = random.list(random.from(1, 10), () => (random.chance(0.2) ? "" : random.pick(known)));
    const { numbers, found } = numberByAppearance(list, (label) => label === "");
    const form = random.below(3);
    const rows = bytesOf(String(list.length));
    if (form === 0) {
      const whole = numberByAppearance(Array.from(numbers), (number) => number === -1);
      const bytes = npyFile("i32", [numbers.length], numbers);
      return { input: { labels: bytes, rows }, expected: labelFact([...whole.numbers], whole.found.map(String)) };
    }
    const written =
      form === 1
        ? JSON.stringify(list.map((label) => (label === "" ? null : label)))
        : `${list.map((label) => `${random.pick(["", " "])}${label}${random.pick(["", "\t"])}`).join(random.pick(["\n", "\r\n"]))}\n`;
    return {
      input: { labels: joined(marked(written, random), bytesOf(written)), rows },
      expected: labelFact([...numbers], found),
    };
  },
  read: (input) => {
    const n = Number(Buffer.from(input.rows ?? []).toString("latin1"));
    return fitLabels(readLabels(input.labels ?? new Uint8Array(0), "labels"), {
      n: n >= 0 && n < 1000 ? n : 0,
      unit: "rows",
    }).labels;
  },
  flaw: ({ numbers, names }) =>
    numbers.every((number) => number >= -1 && number < names.length) && new Set(names).size === names.length
      ? undefined
      : "numbers and names do not fit",
});

/** A value that JSON holds. */
export function jsonValue(random: Random, depth = 3): unknown {
  const leaf = () =>
    random.pick<() => unknown>([
      () => random.double(),
      () => random.from(-99, 99),
      () => text(random),
      () => null,
      () => true,
      () => false,
    ])();
  if (depth === 0 || random.chance(0.4)) return leaf();
  if (random.chance(0.5)) return random.list(random.from(0, 4), () => jsonValue(random, depth - 1));
  return Object.fromEntries(
    random.list(random.from(0, 4), () => [
      random.chance(0.8) ? word(random) : random.pick(UNUSUAL),
      jsonValue(random, depth - 1),
    ]),
  );
}

/** The same value, spelled in one of many ways. */
export function spelled(value: unknown, random: Random): string {
  const gap = () => random.pick(["", "", " ", "\n", "\t", "\r\n"]);
  if (Array.isArray(value))
    return `[${gap()}${value.map((item) => spelled(item, random)).join(`${gap()},${gap()}`)}${gap()}]`;
  if (typeof value === "object" && value !== null)
    return `{${gap()}${Object.entries(value)
      .map(([key, item]) => `${spelled(key, random)}${gap()}:${gap()}${spelled(item, random)}`)
      .join(`,${gap()}`)}${gap()}}`;
  if (typeof value === "string" && random.chance(0.3))
    return `"${value.replace(/[\s\S]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)}"`;
  if (typeof value === "number" && Object.is(value, -0)) return "-0";
  return JSON.stringify(value);
}

/** Canonical bytes of a JSON value, which peer.py makes too: keys by UTF-16 code unit, numbers as doubles. */
function canonical(value: unknown, out: Uint8Array[] = []): Uint8Array[] {
  const units = (own: string) => Buffer.from(own, "utf16le");
  if (value === null || typeof value === "boolean") out.push(bytesOf(String(value)[0]));
  else if (typeof value === "number") {
    const bytes = Buffer.alloc(9, "d");
    // Python reads -0 as the whole number 0.
    bytes.writeDoubleLE(value + 0, 1);
    out.push(bytes);
  } else if (typeof value === "string") out.push(bytesOf(`s${value.length}:`), units(value));
  else if (Array.isArray(value)) {
    out.push(bytesOf(`[${value.length}`));
    for (const item of value) canonical(item, out);
  } else {
    const entries = Object.entries(value as object).sort(([a], [b]) => Buffer.compare(units(a), units(b)));
    out.push(bytesOf(`{${entries.length}`));
    for (const [key, item] of entries) {
      canonical(key, out);
      canonical(item, out);
    }
  }
  return out;
}

export const json = target<unknown>({
  name: "json",
  weight: 4,
  make(random) {
    const value = jsonValue(random);
    // JSON's own -0 stays -0.
    return { input: { "x.json": bytesOf(spelled(value, random)) }, expected: value };
  },
  odd: (random) => ({
    "x.json": bytesOf(
      random.pick(["[", '{"a":', '[{"a":', "[[],"]).repeat(random.pick([10, 150, 300, 40_000])) +
        random.pick(["", "1", "]".repeat(150)]),
    ),
  }),
  read: (input) => parseJson(decodeText(input["x.json"], "x.json"), "x.json"),
  peer: { kind: "json", facts: (value) => ({ sha256: digest(joined(...canonical(value))) }) },
});

export const documents = target<Document[]>({
  name: "documents",
  weight: 3,
  make(random) {
    if (random.chance(0.3)) {
      const whole = text(random).replace(/^\ufeff+/, "");
      const input: Input = { "x.txt": bytesOf(whole) };
      return { input, expected: [{ text: whole, where: "x.txt" }] };
    }
    const list = random.list(random.from(1, 5), () => text(random));
    const lines = list.map(
      (own) =>
        `${JSON.stringify({ ...(random.chance(0.2) ? { id: 1 } : {}), text: own })}${random.chance(0.1) ? "\r" : ""}`,
    );
    const input: Input = { "x.jsonl": bytesOf(lines.join("\n")) };
    return { input, expected: list.map((own, i) => ({ text: own, where: `x.jsonl, line ${i + 1}` })) };
  },
  read: (input) => Object.entries(input).flatMap(([file, bytes]) => parseDocuments(bytes, file)),
  flaw: (list) => (list.some((own) => /\p{Surrogate}/u.test(own.text)) ? "half a surrogate pair" : undefined),
});
