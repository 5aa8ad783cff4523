import type { Csr, Graph } from "../../../kernels/graph/csr";

/** Connected components, largest first and among equals that of the lowest node first; nodes of each ascend. */
export function components({ n, offsets, neighbors }: Csr): Uint32Array[] {
  const of = new Int32Array(n).fill(-1);
  const queue = new Uint32Array(n);
  const found: Uint32Array[] = [];
  for (let first = 0; first < n; first++) {
    if (of[first] >= 0) continue;
    of[first] = found.length;
    queue[0] = first;
    let end = 1;
    for (let at = 0; at < end; at++)
      for (let e = offsets[queue[at]]; e < offsets[queue[at] + 1]; e++) {
        const u = neighbors[e];
        if (of[u] >= 0) continue;
        of[u] = found.length;
        queue[end++] = u;
      }
    found.push(queue.slice(0, end).sort());
  }
  return found.sort((a, b) => b.length - a.length || a[0] - b[0]);
}

/**
 * A component as a graph of its own, node `i` being `nodes[i]`. Takes time by its own size, however many components there are.
 * @param place `[n]`: scratch; afterwards the place of each of `nodes` in the component
 */
export function componentGraph(graph: Graph, nodes: Uint32Array, place: Uint32Array): Graph {
  const offsets = new Uint32Array(nodes.length + 1);
  const degree = new Float64Array(nodes.length);
  let volume = 0;
  for (let i = 0; i < nodes.length; i++) {
    place[nodes[i]] = i;
    offsets[i + 1] = offsets[i] + graph.offsets[nodes[i] + 1] - graph.offsets[nodes[i]];
    degree[i] = graph.degree[nodes[i]];
    volume += degree[i];
  }
  const neighbors = new Uint32Array(offsets[nodes.length]);
  const weights = new Float64Array(neighbors.length);
  for (let i = 0, m = 0; i < nodes.length; i++)
    for (let e = graph.offsets[nodes[i]]; e < graph.offsets[nodes[i] + 1]; e++) {
      neighbors[m] = place[graph.neighbors[e]];
      weights[m++] = graph.weights[e];
    }
  return { n: nodes.length, offsets, neighbors, weights, degree, volume, unit: graph.unit };
}
