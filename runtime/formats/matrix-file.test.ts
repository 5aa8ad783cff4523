import * as assert from "uvu/assert";
import { suite } from "../../harness/test/suite";
import { SpectroscopeError } from "../../kernels/errors";
import { parseMatrix } from "./matrix-file";
import { encodeNpy, type NpyInput } from "./npy";
import { FILES } from "./parquet-cases";
import { crc32 } from "./zip";

const test = suite("runtime/formats/matrix-file");
const npy = (array: NpyInput) => new Uint8Array(Buffer.concat(encodeNpy(array)));
const square = npy({ shape: [2, 2], data: Uint8Array.of(1, 2, 3, 4) });
const latin = (text: string) => new Uint8Array(Buffer.from(text, "latin1"));

/** A zip archive of stored members. */
function zipOf(members: Readonly<Record<string, Uint8Array>>): Uint8Array {
  const locals: Buffer[] = [];
  const central: Buffer[] = [];
  let at = 0;
  for (const [name, data] of Object.entries(members)) {
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt32LE(crc32(data), 10);
    common.writeUInt32LE(data.length, 14);
    common.writeUInt32LE(data.length, 18);
    common.writeUInt16LE(name.length, 22);
    const local = Buffer.concat([Buffer.from("PK\x03\x04"), common, Buffer.from(name), data]);
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE(at, 10);
    central.push(Buffer.concat([Buffer.from("PK\x01\x02\x14\x00"), common, rest, Buffer.from(name)]));
    locals.push(local);
    at += local.length;
  }
  const directory = Buffer.concat(central);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(central.length, 4);
  end.writeUInt16LE(central.length, 6);
  end.writeUInt32LE(directory.length, 8);
  end.writeUInt32LE(at, 12);
  return new Uint8Array(Buffer.concat([...locals, directory, Buffer.from("PK\x05\x06"), end]));
}

async function refused(bytes: Uint8Array, line: RegExp, exitCode = 1): Promise<void> {
  const error = await parseMatrix(bytes, "x").then(
    () => undefined,
    (cause) => cause,
  );
  assert.ok(error instanceof SpectroscopeError, `${line}: ${error}`);
  assert.match(error.line, line);
  assert.is(error.exitCode, exitCode);
}

test("told by content: .npy, a .npz of one array, Parquet, text", async () => {
  const expected = { rows: 2, cols: 2, data: Float64Array.of(1, 2, 3, 4) };
  assert.equal((await parseMatrix(square, "x")).matrix, expected);
  assert.equal((await parseMatrix(zipOf({ "arr_0.npy": square }), "x")).matrix, expected);
  assert.equal((await parseMatrix(latin("1,2\n3,4\n"), "x")).matrix, expected);
  const floats = npy({ shape: [1, 2], data: Float32Array.of(0.5, 2) });
  assert.equal((await parseMatrix(floats, "x")).matrix.data, Float32Array.of(0.5, 2));
  const { matrix } = await parseMatrix(new Uint8Array(Buffer.from(FILES.snappy, "base64")), "x");
  assert.equal([matrix.rows, matrix.cols], [16, 1]);
});

test("arrays of another number of axes, or of nothing, say what to do", async () => {
  const of = (shape: number[]) => npy({ shape, data: new Uint8Array(shape.reduce((a, b) => a * b, 1)) });
  await refused(of([]), /^x: has 0 axes, a matrix has 2; .*atleast_2d/, 2);
  await refused(of([3]), /^x: has 1 axis, a matrix has 2; .*x\[:, None\]/, 2);
  await refused(of([2, 2, 2]), /^x: has 3 axes.*x\.reshape\(len\(x\), -1\)/, 2);
  await refused(of([0, 5]), /^x: 0 x 5 has no values/);
  await refused(npy({ shape: [1, 2], data: Float32Array.of(1, Number.NaN) }), /value NaN at row 0, column 1/);
});

test("archives of several arrays, of a sparse matrix, of a workbook", async () => {
  await refused(
    zipOf({ "a.npy": square, "b.npy": square }),
    /zip archive of 2 arrays: a, b; .*numpy\.load\(PATH\)\[NAME\]/,
  );
  await refused(zipOf({ "a.txt": square }), /zip archive of no array/);
  await refused(zipOf({ "indptr.npy": square, "format.npy": square }), /sparse matrix.*--graph.*toarray/);
  await refused(zipOf({ "xl/workbook.xml": square }), /Excel workbook; save the sheet as CSV/);
});

test("files of other programs are refused by name, with what makes a matrix of them", async () => {
  const lines: readonly (readonly [string, RegExp])[] = [
    ["", /is empty/],
    ["\x89HDF\r\n\x1a\n", /HDF5.*h5py/],
    ["ARROW1\0\0", /Feather.*to_parquet/],
    ["MATLAB 5.0 MAT-file", /MATLAB.*loadmat/],
    ["\xfd7zXZ\0", /xz; unpack|xz,.*unxz/],
    ["BZh91AY", /bzip2.*bunzip2/],
    ["\x28\xb5\x2f\xfd\0", /zstd.*unzstd/],
    ["\x80\x04\x95\0\0", /pickle.*numpy\.save/],
    ["\xd0\xcf\x11\xe0", /Excel/],
    ["%%MatrixMarket matrix coordinate", /Matrix Market.*mmread/],
    ["[[1, 2], [3, 4]]", /is JSON.*json\.load/],
    ['\xef\xbb\xbf{"a": 1}', /is JSON.*read_json\(PATH\)/],
    ['[{"a": 1}]', /is JSON.*read_json\(PATH\)\.to_csv/],
    ['{"a": 1}\n{"a": 2}\n', /is JSON.*lines=True/],
    ["% a comment\n@RELATION iris\n@ATTRIBUTE a NUMERIC\n@DATA\n1\n", /is ARFF.*loadarff/],
    ["\x01\x00\x02\x00", /neither text nor \.npy nor Parquet/],
    ["\xff\xfe1\x00", /UTF-16.*iconv/],
    ["a,b\n1,\xe4\n", /not UTF-8: byte 0xe4 in line 2/],
  ];
  for (const [begin, line] of lines) await refused(latin(begin), line);
});

test.run();
