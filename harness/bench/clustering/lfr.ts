/**
 * Graphs after Lancichinetti, Fortunato, Radicchi (2008): power laws of degrees and of community sizes, and of every
 * node's edges the share mu leaves its community. Edges come from a configuration model inside each community and one
 * between them; a stub that would make a loop, a repeat or an edge on the wrong side swaps with another, and the few that
 * find no place are dropped.
 */
import { makeRandom } from "../../../runtime/cluster/random";
import { groupSizes, nodesOfGroups, powerLaw, powerLawMean, shuffle } from "./sizes";
import { EdgeSet, type TruthGraph } from "./truth-graph";

export interface LfrOptions {
  n: number;
  /** Share of a node's edges that leave its community. */
  mu: number;
  /** Mean and largest degree, exponent tau1 of the density. */
  degree: number;
  maxDegree: number;
  degreeExponent: number;
  /** Community sizes, exponent tau2. */
  smallest: number;
  largest: number;
  sizeExponent: number;
  seed: number;
}

/** Passes over the stubs that found no partner. */
const PASSES = 50;

export function lfr(options: LfrOptions): TruthGraph {
  const { n, mu, smallest, largest } = options;
  const { uniform } = makeRandom(options.seed);
  const whole = (x: number) => Math.floor(x) + (uniform() < x - Math.floor(x) ? 1 : 0);
  const low = smallestDegree(options);
  const inner = new Uint32Array(n);
  const outer = new Uint32Array(n);
  for (let v = 0; v < n; v++) {
    const degree = Math.max(1, whole(powerLaw(uniform, options.degreeExponent, low, options.maxDegree)));
    inner[v] = Math.min(largest - 1, whole((1 - mu) * degree));
    outer[v] = degree - inner[v];
  }
  const sizes = groupSizes(uniform, n, options.sizeExponent, smallest, largest);
  const truth = assign(uniform, inner, sizes);
  const edges = new EdgeSet(n);
  for (const nodes of nodesOfGroups(truth, sizes.length)) {
    const stubs = nodes.flatMap((v) => new Array<number>(Math.min(inner[v], nodes.length - 1)).fill(v));
    pair(uniform, stubs, (a, b) => edges.add(a, b));
  }
  const stubs: number[] = [];
  for (let v = 0; v < n; v++) for (let i = 0; i < outer[v]; i++) stubs.push(v);
  pair(uniform, stubs, (a, b) => truth[a] !== truth[b] && edges.add(a, b));
  return { n, ends: Uint32Array.from(edges.ends), truth };
}

/** The lower end of the power law that gives the mean degree, by bisection. */
function smallestDegree({ degree, maxDegree, degreeExponent }: LfrOptions): number {
  let [low, high] = [0.01, degree];
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (powerLawMean(degreeExponent, middle, maxDegree) < degree) low = middle;
    else high = middle;
  }
  return low;
}

/** Communities for nodes: the ones with most inner edges choose first, at random among the free places that can hold them. */
function assign(uniform: () => number, inner: Uint32Array, sizes: readonly number[]): Int32Array {
  const order = shuffle(uniform, Uint32Array.from(inner.keys())).sort((a, b) => inner[b] - inner[a]);
  const bySize = Array.from(sizes.keys()).sort((a, b) => sizes[b] - sizes[a]);
  const truth = new Int32Array(inner.length);
  const places: number[] = [];
  let opened = 0;
  for (const v of order) {
    for (; opened < bySize.length && (sizes[bySize[opened]] > inner[v] || places.length === 0); opened++) {
      for (let i = 0; i < sizes[bySize[opened]]; i++) places.push(bySize[opened]);
    }
    const at = Math.floor(uniform() * places.length);
    truth[v] = places[at];
    places[at] = places[places.length - 1];
    places.pop();
  }
  return truth;
}

/** Pairs stubs at random; those that `join` refuses are shuffled and tried again. */
function pair(uniform: () => number, stubs: number[], join: (a: number, b: number) => boolean): void {
  let left = stubs;
  for (let pass = 0; pass < PASSES && left.length > 1; pass++) {
    shuffle(uniform, left);
    const refused: number[] = [];
    for (let i = 0; i + 1 < left.length; i += 2) if (!join(left[i], left[i + 1])) refused.push(left[i], left[i + 1]);
    left = refused;
  }
}
