import { deflateRawSync, gzipSync } from "node:zlib";
import { decodeNpy } from "../../../runtime/formats/npy";
import { parseSparse, type SparseMatrix } from "../../../runtime/formats/npz";
import { crc32, ZipArchive } from "../../../runtime/formats/zip";
import { unpacked } from "../../../runtime/node/gzip";
import type { Random } from "../random";
import { bytesOf, joined, target } from "../target";
import { name, text } from "../words";
import { digest, npyFile, values, withHeader } from "./npy";

interface Member {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** Fields of an archive's records that say something about a member. */
interface Told {
  method: number;
  crc: number;
  packed: number;
  size: number;
  at: number;
  flags: number;
  nameLength: number;
  extra: number;
  comment: number;
}

const le = (width: 2 | 4, ...list: number[]) => {
  const out = Buffer.alloc(width * list.length);
  list.forEach((value, i) => {
    if (width === 2) out.writeUInt16LE(value & 0xffff, 2 * i);
    else out.writeUInt32LE(value >>> 0, 4 * i);
  });
  return out;
};

/** An archive; `lie` changes what its directory says of a member, and counts at its end. */
export function zipFile(
  members: readonly Member[],
  random: Random,
  lie?: (told: Told, random: Random) => void,
): Uint8Array {
  const local: Uint8Array[] = [];
  const central: Uint8Array[] = [];
  let at = 0;
  const liar = lie ? random.below(members.length) : -1;
  for (const [i, member] of members.entries()) {
    const method = random.pick([0, 8]);
    const packed = method === 8 ? deflateRawSync(member.bytes) : member.bytes;
    const named = bytesOf(member.name);
    const told: Told = {
      ...{ method, crc: crc32(member.bytes), packed: packed.length, size: member.bytes.length, at },
      ...{ flags: 0x800, nameLength: named.length, extra: 0, comment: 0 },
    };
    const head = joined(
      le(4, 0x04034b50),
      le(2, 20, told.flags, method, 0, 0),
      le(4, told.crc, told.packed, told.size),
      le(2, named.length, 0),
    );
    local.push(head, named, packed);
    if (i === liar) lie?.(told, random);
    central.push(
      joined(
        ...[le(4, 0x02014b50), le(2, 20, 20, told.flags, told.method, 0, 0), le(4, told.crc, told.packed, told.size)],
        ...[le(2, told.nameLength, told.extra, told.comment, 0, 0), le(4, 0, told.at), named],
      ),
    );
    at += head.length + named.length + packed.length;
  }
  const directory = joined(...central);
  const count = lie && random.chance(0.1) ? random.edge() : members.length;
  return joined(
    ...local,
    directory,
    le(4, 0x06054b50),
    le(2, 0, 0, count, count),
    le(4, directory.length, at),
    le(2, 0),
  );
}

function lie(told: Told, random: Random): void {
  const key = random.pick(Object.keys(told) as (keyof Told)[]);
  told[key] = random.chance(0.5) ? random.edge() : told[key] + random.from(-2, 2);
}

const members = (random: Random) => {
  const names = [...new Set(random.list(random.from(1, 4), () => name(random)))];
  return names.map(
    (own): Member => ({
      name: own,
      bytes: random.chance(0.5) ? random.bytes(random.from(0, 60)) : bytesOf(text(random)),
    }),
  );
};

const entriesOf = (list: readonly Member[]) =>
  Object.fromEntries(list.map((member) => [`=${member.name}`, Buffer.from(member.bytes).toString("hex")]));

export const zip = target<Record<string, string>>({
  name: "zip",
  weight: 1,
  make(random) {
    const list = members(random);
    return { input: { "x.zip": zipFile(list, random) }, expected: entriesOf(list) };
  },
  odd(random) {
    const list = members(random);
    return {
      "x.zip": zipFile(random.chance(0.2) ? [...list, list[0]] : list, random, random.chance(0.9) ? lie : undefined),
    };
  },
  async read(input) {
    const archive = new ZipArchive(input["x.zip"], "x.zip");
    const found: Member[] = [];
    for (const own of archive.names) found.push({ name: own, bytes: await archive.read(own) });
    return entriesOf(found);
  },
  peer: { kind: "zip", facts: (value) => ({ entries: Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)) }) },
});

