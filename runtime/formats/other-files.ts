/** Files that are no text and that nothing here reads, told by their first bytes. */
import { SpectroscopeError } from "../../kernels/errors";

const PICKLE = "write text: of a graph networkx.write_weighted_edgelist(G, 'edges.txt', delimiter='\\t')";

/** First bytes of files that are packed or binary, `?` for any, and what to do with them. */
const MAGIC: readonly (readonly [first: string, name: string, hint: string])[] = [
  ["BZh?1AY&SY", "is packed by bzip2", "unpack it first: bunzip2"],
  ["\xfd7zXZ\0", "is packed by xz", "unpack it first: xz -d"],
  ["\x28\xb5\x2f\xfd", "is packed by zstd", "unpack it first: zstd -d"],
  ["\x04\x22\x4d\x18", "is packed by lz4", "unpack it first: lz4 -d"],
  ["7z\xbc\xaf\x27\x1c", "is a 7z archive", "unpack it first"],
  ["\x89HDF\r\n", "is HDF5", "write text: pandas.read_hdf(FILE).to_csv('x.csv', index=False)"],
  ["PAR1\x15", "is Parquet", "write text: pandas.read_parquet(FILE).to_csv('x.csv', index=False)"],
  ["ARROW1\0\0", "is Arrow", "write text: pandas.read_feather(FILE).to_csv('x.csv', index=False)"],
  [
    "PK\x03\x04",
    "is a zip archive: a workbook of Excel's or a .npz",
    "save the sheet as CSV, or numpy.save(FILE, numpy.load(PATH)[NAME])",
  ],
  ["\x80\x03", "is a pickle of Python's", PICKLE],
  ["\x80\x04", "is a pickle of Python's", PICKLE],
  ["\x80\x05", "is a pickle of Python's", PICKLE],
  [
    "MATLAB 5.0",
    "is a .mat file of MATLAB's",
    "write scipy.sparse.save_npz('g.npz', scipy.sparse.csr_matrix(scipy.io.loadmat(FILE)[NAME]))",
  ],
  ["SQLite format 3", "is a database of SQLite's", "write its table as text"],
  ["\xd0\xcf\x11\xe0", "is a workbook of Excel's", "save it as CSV"],
];

/** @throws SpectroscopeError for bytes of a packing or a binary form that is not read */
export function refuseOtherFiles(bytes: Uint8Array, file: string): void {
  const match = MAGIC.find(([first]) =>
    [...first].every((letter, i) => letter === "?" || bytes[i] === letter.charCodeAt(0)),
  );
  if (match) throw new SpectroscopeError(`${file}: ${match[1]}`, { hint: match[2] });
}
