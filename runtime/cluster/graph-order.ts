/** Orders of a graph's nodes that do not depend on how the nodes are numbered, and the graph in such an order. */
import type { Csr, Graph } from "../../kernels/graph/csr";
import { connectedComponents } from "./components";
import { mix, OrderedPartition } from "./ordered-partition";

/** Rounds in which a node's hash takes in those of its neighbors: after them most nodes of real graphs differ. */
const ROUNDS = 3;

/**
 * A number for each entry's weight in units of the largest, in f32: what a scale of all weights rounds otherwise has the same.
 * Nothing where all weights are 1.
 */
function weightCodes({ weights, unit }: Graph): Uint32Array | undefined {
  if (unit) return undefined;
  let largest = 0;
  for (const w of weights) if (w > largest) largest = w;
  const shares = Float32Array.from(weights, (w) => w / largest);
  const codes = new Uint32Array(shares.buffer);
  for (let e = 0; e < codes.length; e++) codes[e] = mix(codes[e]) | 1;
  return codes;
}

/** Hashes of the nodes' surroundings: sums over neighbors, which know no order, in integers, which round nothing. */
function surroundings({ n, offsets, neighbors }: Csr, codes: Uint32Array | undefined): Uint32Array {
  let hashes = new Int32Array(n);
  for (let v = 0; v < n; v++) hashes[v] = mix(offsets[v + 1] - offsets[v]);
  for (let round = 0; round < ROUNDS; round++) {
    const next = new Int32Array(n);
    for (let v = 0; v < n; v++) {
      const end = offsets[v + 1];
      let sum = Math.imul(hashes[v], 0x9e3779b1);
      if (codes) for (let e = offsets[v]; e < end; e++) sum = (sum + mix(hashes[neighbors[e]] ^ codes[e])) | 0;
      else for (let e = offsets[v]; e < end; e++) sum = (sum + hashes[neighbors[e]]) | 0;
      next[v] = mix(sum);
    }
    hashes = next;
  }
  return new Uint32Array(hashes.buffer);
}

/** Bits of a key that one pass of the sort looks at. */
const DIGIT = 11;

/** `[n]`: numbers from 0 by their keys, those of one key ascending. By digits, the lowest first (radix sort). */
function byKey(keys: Uint32Array): Uint32Array {
  const n = keys.length;
  // Engines hold these as whole numbers before they have compiled anything; of 32 bits without a sign they make objects.
  const bits = new Int32Array(keys.buffer, keys.byteOffset, n);
  const order = new Uint32Array(n);
  for (let v = 0; v < n; v++) order[v] = v;
  const spare = new Uint32Array(n);
  byDigit(bits, 0, order, spare);
  byDigit(bits, DIGIT, spare, order);
  byDigit(bits, 2 * DIGIT, order, spare);
  return spare;
}

function byDigit(bits: Int32Array, shift: number, from: Uint32Array, to: Uint32Array): void {
  const mask = 2 ** DIGIT - 1;
  const starts = new Int32Array(2 ** DIGIT);
  for (let v = 0; v < bits.length; v++) starts[(bits[v] >> shift) & mask]++;
  for (let d = 0, sum = 0; d < starts.length; d++) {
    const count = starts[d];
    starts[d] = sum;
    sum += count;
  }
  for (let i = 0; i < from.length; i++) to[starts[(bits[from[i]] >> shift) & mask]++] = from[i];
}

/** The nodes component by component, and where components begin; within one in the order of `keys`. */
interface Components {
  /** `[n]`. */
  nodes: Uint32Array;
  /** `[components + 1]`. */
  starts: Uint32Array;
}

/** Components by size, the largest first, of one size by the sum of their nodes' keys, then by their lowest node. */
function components(graph: Csr, keys: Uint32Array): Components {
  const { of, members } = connectedComponents(graph);
  const list = members.map((own, index) => {
    let key = 0;
    for (let i = 0; i < own.length; i++) key = (key + mix(keys[own[i]])) >>> 0;
    return { index, size: own.length, key };
  });
  list.sort((a, b) => b.size - a.size || a.key - b.key || a.index - b.index);
  const starts = new Uint32Array(list.length + 1);
  const fill = new Uint32Array(list.length);
  list.forEach(({ index, size }, i) => {
    fill[index] = starts[i];
    starts[i + 1] = starts[i] + size;
  });
  const sorted = byKey(keys);
  const nodes = new Uint32Array(graph.n);
  for (let i = 0; i < sorted.length; i++) nodes[fill[of[sorted[i]]]++] = sorted[i];
  return { nodes, starts };
}

