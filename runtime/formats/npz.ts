/** SciPy's sparse matrices on disk (`scipy.sparse.save_npz`), compressed sparse rows only. */
import { SpectroscopeError } from "../../kernels/errors";
import { decodeNpy, type NpyArray, npyHeader } from "./npy";
import { shown, shownList } from "./text";
import { ZipArchive } from "./zip";

/** A square matrix as compressed sparse rows, as it is stored: rows in any order within, anything for values. */
export interface SparseMatrix {
  readonly n: number;
  /** `[n + 1]`, ascending from 0. */
  readonly offsets: Uint32Array;
  /** `[offsets[n]]`, each below n. */
  readonly columns: Uint32Array;
  /** `[offsets[n]]`. */
  readonly values: Float64Array;
}

/** Whether bytes begin as a zip archive's do. */
export const isZip = (bytes: Uint8Array) => bytes[0] === 0x50 && bytes[1] === 0x4b;

/** Read a square CSR matrix; `file` names it in errors. @throws SpectroscopeError for another format, shape or index out of range */
export async function parseSparse(bytes: Uint8Array, file: string): Promise<SparseMatrix> {
  const fail = (what: string, hint: string): never => {
    throw new SpectroscopeError(`${file}: ${what}`, { hint });
  };
  const archive = new ZipArchive(bytes, file);
  const remedy = "write scipy.sparse.save_npz(file, scipy.sparse.csr_matrix(A))";
  const need = async (name: string) => {
    if (!archive.has(`${name}.npy`)) fail(`has no ${name}.npy, so it is no sparse matrix of SciPy's`, remedy);
    return archive.read(`${name}.npy`);
  };
  const format = formatName(await need("format"), `${file}, format`);
  if (format !== "csr") fail(`is in format "${shown(format)}", csr is read`, remedy);
  const member = async (name: string) => {
    const where = `${file}, ${name}`;
    const array = decodeNpy(await need(name), where);
    if (array.shape.length !== 1) fail(`${name} has ${array.shape.length} axes, expected 1`, remedy);
    return array;
  };
  const shape = Array.from((await member("shape")).data);
  const [n] = shape;
  if (shape.length !== 2 || shape[1] !== n)
    fail(`is ${shownList(shape, " x ")}; a graph's matrix is square`, "give n x n");
  if (!(Number.isInteger(n) && n >= 0 && n < 2 ** 31)) fail(`has ${n} nodes`, "0 to 2^31 - 1 are read");
  const indptr = (await member("indptr")).data;
  const indices = (await member("indices")).data;
  const count = indices.length;
  if (indptr.length !== n + 1 || indptr[0] !== 0 || indptr[n] !== count)
    fail(
      `indptr has ${indptr.length} entries from ${indptr[0]} to ${indptr[indptr.length - 1]}, expected ${n + 1} from 0 to ${count}`,
      remedy,
    );
  const data = await member("data");
  if (data.data.length !== count) fail(`has ${data.data.length} values for ${count} indices`, remedy);
  for (let v = 0; v < n; v++) {
    if (!(indptr[v + 1] >= indptr[v])) fail(`indptr falls from ${indptr[v]} to ${indptr[v + 1]} at row ${v}`, remedy);
    for (let i = indptr[v]; i < indptr[v + 1]; i++)
      if (!(indices[i] >= 0 && indices[i] < n && Number.isInteger(indices[i])))
        fail(`row ${v} has column ${indices[i]}, but there are ${n}`, "columns run from 0 to n - 1");
  }
  return { n, offsets: new Uint32Array(indptr), columns: new Uint32Array(indices), values: wide(data) };
}

const wide = ({ data }: NpyArray) => (data instanceof Float64Array ? data : Float64Array.from(data));

/** The text in a 0-dimensional array of bytes (`|S3`) or of UCS-4 letters in either order (`<U3`). */
function formatName(npy: Uint8Array, file: string): string {
  const { descr, shape, start } = npyHeader(npy, file);
  const letters = /^(\|S|[<>]U)([1-9]\d?)$/.exec(descr);
  const bytes = letters ? Number(letters[2]) * (letters[1] === "|S" ? 1 : 4) : -1;
  if (shape.length !== 0 || npy.length !== start + bytes)
    throw new SpectroscopeError(`${file}: is no short text, but ${shown(descr)} (${shownList(shape)})`, {
      hint: "write it with scipy.sparse.save_npz",
    });
  return String.fromCharCode(...npy.subarray(start).filter((byte) => byte !== 0));
}
