/** Graphs that `cluster` reads. */
import { SpectroscopeError } from "../../../kernels/errors";
import { type GivenGraph, graphOfList, graphOfMatrix } from "../../../runtime/cluster/given-graph";
import type { SymmetrizeRule } from "../../../runtime/cluster/symmetrize";
import { parseEdgeList, type ReadColumns } from "../../../runtime/formats/edge-list";
import { parseGml } from "../../../runtime/formats/gml";
import { type GraphFormat, graphFormat, konectLayout } from "../../../runtime/formats/graph-format";
import { parseMatrixMarket } from "../../../runtime/formats/matrix-market";
import { parseMetis } from "../../../runtime/formats/metis";
import { isZip, parseSparse } from "../../../runtime/formats/npz";
import { refuseOtherFiles } from "../../../runtime/formats/other-files";
import { refuseOtherEncodings, shown, shownList } from "../../../runtime/formats/text";
import { inputName, readInput } from "./read-input";

/** A graph with what its reader should be told. */
export interface ReadGraph extends GivenGraph {
  readonly format: GraphFormat | "npz";
  readonly header?: string;
  /** What columns of an edge list were read as. */
  readonly columns?: ReadColumns;
  /** Ids of a first line that no other line has. */
  readonly lonely?: readonly [string, string];
  /** The file lists its nodes, in this order. */
  readonly listed?: boolean;
  /** What else the file says of nodes and edges. */
  readonly unread?: readonly string[];
  /** Edges have a direction in the file. */
  readonly directed?: boolean;
}

/**
 * A graph of any form that is read, told by content first and by name second.
 * @param symmetrize what to make of a matrix's entries without a mirror; without it they are refused
 */
export async function readGraph(path: string, symmetrize?: SymmetrizeRule): Promise<ReadGraph> {
  const file = inputName(path);
  const bytes = await readInput(path);
  if (isZip(bytes)) return { format: "npz", ...graphOfMatrix(await parseSparse(bytes, file), file, symmetrize) };
  if (bytes[0] === 0x93)
    throw new SpectroscopeError(`${file}: is a .npy array, not a graph`, {
      hint: "give --matrix for points, or scipy.sparse.save_npz of a csr_matrix for a graph",
    });
  refuseOtherEncodings(bytes, file);
  refuseOtherFiles(bytes, file);
  const format = graphFormat(bytes, file);
  return { format, ...readText(bytes, file, format, symmetrize) };
}

function readText(
  bytes: Uint8Array,
  file: string,
  format: GraphFormat,
  symmetrize?: SymmetrizeRule,
): Omit<ReadGraph, "format"> {
  switch (format) {
    case "Matrix Market":
      return graphOfMatrix(parseMatrixMarket(bytes, file), file, symmetrize, 1);
    case "METIS": {
      const { matrix, nodeNumbers } = parseMetis(bytes, file);
      const unread = nodeNumbers > 0 ? ["weights or sizes of nodes"] : [];
      return { ...graphOfMatrix(matrix, file, symmetrize, 1), unread };
    }
    case "GML": {
      const { unread, directed, ...list } = parseGml(bytes, file);
      return { ...graphOfList(list), listed: true, unread, directed };
    }
    default: {
      const list = parseEdgeList(bytes, file, format === "KONECT" ? konectLayout(bytes) : undefined);
      const { header, columns, lonely } = list;
      return {
        ...graphOfList(list),
        ...(lonely ? { lonely } : {}),
        ...(header === undefined ? {} : { header }),
        ...(columns ? { columns } : {}),
      };
    }
  }
}

/** What a graph's file was taken for, and what of it is not in the graph, a line each. */
export function readWords({
  graph,
  names,
  ids,
  dropped,
  format,
  header,
  columns,
  lonely,
  unread,
  directed,
}: ReadGraph): string[] {
  const { selfLoops, repeats, zeroWeights, oneSided } = dropped;
  const words: string[] = [];
  if (format !== "edge list" && format !== "npz") words.push(`read as ${format}`);
  if (header !== undefined) words.push(`the first line is taken for a header: ${shown(header, 120)}`);
  if (lonely)
    words.push(
      `the first line is taken for an edge, and no other has its ids: ${shown(lonely[0])}, ${shown(lonely[1])}; a header names them source and target`,
    );
  if (columns) {
    const { ends, weight, ignored } = columns;
    const left = ignored.length > 0 ? `; left out: ${shownList(ignored)}` : "";
    words.push(
      `ends are ${shown(ends[0])} and ${shown(ends[1])}, ${weight === null ? "no weight" : `the weight is ${shown(weight)}`}${left}`,
    );
  }
  if (unread && unread.length > 0) words.push(`not read: ${shownList(unread)}`);
  if (directed) words.push("edges have directions there: taken as undirected");
  if (ids && graph.n > 0 && !names) {
    const [first, last] = [ids[0], ids[graph.n - 1]];
    words.push(
      last - first === graph.n - 1
        ? `nodes are numbered from ${first} to ${last}: members are the file's numbers`
        : `nodes are the ${graph.n} numbers that occur of ${first} to ${last}: members are the file's numbers`,
    );
  }
  if (selfLoops > 0) words.push(`self-loops are left out: ${selfLoops}`);
  if (repeats > 0) words.push(`edges given again keep their largest weight: ${repeats} repeats`);
  if (zeroWeights > 0) words.push(`edges of weight 0 are left out: ${zeroWeights}`);
  if (oneSided > 0) words.push(`edges that one row has and the other has not were symmetrized: ${oneSided}`);
  return words;
}
