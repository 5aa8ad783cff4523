/**
 * The definition of the graph kernels: plain loops in f64. The WebAssembly in `assembly/` performs the same operations in
 * the same order and must agree bit for bit.
 *
 * Local clustering after Andersen, Chung, Lang (2006): approximate personalized PageRank by push, then a sweep cut.
 */
import type { Graph } from "./csr";

/** How the sweep picks a prefix; see `pickPrefix`. */
export const SWEEP_RULES = ["global", "first_local", "prominent"] as const;
export type SweepRule = (typeof SWEEP_RULES)[number];

/** A profile has left a valley when it has risen by this factor over the valley's floor. */
export const VALLEY_RISE = 1.05;
/** A seed in the main body stands for one node in this many. */
const BODY_PART = 100;
/** A cut below this share of the volume is a rounding residue of 0: the set is a union of whole components. */
export const CUT_FLOOR = 1e-12;

/** A walk in progress: `beginWalk`, then `growWalk` down to smaller and smaller tolerances. */
export interface Walk {
  /** Nodes with mass, in the order in which they were first reached. */
  nodes: number[];
  /** Nodes that were pushed, in the order of their first push: those with p > 0. */
  pushed: number[];
  p: Float64Array;
  residual: Float64Array;
  pushes: number;
}

export interface PushResult {
  /** Nodes with mass, in the order in which they were first reached. */
  nodes: Uint32Array;
  /** PageRank estimate of each of `nodes`; 0 where only residual has arrived. */
  p: Float64Array;
  /** Residual left at each of `nodes`: at most `tolerance * degree`. */
  residual: Float64Array;
  /** Number of push operations. */
  pushes: number;
}

export function beginWalk(graph: Graph, seed: number): Walk {
  const residual = new Float64Array(graph.n);
  residual[seed] = 1;
  return { nodes: [seed], pushed: [], p: new Float64Array(graph.n), residual, pushes: 0 };
}

/**
 * Goes on by push, first in first out. While a node has residual r >= tolerance * degree: p gains alpha r and the rest goes
 * to the neighbors by weight; on the lazy walk the node keeps half of the rest. What is left at the node is queued before
 * its neighbors receive, a neighbor when it passes the threshold: the order of LocalGraphClustering, and it decides which
 * nodes have p > 0. The threshold takes the degree in single precision. The sum of p and residual stays 1. Stops after
 * `maxPushes` in all.
 */
export function growWalk(
  graph: Graph,
  walk: Walk,
  alpha: number,
  lazy: boolean,
  tolerance: number,
  maxPushes: number,
): void {
  const { n, offsets, neighbors, weights, degree } = graph;
  const { nodes, pushed, p, residual: r } = walk;
  const stay = lazy ? (1 - alpha) / 2 : 0;
  const go = lazy ? (1 - alpha) / 2 : 1 - alpha;
  const threshold = (v: number) => tolerance * Math.fround(degree[v]);
  const reached = new Uint8Array(n);
  const queued = new Uint8Array(n);
  const queue: number[] = [];
  const enqueue = (v: number) => {
    queued[v] = 1;
    queue.push(v);
  };
  const hasP = new Uint8Array(n);
  for (const v of pushed) hasP[v] = 1;
  for (const v of nodes) {
    reached[v] = 1;
    if (Math.fround(degree[v]) > 0 && r[v] >= threshold(v)) enqueue(v);
  }
  for (let head = 0; head < queue.length && walk.pushes < maxPushes; head++) {
    const v = queue[head];
    queued[v] = 0;
    walk.pushes++;
    const mass = r[v];
    if (hasP[v] === 0) {
      hasP[v] = 1;
      pushed.push(v);
    }
    p[v] += alpha * mass;
    r[v] = stay * mass;
    if (r[v] >= threshold(v)) enqueue(v);
    const share = go * (mass / degree[v]);
    for (let e = offsets[v]; e < offsets[v + 1]; e++) {
      const u = neighbors[e];
      if (reached[u] === 0) {
        reached[u] = 1;
        nodes.push(u);
      }
      r[u] += share * weights[e];
      if (queued[u] === 0 && r[u] > threshold(u)) enqueue(u);
    }
  }
}

/** Personalized PageRank from `seed` down to one tolerance, on the lazy walk. */
export function push(graph: Graph, seed: number, alpha: number, tolerance: number, maxPushes: number): PushResult {
  const walk = beginWalk(graph, seed);
  growWalk(graph, walk, alpha, true, tolerance, maxPushes);
  return {
    nodes: Uint32Array.from(walk.nodes),
    p: Float64Array.from(walk.nodes, (v) => walk.p[v]),
    residual: Float64Array.from(walk.nodes, (v) => walk.residual[v]),
    pushes: walk.pushes,
  };
}

