import { deflateRawSync } from "node:zlib";
import * as assert from "uvu/assert";
import { refused as refusedLine } from "../../harness/test/refused";
import { suite } from "../../harness/test/suite";
import { encodeNpy, type NpyInput } from "./npy";
import { isZip, parseSparse } from "./npz";
import { crc32, ZipArchive } from "./zip";

const test = suite("runtime/formats/npz");
const refused = (bytes: Uint8Array, pattern: RegExp) =>
  refusedLine(parseSparse(bytes, "graph.npz"), /^graph\.npz/, pattern);

// scipy.sparse.save_npz (SciPy 1.17.1, NumPy 2.4.6) of csr_matrix([[0,2,0,1.5],[2,0,3,0],[0,3,0,0],[1.5,0,0,0]]).
const SCIPY = Buffer.from(
  "UEsDBC0AAAAIAAAAIQAXPMoS//////////8LABQAaW5kaWNlcy5ucHkBABAAmAAAAAAAAABRAAAAAAAAAJvsF+obEMnIUMZQrZ6SWpxcpG6l" +
    "oG6TaaKuo6Cell9UUpSYF59flJIKEndLzClOBYoXZyQWpAL5GmY6mjoKtQoUAC5GBgYGZgYIYAJiRigbAFBLAwQtAAAACAAAACEAKyz2yf//" +
    "////////CgAUAGluZHB0ci5ucHkBABAAlAAAAAAAAABRAAAAAAAAAJvsF+obEMnIUMZQrZ6SWpxcpG6loG6TaaKuo6Cell9UUpSYF59flJIK" +
    "EndLzClOBYoXZyQWpAL5GqY6mjoKtQoUAC4GIGACYhYgZgViNiAGAFBLAwQtAAAACAAAACEAo8N0l///////////CgAUAGZvcm1hdC5ucHkB" +
    "ABAAgwAAAAAAAABFAAAAAAAAAJvsF+obEMnIUMZQrZ6SWpxcpG6loF4TbKyuo6Cell9UUpSYF59flJIKEndLzClOBYoXZyQWpAL5Gpo6CrUK" +
    "FAGu5OIiAFBLAwQtAAAACAAAACEAnSgqVf//////////CQAUAHNoYXBlLm5weQEAEACQAAAAAAAAAEkAAAAAAAAAm+wX6hsQychQxlCtnpJa" +
    "nFykbqWgbpNpoa6joJ6WX1RSlJgXn1+UkgoSd0vMKU4FihdnJBakAvkaRjqaOgq1ChQALhYGCIDRAFBLAwQtAAAACAAAACEAWIAJSP//////" +
    "////CAAUAGRhdGEubnB5AQAQALAAAAAAAAAAUgAAAAAAAACb7BfqGxDJyFDGUK2eklqcXKRupaBuk2ahrqOgnpZfVFKUmBefX5SSChJ3S8wp" +
    "TgWKF2ckFqQC+RpmOpo6CrUKFAAuBghwgFA/7FH5HGj0D3sAUEsBAi0DLQAAAAgAAAAhABc8yhJRAAAAmAAAAAsAAAAAAAAAAAAAAIABAAAA" +
    "AGluZGljZXMubnB5UEsBAi0DLQAAAAgAAAAhACss9slRAAAAlAAAAAoAAAAAAAAAAAAAAIABjgAAAGluZHB0ci5ucHlQSwECLQMtAAAACAAA" +
    "ACEAo8N0l0UAAACDAAAACgAAAAAAAAAAAAAAgAEbAQAAZm9ybWF0Lm5weVBLAQItAy0AAAAIAAAAIQCdKCpVSQAAAJAAAAAJAAAAAAAAAAAA" +
    "AACAAZwBAABzaGFwZS5ucHlQSwECLQMtAAAACAAAACEAWIAJSFIAAACwAAAACAAAAAAAAAAAAAAAgAEgAgAAZGF0YS5ucHlQSwUGAAAAAAUA" +
    "BQAWAQAArAIAAAAA",
  "base64",
);

test("a file of SciPy's", async () => {
  assert.ok(isZip(SCIPY));
  const { n, offsets, columns, values } = await parseSparse(SCIPY, "graph.npz");
  assert.equal([n, [...offsets], [...columns]], [4, [0, 2, 4, 5, 6], [1, 3, 0, 2, 1, 0]]);
  assert.equal([...values], [2, 1.5, 2, 3, 3, 1.5]);
});

