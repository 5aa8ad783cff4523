/** Graphs that `cluster` reads. */
import { SpectroscopeError } from "../../../kernels/errors";
import { type GivenGraph, graphOfList, graphOfMatrix } from "../../../runtime/cluster/given-graph";
import type { SymmetrizeRule } from "../../../runtime/cluster/symmetrize";
import { parseEdgeList } from "../../../runtime/formats/edge-list";
import { isZip, parseSparse } from "../../../runtime/formats/npz";
import { refuseOtherEncodings, shown } from "../../../runtime/formats/text";
import { readUnpacked } from "../../../runtime/node/gzip";

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
