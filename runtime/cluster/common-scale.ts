/** One scale of edge weights for all graphs: weights say how much stronger one tie is than another, and nothing by their size. */
import type { Graph } from "../../kernels/graph/csr";
import { exponentOf, timesPowerOfTwo } from "../../kernels/power-of-two";

/**
 * Weights below this, where the mean is 1 to 2, count as this: nodes of so little degree would vanish in the f32 in which the
 * search holds degrees. It is as far below the mean as nothing that a conductance shows.
 */
const LEAST = 2 ** -100;

/**
 * The graph with its weights times the power of two that brings their mean into [1, 2); with weights of one value, the graph
 * of weights 1. One with such a mean comes back as it is.
 */
export function commonScale(graph: Graph): Graph {
  const { weights, volume, unit } = graph;
  if (unit || weights.length === 0) return graph;
  const [first] = weights;
  if (weights.every((weight) => weight === first)) {
    const { n, offsets } = graph;
    const degree = Float64Array.from({ length: n }, (_, v) => offsets[v + 1] - offsets[v]);
    return { ...graph, weights: new Float64Array(weights.length).fill(1), degree, volume: weights.length, unit: true };
  }
  const exponent = -exponentOf(volume / weights.length);
  const least = weights.some((weight) => timesPowerOfTwo(weight, exponent) < LEAST);
  if (exponent === 0 && !least) return graph;
  const scaled = weights.map((weight) => Math.max(LEAST, timesPowerOfTwo(weight, exponent)));
  return { ...graph, weights: scaled, ...degreesOf(graph, scaled) };
}

/** Sums in the order in which `checkCsr` makes them. */
function degreesOf({ n, offsets }: Graph, weights: Float64Array): { degree: Float64Array; volume: number } {
  const degree = new Float64Array(n);
  let volume = 0;
  for (let v = 0; v < n; v++) {
    for (let e = offsets[v]; e < offsets[v + 1]; e++) degree[v] += weights[e];
    volume += degree[v];
  }
  return { degree, volume };
}