/** An archive, deflated or stored. */
function zip(members: Record<string, Uint8Array>, method: 0 | 8, change?: (entry: Buffer) => void): Uint8Array {
  const local: Buffer[] = [];
  const central: Buffer[] = [];
  let at = 0;
  for (const [name, bytes] of Object.entries(members)) {
    const packed = method === 8 ? deflateRawSync(bytes) : Buffer.from(bytes);
    const head = Buffer.alloc(30);
    head.writeUInt32LE(0x04034b50, 0);
    head.writeUInt16LE(name.length, 26);
    local.push(head, Buffer.from(name), packed);
    const entry = Buffer.alloc(46);
    entry.writeUInt32LE(0x02014b50, 0);
    entry.writeUInt16LE(method, 10);
    entry.writeUInt32LE(crc32(bytes), 16);
    entry.writeUInt32LE(packed.length, 20);
    entry.writeUInt32LE(bytes.length, 24);
    entry.writeUInt16LE(name.length, 28);
    entry.writeUInt32LE(at, 42);
    change?.(entry);
    central.push(entry, Buffer.from(name));
    at += 30 + name.length + packed.length;
  }
  const directory = Buffer.concat(central);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(Object.keys(members).length, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(at, 16);
  return new Uint8Array(Buffer.concat([...local, directory, end]));
}

const npy = (array: NpyInput) => new Uint8Array(Buffer.concat(encodeNpy(array)));
const list = (data: NpyInput["data"]): NpyInput => ({ shape: [data.length], data });

/** Format `csr` as NumPy saves it: an array of no axes and three bytes. */
function formatArray(name: string): Uint8Array {
  const bytes = npy({ shape: [], data: new Uint8Array(1) });
  const text = Buffer.from(bytes.subarray(0, bytes.length - 1))
    .toString("latin1")
    .replace("'|u1'", `'|S${name.length}'`);
  return Buffer.from(text + name, "latin1");
}

interface Parts {
  format?: string;
  shape?: number[];
  indptr?: number[];
  indices?: number[];
  data?: NpyInput;
}

const parts = ({ format = "csr", shape = [2, 2], indptr = [0, 1, 2], indices = [1, 0], data }: Parts) => ({
  "format.npy": formatArray(format),
  "shape.npy": npy({ ...list(Float64Array.from(shape)), dtype: "i64" }),
  "indptr.npy": npy(list(Int32Array.from(indptr))),
  "indices.npy": npy(list(Int32Array.from(indices))),
  "data.npy": npy(data ?? list(Float64Array.from(indices, () => 1))),
});

test("stored and deflated; truth values and f32 for data", async () => {
  for (const method of [0, 8] as const)
    assert.equal([...(await parseSparse(zip(parts({}), method), "graph.npz")).columns], [1, 0]);
  const members = parts({ data: list(Uint8Array.of(1, 1)) });
  const bool = Buffer.from(Buffer.from(members["data.npy"]).toString("latin1").replace("|u1", "|b1"), "latin1");
  assert.equal([...(await parseSparse(zip({ ...members, "data.npy": bool }, 8), "graph.npz")).values], [1, 1]);
  const single = parts({ data: list(Float32Array.of(0.5, 0.5)) });
  assert.equal([...(await parseSparse(zip(single, 8), "graph.npz")).values], [0.5, 0.5]);
});

test("what is no square CSR matrix is refused with its reason", async () => {
  const bad = (changed: Parts, pattern: RegExp) => refused(zip(parts(changed), 8), pattern);
  await bad({ format: "coo" }, /is in format "coo", csr is read; write scipy\.sparse\.save_npz/);
  await bad({ shape: [2, 3] }, /is 2 x 3; a graph's matrix is square/);
  await bad({ indptr: [0, 1] }, /indptr has 2 entries from 0 to 1, expected 3 from 0 to 2/);
  await bad({ indptr: [0, 1, 3] }, /from 0 to 3, expected 3 from 0 to 2/);
  await bad({ indptr: [0, 2, 1, 2], shape: [3, 3] }, /indptr falls from 2 to 1 at row 1/);
  await bad({ indices: [1, 2] }, /row 1 has column 2, but there are 2/);
  await bad({ indices: [1, -1] }, /row 1 has column -1/);
  await bad({ data: list(Float64Array.of(1)) }, /has 1 values for 2 indices/);
  const { "indptr.npy": _, ...without } = parts({});
  await refused(zip(without, 8), /has no indptr\.npy, so it is no sparse matrix/);
});

test("archives that are damaged, packed otherwise, or zip64", async () => {
  const whole = zip(parts({}), 8);
  await refused(whole.subarray(0, whole.length - 8), /not a whole zip archive/);
  const flipped = zip(parts({}), 0).slice();
  // A value within indices.npy: after the headers of the archive and of the array.
  const at = Buffer.from(flipped).lastIndexOf(Buffer.from(Int32Array.of(1, 0).buffer));
  flipped[at]++;
  await refused(flipped, /indices\.npy is not what its checksum says/);
  const cut = whole.slice();
  cut.fill(0x55, 60, 80);
  await refused(cut, /damaged zip archive|checksum/);
  await refused(
    zip(parts({}), 8, (entry) => entry.writeUInt16LE(14, 10)),
    /packed by method 14/,
  );
  await refused(
    zip(parts({}), 8, (entry) => entry.writeUInt32LE(0xffffffff, 24)),
    /zip64 archive, which is not read/,
  );
  await refused(
    zip(parts({}), 8, (entry) => entry.writeUInt16LE(1, 8)),
    /is encrypted/,
  );
  await refusedLine(new ZipArchive(whole, "graph.npz").read("no.npy"), /has no no\.npy/);
  // The check value of CRC-32.
  assert.is(crc32(new TextEncoder().encode("123456789")), 0xcbf43926);
});

test("sizes that an archive claims are held against it before anything is unpacked", async () => {
  const claim = (size: number) => zip(parts({}), 8, (entry) => entry.writeUInt32LE(size, 24));
  await refused(claim(4e9), /format\.npy says that it has 4000000000 bytes, 33554432 are unpacked of an archive of/);
  await refused(claim(3e7), /damaged zip archive/);
  await refused(
    zip(parts({}), 0, (entry) => entry.writeUInt32LE(3e7, 24)),
    /has \d+ bytes and says 30000000/,
  );
  const zeros = zip({ "a.npy": new Uint8Array(2 ** 25 + 1) }, 8);
  await refusedLine(new ZipArchive(zeros, "a.npz").read("a.npy"), /33554433 bytes, 33554432 are unpacked/);
  await refused(zip(parts({ shape: [2e9, 2e9] }), 8), /indptr has 3 entries from 0 to 2, expected 2000000001/);
  await refused(zip(parts({ shape: [-1, -1], indptr: [] }), 8), /has -1 nodes/);
  await refused(zip({ ...parts({}), "shape.npy": npy({ shape: [1, 2], data: Int32Array.of(2, 2) }) }, 8), /2 axes/);
});

test("members by one name, or by another than their directory says", async () => {
  const twice = Buffer.from(zip({ "format.npy": formatArray("csr"), "fOrmat.npy": formatArray("csr") }, 0));
  for (let at = twice.indexOf("fOrmat"); at >= 0; at = twice.indexOf("fOrmat")) twice.write("format", at);
  await refused(new Uint8Array(twice), /it holds format\.npy twice/);
  const other = Buffer.from(zip(parts({}), 0));
  other.write("fOrmat", other.indexOf("format"));
  await refused(new Uint8Array(other), /format\.npy is named otherwise/);
  const latin = Buffer.from(zip(parts({}), 0));
  latin[latin.lastIndexOf("format")] = 0xe4;
  await refused(new Uint8Array(latin), /name of entry 0 is not UTF-8/);
});

test("a directory that has other bytes than the entries that are counted is damaged", () => {
  const whole = Buffer.from(zip({ a: Uint8Array.of(1), b: Uint8Array.of(2) }, 0));
  assert.equal(new ZipArchive(whole, "f").names, ["a", "b"]);
  for (const count of [0, 1]) {
    const cut = Buffer.from(whole);
    // The number of entries in the record at the end.
    cut.writeUInt16LE(count, cut.length - 12);
    assert.throws(
      () => new ZipArchive(cut, "f"),
      (error: Error) => /its directory of \d entries has \d+ bytes, not 94/.test(error.message),
    );
  }
});

test.run();
