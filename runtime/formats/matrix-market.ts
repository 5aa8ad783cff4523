/**
 * Matrix Market's coordinate format. Source: Boisvert, Pozo and Remington, "The Matrix Market Exchange Formats: Initial Design",
 * NISTIR 5935, 1996.
 */
import { SpectroscopeError } from "../../kernels/errors";
import { decimal } from "./decimal";
import { Lines } from "./delimited";
import { MAX_SPARSITY } from "./node-ids";
import type { SparseMatrix } from "./npz";
import { shown } from "./text";

const BANNER = "%%matrixmarket";

/** Whether bytes begin as a Matrix Market file does. */
export function isMatrixMarket(bytes: Uint8Array): boolean {
  const start = bytes[0] === 0xef ? 3 : 0;
  return new TextDecoder("latin1").decode(bytes.subarray(start, start + BANNER.length)).toLowerCase() === BANNER;
}

type Fail = (what: string, hint: string) => never;

/** What the banner says: whether entries have values, and whether each stands for its mirror too. */
function bannerOf(bytes: Uint8Array, fail: Fail): { pattern: boolean; symmetric: boolean } {
  if (!isMatrixMarket(bytes))
    fail("has no banner of Matrix Market", "the first line is like: %%MatrixMarket matrix coordinate real symmetric");
  const end = bytes.indexOf(10);
  const text = new TextDecoder("latin1").decode(bytes.subarray(0, Math.min(end < 0 ? bytes.length : end, 1000)));
  const [, object = "", format = "", field = "", symmetry = ""] = text.trim().toLowerCase().split(/\s+/);
  if (object !== "matrix") fail(`is a Matrix Market ${shown(object)}`, "a graph is a matrix: scipy.io.mmwrite");
  if (format === "array")
    fail(
      "is a dense Matrix Market array, not a graph",
      "give its rows as points: numpy.save of scipy.io.mmread, then --matrix",
    );
  if (format !== "coordinate")
    fail(`has Matrix Market format ${shown(format)}`, "write coordinate: scipy.io.mmwrite of a sparse matrix");
  if (field === "complex" || symmetry === "hermitian")
    fail("has complex entries, and weights are real", "write their sizes: scipy.io.mmwrite of abs(A)");
  if (!["real", "double", "integer", "unsigned-integer", "pattern"].includes(field))
    fail(`has Matrix Market field ${shown(field)}`, "real, integer and pattern are read");
  if (symmetry === "skew-symmetric")
    fail("is skew-symmetric: half of its entries are negative", "weights are not negative: scipy.io.mmwrite of abs(A)");
  if (symmetry !== "general" && symmetry !== "symmetric")
    fail(`has Matrix Market symmetry ${shown(symmetry)}`, "general and symmetric are read");
  return { pattern: field === "pattern", symmetric: symmetry === "symmetric" };
}

/**
 * Rows and columns count from 1 in the file and from 0 here. Entries of a symmetric file stand for their mirrors too; an entry
 * given twice stays twice. `file` names it in errors. @throws SpectroscopeError with the line
 */
export function parseMatrixMarket(bytes: Uint8Array, file: string): SparseMatrix {
  const fail: Fail = (what, hint) => {
    throw new SpectroscopeError(`${file}: ${what}`, { hint });
  };
  const { pattern, symmetric } = bannerOf(bytes, fail);
  const lines = new Lines(bytes, file, { separator: 0, quotes: false, percent: true });
  const sizes = lines.next() ? [lines.number(0), lines.number(1), lines.number(2)] : [];
  if (sizes.length === 0 || lines.count !== 3 || sizes.some((size) => size < 0))
    throw lines.fault("has no sizes", "the first line behind the comments is: rows columns entries");
  const [rows, cols, claimed] = sizes;
  if (rows !== cols)
    fail(
      `is ${rows} x ${cols}, a graph's matrix is square`,
      "a bipartite graph of A: scipy.sparse.bmat([[None, A], [A.T, None]])",
    );
  // An entry has at least four bytes.
  if (claimed > bytes.length / 4)
    fail(`says ${claimed} entries, and has ${bytes.length} bytes`, "write or copy it again");
  if (rows >= MAX_SPARSITY * (2 * claimed + 1024))
    fail(`has ${rows} rows and ${claimed} entries`, "leave out rows without entries");
  const room = symmetric ? 2 * claimed : claimed;
  const from = new Uint32Array(room);
  const to = new Uint32Array(room);
  const values = new Float64Array(room).fill(1);
  let m = 0;
  let entries = 0;
  while (lines.next()) {
    if (entries === claimed)
      throw lines.fault(`is entry ${entries + 1} of ${claimed}`, "the sizes say how many there are");
    if (lines.count !== (pattern ? 2 : 3))
      throw lines.fault(
        `has ${lines.count} numbers`,
        pattern ? "an entry of a pattern is: row column" : "an entry is: row column value",
      );
    const i = lines.number(0);
    const j = lines.number(1);
    if (!(i >= 1 && i <= rows && j >= 1 && j <= rows))
      throw lines.fault(
        `has entry (${shown(lines.text(0))}, ${shown(lines.text(1))}) of a matrix of ${rows} rows`,
        "rows and columns count from 1",
      );
    const value = pattern ? 1 : entryValue(lines);
    entries++;
    from[m] = i - 1;
    to[m] = j - 1;
    values[m++] = value;
    if (!symmetric || i === j) continue;
    from[m] = j - 1;
    to[m] = i - 1;
    values[m++] = value;
  }
  if (entries < claimed) fail(`has ${entries} of ${claimed} entries`, "it was cut: copy it again");
  return rowsOfEntries(rows, from.subarray(0, m), to.subarray(0, m), values.subarray(0, m));
}

/** The value of an entry; infinite ones and NaN are for whoever makes a graph of it to refuse. */
function entryValue(lines: Lines): number {
  const text = lines.text(2);
  const value = decimal(text);
  if (Number.isNaN(value) && !/^[+-]?(nan|inf(inity)?)$/i.test(text))
    throw lines.fault(`has value ${shown(text)}`, "a value is a decimal number");
  return /inf/i.test(text) ? (text.startsWith("-") ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY) : value;
}

/** Rows of entries in any order; within a row they stay in the order given. */
function rowsOfEntries(n: number, from: Uint32Array, to: Uint32Array, given: Float64Array): SparseMatrix {
  const offsets = new Uint32Array(n + 1);
  for (let i = 0; i < from.length; i++) offsets[from[i] + 1]++;
  for (let v = 0; v < n; v++) offsets[v + 1] += offsets[v];
  const fill = offsets.slice();
  const columns = new Uint32Array(from.length);
  const values = new Float64Array(from.length);
  for (let i = 0; i < from.length; i++) {
    const at = fill[from[i]]++;
    columns[at] = to[i];
    values[at] = given[i];
  }
  return { n, offsets, columns, values };
}
