import { makeRandom } from "../../../runtime/cluster/random";
import { groupSizes, nodesOfGroups, shuffledGroups } from "./sizes";
import { EdgeSet, type TruthGraph } from "./truth-graph";

export interface BlockModelOptions {
  n: number;
  /** Block sizes: uniform in the logarithm between these. */
  smallest: number;
  largest: number;
  /** Mean degree. */
  degree: number;
  /** Share of the edges between blocks. */
  mixing: number;
  seed: number;
}

/**
 * A stochastic block model with stated numbers of edges: within a block of s nodes s * degree * (1 - mixing) / 2 pairs
 * drawn without repeats, between blocks n * degree * mixing / 2. So every node has about one degree, whatever its block.
 */
export function blockModel(options: BlockModelOptions): TruthGraph {
  const { n, degree } = options;
  const { uniform } = makeRandom(options.seed);
  const sizes = groupSizes(uniform, n, 1, options.smallest, options.largest);
  const truth = shuffledGroups(uniform, sizes);
  const edges = new EdgeSet(n);
  const pick = (nodes: readonly number[]) => nodes[Math.floor(uniform() * nodes.length)];
  for (const nodes of nodesOfGroups(truth, sizes.length)) {
    const full = (nodes.length * (nodes.length - 1)) / 2;
    const wanted = Math.min(full, Math.round((nodes.length * degree * (1 - options.mixing)) / 2));
    for (let made = 0; made < wanted; ) if (edges.add(pick(nodes), pick(nodes))) made++;
  }
  const wanted = Math.round((n * degree * options.mixing) / 2);
  for (let made = 0; made < wanted; ) {
    const a = Math.floor(uniform() * n);
    const b = Math.floor(uniform() * n);
    if (truth[a] !== truth[b] && edges.add(a, b)) made++;
  }
  return { n, ends: Uint32Array.from(edges.ends), truth };
}