/** cut / min(vol, volume - vol); 1 where that is 0 / 0, so that an empty or full side never looks good. */
export function conductanceOf(cut: number, vol: number, volume: number): number {
  const rest = volume - vol;
  const smaller = Math.min(vol, rest);
  return smaller > 0 ? cut / smaller : 1;
}

/** Conductance of a set of distinct nodes: members are added one by one, in the given order. */
export function conductance(graph: Graph, members: ArrayLike<number>): number {
  const { offsets, neighbors, weights, degree, volume } = graph;
  const inside = new Uint8Array(graph.n);
  let cut = 0;
  let vol = 0;
  for (let i = 0; i < members.length; i++) {
    const v = members[i];
    inside[v] = 1;
    vol += degree[v];
    let tie = 0;
    for (let e = offsets[v]; e < offsets[v + 1]; e++) if (inside[neighbors[e]] === 1) tie += weights[e];
    cut = cut + degree[v] - 2 * tie;
  }
  return conductanceOf(cut, vol, volume);
}

export interface SweepResult {
  /** Nodes with p > 0 by descending p / degree, ties by id. */
  order: Uint32Array;
  /** Conductance of each prefix of `order`. */
  profile: Float64Array;
  /** Volume of each prefix. */
  volumes: Float64Array;
  /** Length of the chosen prefix; 0 when none is eligible, or when the valley may go on past `maxVolume`. */
  size: number;
  /** Whether a later eligible prefix rises by `VALLEY_RISE` over the chosen one: its boundary was seen from both sides. */
  closed: boolean;
  conductance: number;
}

/**
 * Sweep over p / degree. A prefix is eligible when it has at least `minSize` nodes and leaves as many, has a volume of at most
 * `maxVolume` and is not a union of whole components (cut 0). It may hold more than half of the volume.
 */
export function sweep(
  graph: Graph,
  nodes: ArrayLike<number>,
  p: ArrayLike<number>,
  rule: SweepRule,
  delta: number,
  minSize: number,
  maxVolume: number,
): SweepResult {
  const { offsets, neighbors, weights, degree, volume } = graph;
  const key = new Float64Array(graph.n);
  const list: number[] = [];
  for (let i = 0; i < nodes.length; i++) {
    if (p[i] > 0) {
      key[nodes[i]] = p[i] / degree[nodes[i]];
      list.push(nodes[i]);
    }
  }
  list.sort((a, b) => key[b] - key[a] || a - b);
  const inside = new Uint8Array(graph.n);
  const profile = new Float64Array(list.length);
  const volumes = new Float64Array(list.length);
  const eligible = new Uint8Array(list.length);
  let cut = 0;
  let vol = 0;
  for (let i = 0; i < list.length; i++) {
    const v = list[i];
    inside[v] = 1;
    vol += degree[v];
    let tie = 0;
    for (let e = offsets[v]; e < offsets[v + 1]; e++) if (inside[neighbors[e]] === 1) tie += weights[e];
    cut = cut + degree[v] - 2 * tie;
    profile[i] = conductanceOf(cut, vol, volume);
    volumes[i] = vol;
    const sized = i + 1 >= minSize && graph.n - i - 1 >= minSize;
    eligible[i] = sized && vol <= maxVolume && cut > CUT_FLOOR * vol ? 1 : 0;
  }
  let size = pickPrefix(profile, eligible, rule, delta);
  const bound = size > 0 ? profile[size - 1] * VALLEY_RISE : 0;
  let closed = false;
  if (size > 0) for (let i = size; i < list.length && !closed; i++) closed = eligible[i] === 1 && profile[i] > bound;
  if (!closed && size > 0 && size < list.length && volumes[size] > maxVolume) size = 0;
  const order = Uint32Array.from(list);
  return { order, profile, volumes, size, closed, conductance: size > 0 ? profile[size - 1] : 1 };
}

/**
 * Chooses among the eligible prefixes; returns a length, 0 for none. `global`: the lowest conductance, the shorter on
 * ties. A valley ends when the profile has risen by `VALLEY_RISE` over the lowest value so far. `first_local`: the floor
 * of the first valley. `prominent`: the floor of the first valley that is within a factor 1 + delta of the lowest.
 */
