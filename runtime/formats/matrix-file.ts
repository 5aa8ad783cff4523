/** A matrix out of a file of any kind that is read, told by its first bytes. */
import { SpectroscopeError } from "../../kernels/errors";
import { checkMatrix } from "../statistics/matrix";
import { parseTextMatrix } from "./csv-matrix";
import type { GivenMatrix } from "./given-matrix";
import { decodeNpy } from "./npy";
import { isZip } from "./npz";
import { isParquet, parseParquetMatrix } from "./parquet-matrix";
import { refuseOtherEncodings, shownList } from "./text";
import { ZipArchive } from "./zip";

const READ = "a matrix is a .npy, a Parquet file, or text of numbers (.csv, .tsv)";

const PICKLE = "numpy.save(FILE, numpy.asarray(pandas.read_pickle(PATH)))";

/** Files that people have instead: how they begin, what they are, and what makes a matrix of them. */
const OTHERS: readonly { readonly begin: string; readonly name: string; readonly hint: string }[] = [
  { begin: "\x89HDF", name: "an HDF5 file", hint: "numpy.save(FILE, h5py.File(PATH)[NAME][:])" },
  { begin: "ARROW1", name: "an Arrow or Feather file", hint: "pandas.read_feather(PATH).to_parquet(FILE)" },
  { begin: "MATLAB 5.0", name: "a MATLAB file", hint: "numpy.save(FILE, scipy.io.loadmat(PATH)[NAME])" },
  { begin: "\xfd7zXZ", name: "packed by xz", hint: "unpack it first: unxz" },
  { begin: "BZh", name: "packed by bzip2", hint: "unpack it first: bunzip2" },
  { begin: "\x28\xb5\x2f\xfd", name: "packed by zstd", hint: "unpack it first: unzstd" },
  { begin: "\x80\x04\x95", name: "a Python pickle", hint: PICKLE },
  { begin: "\x80\x05\x95", name: "a Python pickle", hint: PICKLE },
  { begin: "\xd0\xcf\x11\xe0", name: "an Excel workbook", hint: "save the sheet as CSV" },
  {
    begin: "%%MatrixMarket",
    name: "a Matrix Market file",
    hint: "numpy.save(FILE, scipy.io.mmread(PATH).toarray()), or --graph for a graph",
  },
  { begin: "%PDF", name: "a PDF", hint: READ },
];

/** The matrix of a file, which `file` names in errors. @throws SpectroscopeError for anything else, or a value that is not finite */
export async function parseMatrix(bytes: Uint8Array, file: string): Promise<GivenMatrix> {
  if (bytes.length === 0) refuse(file, "is empty", READ);
  // A name that says .npy is held to it.
  if (bytes[0] === 0x93 || /\.npy$/i.test(file)) return npyMatrix(bytes, file);
  if (isParquet(bytes)) return parseParquetMatrix(bytes, file);
  if (isZip(bytes)) return zipMatrix(bytes, file);
  const begin = String.fromCharCode(...bytes.subarray(0, 16));
  const other = OTHERS.find((one) => begin.startsWith(one.begin));
  if (other) refuse(file, `is ${other.name}, which is no matrix that is read`, other.hint);
  refuseOtherEncodings(bytes, file);
  if (bytes.subarray(0, 4096).includes(0)) refuse(file, "is neither text nor .npy nor Parquet", READ);
  if (/^(\xef\xbb\xbf)?\s*(\[\s*[[{"\d-]|\{\s*["}])/.test(begin)) refuse(file, "is JSON", jsonHint(begin, bytes));
  if (/^(%[^\n]*\s+)*@relation\b/i.test(new TextDecoder("latin1").decode(bytes.subarray(0, 4096))))
    refuse(
      file,
      "is ARFF",
      'pandas.DataFrame(scipy.io.arff.loadarff(PATH)[0]).select_dtypes("number").to_csv(FILE, index=False)',
    );
  return parseTextMatrix(bytes, file);
}

/** Lists of numbers are an array; records and columns are pandas'. */
function jsonHint(begin: string, bytes: Uint8Array): string {
  if (/^(\xef\xbb\xbf)?\s*\[\s*[[\d-]/.test(begin)) return "numpy.save(FILE, numpy.array(json.load(open(PATH))))";
  const first = bytes.indexOf(10);
  const lines = /^(\xef\xbb\xbf)?\s*\{/.test(begin) && first > 0 && bytes[first - 1] === 0x7d;
  return `pandas.read_json(PATH${lines ? ", lines=True" : ""}).to_csv(FILE, index=False)`;
}

function refuse(file: string, what: string, hint: string): never {
  throw new SpectroscopeError(`${file}: ${what}`, { hint });
}

const RESHAPE: Readonly<Record<number, string>> = {
  0: "give [rows, columns]: numpy.atleast_2d(x)",
  1: "give [rows, columns]: x[:, None] is a row for each value, x[None, :] one row",
};

function npyMatrix(bytes: Uint8Array, file: string): GivenMatrix {
  const { shape, data } = decodeNpy(bytes, file);
  if (shape.length !== 2) {
    const hint = RESHAPE[shape.length] ?? "give [rows, columns]: x.reshape(len(x), -1) makes a row of each x[i]";
    throw new SpectroscopeError(
      `${file}: has ${shape.length === 1 ? "1 axis" : `${shape.length} axes`}, a matrix has 2`,
      { code: "usage", hint },
    );
  }
  const [rows, cols] = shape;
  if (rows === 0 || cols === 0) refuse(file, `${rows} x ${cols} has no values`, "save what is to be clustered");
  const kept = data instanceof Float64Array || data instanceof Float32Array ? data : Float64Array.from(data);
  const matrix = { rows, cols, data: kept };
  checkMatrix(matrix, file);
  return { matrix, said: [] };
}

/** The one array of a `.npz`. */
async function zipMatrix(bytes: Uint8Array, file: string): Promise<GivenMatrix> {
  const archive = new ZipArchive(bytes, file);
  const names = archive.names;
  if (names.includes("indptr.npy") || names.includes("format.npy"))
    refuse(
      file,
      "is a sparse matrix of SciPy's",
      "--graph reads it as a graph; for points, numpy.save(FILE, A.toarray())",
    );
  if (names.some((name) => name.startsWith("xl/"))) refuse(file, "is an Excel workbook", "save the sheet as CSV");
  const arrays = names.filter((name) => name.endsWith(".npy"));
  if (arrays.length !== 1) {
    const held =
      arrays.length > 1 ? `${arrays.length} arrays: ${shownList(arrays.map((name) => name.slice(0, -4)))}` : "no array";
    refuse(file, `is a zip archive of ${held}`, "save the one that is meant: numpy.save(FILE, numpy.load(PATH)[NAME])");
  }
  const { matrix, said } = npyMatrix(await archive.read(arrays[0]), `${file}, ${arrays[0].slice(0, -4)}`);
  return { matrix, said };
}
