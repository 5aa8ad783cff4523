import type { Csr } from "../../../kernels/graph/csr";

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