/**
 * The nodes in an order that their graph alone decides: component by component, the largest first and nodes without an edge last;
 * in a component neighbors lie near each other, so that a walk stays where the caches are. A renumbering of the nodes, a scale of
 * the weights and further components change nothing in a component but among nodes that its structure cannot tell apart.
 * @returns `[n]`: the node at each place
 */
export function structureOrder(graph: Graph): Uint32Array {
  const codes = weightCodes(graph);
  const keys = surroundings(graph, codes);
  const { nodes, starts } = components(graph, keys);
  const partition = new OrderedPartition(graph, nodes, keys, codes);
  for (let i = 0; i + 1 < starts.length && starts[i + 1] - starts[i] > 1; i++)
    partition.order(starts[i], starts[i + 1]);
  return nearby(graph, { nodes, starts });
}

/** The same order of components and within them for nodes whose numbers already are an order of their own. */
export function nearbyOrder(graph: Csr): Uint32Array {
  return nearby(
    graph,
    components(
      graph,
      Uint32Array.from({ length: graph.n }, (_, v) => v),
    ),
  );
}

/** Breadth first in each component from its first node (Cuthill and McKee 1969), of a node's neighbors the earlier first. */
function nearby({ n, offsets, neighbors }: Csr, { nodes, starts }: Components): Uint32Array {
  const rank = new Uint32Array(n);
  for (let i = 0; i < n; i++) rank[nodes[i]] = i;
  const order = new Uint32Array(n);
  const seen = new Uint8Array(n);
  let filled = 0;
  for (let i = 0; i + 1 < starts.length; i++) {
    seen[nodes[starts[i]]] = 1;
    order[filled++] = nodes[starts[i]];
    for (let next = starts[i]; next < filled; next++) {
      const v = order[next];
      const from = filled;
      for (let e = offsets[v]; e < offsets[v + 1]; e++) {
        if (seen[neighbors[e]]) continue;
        seen[neighbors[e]] = 1;
        order[filled++] = neighbors[e];
      }
      sortShort(order, from, filled, rank);
    }
  }
  return order;
}

/** Lists up to this length are sorted by insertion. */
const SHORT = 24;

/** Sorts places `from` to `to` - 1 by the ranks of what lies there. */
function sortShort(list: Uint32Array, from: number, to: number, rank: Uint32Array): void {
  if (to - from > SHORT) {
    list.subarray(from, to).sort((a, b) => rank[a] - rank[b]);
    return;
  }
  for (let i = from + 1; i < to; i++) {
    const v = list[i];
    let at = i;
    for (; at > from && rank[list[at - 1]] > rank[v]; at--) list[at] = list[at - 1];
    list[at] = v;
  }
}

/**
 * The graph with node `order[i]` as node i. In time and memory of the graph.
 * @param order distinct nodes: all, or all but some without an edge
 */
export function reordered(graph: Graph, order: Uint32Array): Graph {
  const { offsets, neighbors, weights, unit } = graph;
  const n = order.length;
  const place = new Uint32Array(graph.n);
  const starts = new Uint32Array(n + 1);
  for (let i = 0; i < n; i++) {
    place[order[i]] = i;
    starts[i + 1] = starts[i] + offsets[order[i] + 1] - offsets[order[i]];
  }
  // Rows are filled from neighbors in ascending order, so they ascend.
  const fill = starts.slice(0, n);
  const ids = new Uint32Array(neighbors.length);
  // Weights of 1 are 1 in every order.
  const values = unit ? weights : new Float64Array(neighbors.length);
  for (let i = 0; i < n; i++) {
    const stop = offsets[order[i] + 1];
    for (let e = offsets[order[i]]; e < stop; e++) {
      const at = fill[place[neighbors[e]]]++;
      ids[at] = i;
      if (!unit) values[at] = weights[e];
    }
  }
  const degree = new Float64Array(n);
  let volume = 0;
  for (let i = 0; i < n; i++) {
    let sum = 0;
    if (unit) sum = starts[i + 1] - starts[i];
    else for (let e = starts[i]; e < starts[i + 1]; e++) sum += values[e];
    degree[i] = sum;
    volume += sum;
  }
  return { n, offsets: starts, neighbors: ids, weights: values, degree, volume, unit };
}