export function pickPrefix(profile: Float64Array, eligible: Uint8Array, rule: SweepRule, delta: number): number {
  let best = Infinity;
  let at = 0;
  for (let i = 0; i < profile.length; i++) {
    if (eligible[i] === 1 && profile[i] < best) {
      best = profile[i];
      at = i + 1;
    }
  }
  if (rule === "global" || at === 0) return at;
  const limit = rule === "prominent" ? best * (1 + delta) : Infinity;
  let floor = Infinity;
  let size = 0;
  for (let i = 0; i < profile.length; i++) {
    if (eligible[i] === 0) continue;
    if (profile[i] < floor) {
      floor = profile[i];
      size = i + 1;
    } else if (floor <= limit && profile[i] > floor * VALLEY_RISE) break;
  }
  return size;
}

export interface PolishResult {
  /** Ascending ids. */
  members: Uint32Array;
  conductance: number;
  volume: number;
  /** Whether the set would have grown past `maxVolume`; it was left as it was then. */
  capped: boolean;
  /** Number of moves made. */
  moves: number;
}

/**
 * Moves boundary nodes until the set is even. Members send a share 1 - cut / volume of their weight into the set, on
 * average; a node stays or joins when its own share is at least `strictness` of that average. At 0.5 a node joins exactly
 * when that lowers the conductance, and sets in a featureless body grow without end; nearer 1 only nodes tied as well as
 * the members are stay. At most `rounds` passes over the nodes in the order in which they were reached. Keeps at least
 * `minSize` members and stops where it would pass `maxVolume`; a set may become a whole component here (cut 0), never more.
 */
export function polish(
  graph: Graph,
  members: ArrayLike<number>,
  rounds: number,
  strictness: number,
  minSize: number,
  maxVolume: number,
): PolishResult {
  const { n, offsets, neighbors, weights, degree, volume } = graph;
  const inside = new Uint8Array(n);
  const reached = new Uint8Array(n);
  /** Weight from each reached node into the set. */
  const tie = new Float64Array(n);
  const list: number[] = [];
  let size = members.length;
  let cut = 0;
  let vol = 0;
  let moves = 0;
  let capped = false;
  const reach = (v: number) => {
    if (reached[v] === 0) {
      reached[v] = 1;
      list.push(v);
    }
  };
  const join = (v: number) => {
    inside[v] = 1;
    for (let e = offsets[v]; e < offsets[v + 1]; e++) {
      reach(neighbors[e]);
      tie[neighbors[e]] += weights[e];
    }
  };
  for (let i = 0; i < members.length; i++) reach(members[i]);
  for (let i = 0; i < members.length; i++) {
    const v = members[i];
    cut += degree[v] - 2 * tie[v];
    vol += degree[v];
    join(v);
  }
  let pull = strictness * (1 - cut / vol);
  for (let round = 0; round < rounds; round++) {
    const before = moves;
    const count = list.length;
    for (let i = 0; i < count; i++) {
      const v = list[i];
      const bound = pull * degree[v];
      if (inside[v] === 0) {
        if (!(tie[v] > bound)) continue;
        if (vol + degree[v] > maxVolume) {
          capped = true;
          break;
        }
        cut = cut + degree[v] - 2 * tie[v];
        vol = vol + degree[v];
        join(v);
        size++;
      } else {
        if (!(tie[v] < bound) || size <= minSize) continue;
        cut = cut - degree[v] + 2 * tie[v];
        vol = vol - degree[v];
        inside[v] = 0;
        for (let e = offsets[v]; e < offsets[v + 1]; e++) tie[neighbors[e]] -= weights[e];
        size--;
      }
      pull = strictness * (1 - cut / vol);
      moves++;
    }
    if (capped || moves === before) break;
  }
  const result = list.filter((v) => inside[v] === 1).sort((a, b) => a - b);
  return {
    members: Uint32Array.from(result),
    conductance: conductanceOf(cut, vol, volume),
    volume: vol,
    capped,
    moves,
  };
}