export const gzip = target<string>({
  name: "gzip",
  weight: 1,
  make(random) {
    const list = random.list(random.from(1, 3), () => bytesOf(text(random).repeat(random.pick([1, 1, 200]))));
    const input = { "x.gz": joined(...list.map((part) => gzipSync(part))) };
    return { input, expected: digest(joined(...list)) };
  },
  odd: (random) => ({
    "x.gz": random.chance(0.02)
      ? gzipSync(new Uint8Array(2 ** 25 + 2), { level: 1 })
      : joined(
          gzipSync(bytesOf(text(random))),
          random.pick([new Uint8Array(3), random.bytes(4), Uint8Array.of(0x1f, 0x8b, 8)]),
        ),
  }),
  read: async (input) => digest(await unpacked(input["x.gz"], "x.gz")),
  peer: { kind: "gzip", facts: (sha256) => ({ sha256 }) },
});

const textFile = (format: string) =>
  withHeader(`{'descr': '|S${format.length}', 'fortran_order': False, 'shape': (), }`, bytesOf(format));

function sparseParts(random: Random) {
  const n = random.from(0, 5);
  const rows = random.list(n, () =>
    random.shuffled(Array.from({ length: n }, (_, i) => i)).slice(0, random.from(0, n)),
  );
  const indptr = [0, ...rows].map((_, i) => rows.slice(0, i).flat().length);
  return { n, indptr, indices: rows.flat() };
}

function sparseMembers(random: Random, odd: boolean): { list: Member[]; expected: SparseMatrix } {
  const { n, indptr, indices } = sparseParts(random);
  const type = random.pick(["f64", "f32", "u8", "i64"] as const);
  const data = values(type, indices.length, random);
  const whole = () => random.pick(["i32", "i64"] as const);
  const ints = (list: readonly number[]) => {
    const dtype = whole();
    return npyFile(dtype, [list.length], dtype === "i32" ? Int32Array.from(list) : Float64Array.from(list));
  };
  const damaged = (list: readonly number[]) => {
    if (!odd || list.length === 0 || random.chance(0.7)) return list;
    const out = [...list];
    out[random.below(out.length)] = random.pick([-1, n, n + 1, 2e9, 2 ** 31 - 1, -(2 ** 31), random.from(0, 9)]);
    return out;
  };
  const list = [
    { name: "indices.npy", bytes: ints(damaged(indices)) },
    { name: "indptr.npy", bytes: ints(damaged(indptr)) },
    {
      name: "format.npy",
      bytes: textFile(odd && random.chance(0.1) ? random.pick(["coo", "bsr", "", "csr\0", "\u00e4"]) : "csr"),
    },
    { name: "shape.npy", bytes: npyFile("i64", [2], Float64Array.from(damaged([n, n]))) },
    { name: "data.npy", bytes: npyFile(type, [data.length], data) },
  ];
  if (odd && random.chance(0.1)) list.splice(random.below(list.length), 1);
  const expected = {
    n,
    offsets: Uint32Array.from(indptr),
    columns: Uint32Array.from(indices),
    values: Float64Array.from(data),
  };
  return { list, expected };
}

export const npz = target<SparseMatrix>({
  name: "npz",
  weight: 1,
  make(random) {
    const { list, expected } = sparseMembers(random, false);
    return { input: { "x.npz": zipFile(list, random) }, expected };
  },
  odd: (random) => ({
    "x.npz": zipFile(sparseMembers(random, true).list, random, random.chance(0.2) ? lie : undefined),
  }),
  read: (input) => parseSparse(input["x.npz"], "x.npz"),
  flaw: ({ n, offsets, columns, values: weights }) =>
    offsets.length === n + 1 && columns.length === weights.length && columns.every((column) => column < n)
      ? undefined
      : "parts do not fit",
  peer: {
    kind: "npz",
    facts: ({ n, offsets, columns, values: weights }) => ({
      n,
      offsets: [...offsets],
      columns: [...columns],
      values: digest(new Uint8Array(weights.buffer, weights.byteOffset, weights.byteLength)),
    }),
  },
});

/** Dense archives of NumPy's, which nothing of ours opens yet but by its members. */
export const savez = target<Record<string, string>>({
  name: "savez",
  weight: 1,
  make(random) {
    const shape = [random.from(1, 3), random.from(1, 3)];
    const data = values("f32", shape[0] * shape[1], random);
    const input = { "x.npz": zipFile([{ name: "a.npy", bytes: npyFile("f32", shape, data) }], random) };
    return { input, expected: { shape: String(shape), sha256: digest(new Uint8Array(data.buffer)) } };
  },
  async read(input) {
    const { shape, data } = decodeNpy(await new ZipArchive(input["x.npz"], "x.npz").read("a.npy"), "x.npz, a");
    return { shape: String(shape), sha256: digest(new Uint8Array(data.buffer, data.byteOffset, data.byteLength)) };
  },
});
