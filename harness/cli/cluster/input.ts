/** What `cluster` reads besides runs: matrices, graphs, labels. */
import { realpath } from "node:fs/promises";
import { resolve } from "node:path";
import { SpectroscopeError } from "../../../kernels/errors";
import { type GivenGraph, graphOfList, graphOfMatrix } from "../../../runtime/cluster/given-graph";
import type { SymmetrizeRule } from "../../../runtime/cluster/symmetrize";
import { usage } from "../../../runtime/config/schema";
import { parseEdgeList } from "../../../runtime/formats/edge-list";
import type { GivenLabels } from "../../../runtime/formats/labels";
import { decodeNpy } from "../../../runtime/formats/npy";
import { isZip, parseSparse } from "../../../runtime/formats/npz";
import { refuseOtherEncodings, shown } from "../../../runtime/formats/text";
import { readUnpacked } from "../../../runtime/node/gzip";
import { checkOutput, finalPlace } from "../../../runtime/node/output-file";
import { checkMatrix, type Matrix } from "../../../runtime/statistics/matrix";

/** @throws SpectroscopeError naming the file: not .npy, not two axes, a value that is not finite */
export async function readMatrix(path: string): Promise<Matrix> {
  const { shape, data } = decodeNpy(await readUnpacked(path), path);
  if (shape.length !== 2) throw usage(`${path}: has ${shape.length} axes, a matrix has 2`, "give [rows, columns]");
  const kept = data instanceof Float64Array || data instanceof Float32Array ? data : Float64Array.from(data);
  const matrix = { rows: shape[0], cols: shape[1], data: kept };
  checkMatrix(matrix, path);
  return matrix;
}

/** A graph with what its reader should be told. */
export interface ReadGraph extends GivenGraph {
  readonly header?: string;
}

/**
 * An edge list or a sparse matrix of SciPy's, told by content.
 * @param symmetrize what to make of entries without a mirror; without it they are refused
 */
export async function readGraph(path: string, symmetrize?: SymmetrizeRule): Promise<ReadGraph> {
  const bytes = await readUnpacked(path);
  if (isZip(bytes)) return graphOfMatrix(await parseSparse(bytes, path), path, symmetrize);
  if (bytes[0] === 0x93)
    throw new SpectroscopeError(`${path}: is a .npy array, not a graph`, {
      hint: "give --matrix for points, or scipy.sparse.save_npz of a csr_matrix for a graph",
    });
  refuseOtherEncodings(bytes, path);
  if (bytes.subarray(0, 4096).includes(0))
    throw new SpectroscopeError(`${path}: is neither text nor .npz`, { hint: "give an edge list or a .npz" });
  const list = parseEdgeList(bytes, path);
  return { ...graphOfList(list), ...(list.header === undefined ? {} : { header: list.header }) };
}

/** What of a graph's file is not in the graph, a line each. */
export function droppedWords({ dropped, header }: ReadGraph): string[] {
  const { selfLoops, repeats, zeroWeights, oneSided } = dropped;
  return [
    ...(header === undefined ? [] : [`the first line is taken for a header: ${shown(header, 120)}`]),
    ...(selfLoops > 0 ? [`self-loops are left out: ${selfLoops}`] : []),
    ...(repeats > 0 ? [`edges given again keep their largest weight: ${repeats} repeats`] : []),
    ...(zeroWeights > 0 ? [`edges of weight 0 are left out: ${zeroWeights}`] : []),
    ...(oneSided > 0 ? [`edges that one row has and the other has not were symmetrized: ${oneSided}`] : []),
  ];
}

/** @throws SpectroscopeError unless there is a label for each of so many rows */
export function checkLabels(labels: GivenLabels | undefined, path: string | undefined, rows: number): void {
  if (labels && labels.numbers.length !== rows)
    throw new SpectroscopeError(`${path}: ${labels.numbers.length} labels for ${rows} rows`, {
      hint: "give one a row; an empty line for none",
    });
}

/** Asked before long work. @throws SpectroscopeError when the result would lie over an input, or cannot be written */
export async function checkOut(out: string, inputs: Readonly<Record<string, string | undefined>>): Promise<void> {
  await checkOutput(out);
  const place = await finalPlace(out);
  for (const [name, path] of Object.entries(inputs))
    if (path !== undefined && (await realpath(path).catch(() => resolve(path))) === place)
      throw usage(`--out ${out} is the file of --${name}`, "write the clusters somewhere else");
}