export interface SearchOptions {
  /** Teleport probability of the walk. */
  alpha: number;
  /** The lazy walk stays with probability one half; the simple one never does. */
  lazy: boolean;
  /** Scales, falling: the walk goes on from each to the next. */
  tolerances: readonly number[];
  maxPushes: number;
  rule: SweepRule;
  delta: number;
  minSize: number;
  /** Largest volume of a set. */
  maxVolume: number;
  /** A sweep without a set that reached more than `maxVolume` lies in the main body when its lowest prefix has this share of it. */
  mainBody: number;
  phiMax: number;
  /**
   * An open valley, where the walk ended before the profile rose, is taken up to this conductance, at which the walk restarts
   * before it leaves; above, only when the polish does not grow it, as it does with a piece cut out of a body. More than half of
   * the graph is never taken so: where a walk happens to end tells nothing of what is beyond.
   */
  openPhi: number;
  /** Measures sets of every size instead of choosing: what a null is asked. */
  every: boolean;
  polishRounds: number;
  /** Share of the members' mean tie that a node needs to stay or join; see `polish`. */
  strictness: number;
}

/** A set that a search found. */
export interface FoundSet {
  /** Ascending ids. */
  members: Uint32Array;
  conductance: number;
  volume: number;
  /** Index of the tolerance. */
  scale: number;
}

export interface SearchResult {
  /** With `every`: conductance and volume of the polished prefixes of `minSize` nodes, twice as many, and so on, of each scale. */
  measures: { conductance: number; volume: number }[];
  /** At most one a scale, the last one the set that the seed stands for. */
  sets: FoundSet[];
  /**
   * What the seed stands for: the prefix that the last set was polished from, or the first `minSize` nodes of the sweep, in the
   * main body the first hundredth of all nodes when that is more.
   */
  footprint: Uint32Array;
  /** Number of push operations. */
  pushes: number;
  /** Whether the sweep of every scale lay in the main body. */
  body: boolean;
}

/** Volume of the prefix of lowest conductance whatever its volume, whole components included; 0 when all are too short. */
function lowestVolume(cut: SweepResult, minSize: number): number {
  let best = Infinity;
  let volume = 0;
  for (let i = minSize - 1; i < cut.profile.length; i++) {
    if (cut.profile[i] < best) {
      best = cut.profile[i];
      volume = cut.volumes[i];
    }
  }
  return volume;
}

/**
 * The sets around a seed. At each scale the walk goes on, is swept and polished. A set is good when its conductance is at
 * most `phiMax`, its growth was not cut off by `maxVolume`, and its valley is closed or passes the rule of `openPhi`. The
 * first closed valley ends the search.
 */
export function search(graph: Graph, seed: number, options: SearchOptions): SearchResult {
  const { tolerances, minSize, maxVolume, maxPushes } = options;
  const walk = beginWalk(graph, seed);
  const sets: FoundSet[] = [];
  const measures: SearchResult["measures"] = [];
  const { polishRounds, strictness } = options;
  let footprint: Uint32Array = new Uint32Array(0);
  let swept: Uint32Array = footprint;
  let inBody = 0;
  for (let scale = 0; scale < tolerances.length && walk.pushes < maxPushes; scale++) {
    growWalk(graph, walk, options.alpha, options.lazy, tolerances[scale], maxPushes);
    const p = Float64Array.from(walk.pushed, (v) => walk.p[v]);
    const cut = sweep(graph, walk.pushed, p, options.rule, options.delta, minSize, maxVolume);
    swept = cut.order;
    if (options.every) {
      for (let size = minSize; cut.order.length >= minSize; size *= 2) {
        const prefix = cut.order.subarray(0, size);
        const { conductance, volume } = polish(graph, prefix, polishRounds, strictness, minSize, maxVolume);
        measures.push({ conductance, volume });
        if (size >= cut.order.length || cut.volumes[size - 1] > maxVolume) break;
      }
      continue;
    }
    const start = cut.order.subarray(0, cut.size);
    const set = polish(graph, start, polishRounds, strictness, minSize, maxVolume);
    const walked = set.conductance <= options.openPhi || set.members.length <= cut.size;
    const bounded = cut.closed || (walked && set.volume <= graph.volume / 2);
    if (cut.size === 0 || set.capped || !bounded || !(set.conductance <= options.phiMax)) {
      const all = cut.volumes[cut.volumes.length - 1] ?? 0;
      if (all > maxVolume && lowestVolume(cut, minSize) >= options.mainBody * all) inBody++;
      continue;
    }
    const { members, conductance, volume } = set;
    sets.push({ members, conductance, volume, scale });
    footprint = start.slice();
    if (cut.closed) break;
  }
  const body = sets.length === 0 && inBody === tolerances.length;
  if (sets.length === 0) {
    footprint = swept.slice(0, body ? Math.max(minSize, Math.floor(graph.n / BODY_PART)) : minSize);
  }
  return { sets, measures, footprint, pushes: walk.pushes, body };
}
