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
/** A cut below this share of the volume is a rounding residue of 0: the set is a union of whole components. */
export const CUT_FLOOR = 1e-12;

export interface PushResult {
  /** Nodes with mass, in the order in which they were first reached. */
  nodes: Uint32Array;
  /** PageRank estimate of each of `nodes`; 0 where only residual has arrived. */
  p: Float64Array;
  /** Residual left at each of `nodes`: below `tolerance * degree`. */
  residual: Float64Array;
  /** Number of push operations. */
  pushes: number;
}

/**
 * Lazy personalized PageRank from `seed` by push, first in first out. While a node has residual r >= tolerance * degree:
 * p gains alpha r, the node keeps (1 - alpha) r / 2, and the other half goes to the neighbors by weight.
 * The sum of p and residual stays 1. Stops early after `maxPushes`.
 */
export function push(graph: Graph, seed: number, alpha: number, tolerance: number, maxPushes: number): PushResult {
  const { n, offsets, neighbors, weights, degree } = graph;
  const p = new Float64Array(n);
  const r = new Float64Array(n);
  const queued = new Uint8Array(n);
  const reached = new Uint8Array(n);
  const nodes: number[] = [seed];
  const queue = new Uint32Array(n);
  let head = 0;
  let waiting = 0;
  let pushes = 0;
  reached[seed] = 1;
  r[seed] = 1;
  if (degree[seed] > 0 && 1 >= tolerance * degree[seed]) {
    queue[0] = seed;
    waiting = 1;
    queued[seed] = 1;
  }
  while (waiting > 0 && pushes < maxPushes) {
    const v = queue[head];
    head = head + 1 === n ? 0 : head + 1;
    waiting--;
    queued[v] = 0;
    pushes++;
    const mass = r[v];
    p[v] += alpha * mass;
    const kept = (1 - alpha) * mass * 0.5;
    r[v] = kept;
    const share = kept / degree[v];
    for (let e = offsets[v]; e < offsets[v + 1]; e++) {
      const u = neighbors[e];
      if (reached[u] === 0) {
        reached[u] = 1;
        nodes.push(u);
      }
      r[u] += share * weights[e];
      if (queued[u] === 0 && r[u] >= tolerance * degree[u]) {
        queued[u] = 1;
        queue[(head + waiting) % n] = u;
        waiting++;
      }
    }
    if (queued[v] === 0 && r[v] >= tolerance * degree[v]) {
      queued[v] = 1;
      queue[(head + waiting) % n] = v;
      waiting++;
    }
  }
  return {
    nodes: Uint32Array.from(nodes),
    p: Float64Array.from(nodes, (v) => p[v]),
    residual: Float64Array.from(nodes, (v) => r[v]),
    pushes,
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
    for (let e = offsets[v]; e < offsets[v + 1]; e++) {
      if (inside[neighbors[e]] === 1) cut -= weights[e];
      else cut += weights[e];
    }
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
  /** Length of the chosen prefix; 0 when none is eligible. */
  size: number;
  conductance: number;
}

/**
 * Sweep over p / degree. A prefix is eligible when it has at least `minSize` nodes, a volume of at most `maxVolume` and
 * is not a union of whole components (cut 0).
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
    for (let e = offsets[v]; e < offsets[v + 1]; e++) {
      if (inside[neighbors[e]] === 1) cut -= weights[e];
      else cut += weights[e];
    }
    profile[i] = conductanceOf(cut, vol, volume);
    volumes[i] = vol;
    eligible[i] = i + 1 >= minSize && vol <= maxVolume && cut > CUT_FLOOR * vol ? 1 : 0;
  }
  const size = pickPrefix(profile, eligible, rule, delta);
  return { order: Uint32Array.from(list), profile, volumes, size, conductance: size > 0 ? profile[size - 1] : 1 };
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
  /** Number of moves made. */
  moves: number;
}

/**
 * Moves boundary nodes until the set is even. Members send a share 1 - conductance of their weight into the set, by volume
 * average; a node stays or joins when its own share is at least `strictness` of that average. At 0.5 a node joins exactly
 * when that lowers the conductance, and sets in a featureless body grow without end; nearer 1 only nodes tied as well as
 * the members are stay. At most `rounds` passes over the nodes in the order in which they were reached. Keeps at least
 * `minSize` members and at most `maxVolume`; a set may become a whole component here (cut 0), never more.
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
  let phi = conductanceOf(cut, vol, volume);
  for (let round = 0; round < rounds; round++) {
    const before = moves;
    const count = list.length;
    for (let i = 0; i < count; i++) {
      const v = list[i];
      const bound = strictness * (1 - phi) * degree[v];
      if (inside[v] === 0) {
        if (!(tie[v] > bound) || vol + degree[v] > maxVolume) continue;
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
      phi = conductanceOf(cut, vol, volume);
      moves++;
    }
    if (moves === before) break;
  }
  const result = list.filter((v) => inside[v] === 1).sort((a, b) => a - b);
  return { members: Uint32Array.from(result), conductance: phi, moves };
}

export interface CoverOptions {
  alpha: number;
  /** Scales: one candidate for each seed and tolerance. */
  tolerances: readonly number[];
  rule: SweepRule;
  delta: number;
  minSize: number;
  /** Largest volume of a candidate. */
  maxVolume: number;
  /** A seed without a candidate whose sweep is lowest at this volume or more is in the main body at that scale. */
  bodyVolume: number;
  phiMax: number;
  polishRounds: number;
  /** Share of the members' mean tie that a node needs to stay or join; see `polish`. */
  strictness: number;
  /** At each scale a node is skipped as a seed when this many candidates already hold it. */
  maxHits: number;
  maxPushes: number;
}

/** Candidate sets, each distinct set once. */
export interface Cover {
  /** Ascending ids of each candidate, in the order in which they were found. */
  members: Uint32Array[];
  conductance: Float64Array;
  /** First seed that led to the set. */
  seed: Uint32Array;
  /** Index into `tolerances` at which that happened. */
  scale: Uint32Array;
  /** Number of (seed, scale) pairs that led to exactly this set. */
  votes: Uint32Array;
  /** `[n]`: number of scales at which the node, as a seed, saw the main body. */
  body: Uint32Array;
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

/** Candidates of all seeds at all scales: push, sweep, main-body rule, polish, acceptance by `phiMax`. */
export function cover(graph: Graph, seeds: ArrayLike<number>, options: CoverOptions): Cover {
  const { tolerances, minSize, maxVolume } = options;
  const found = new Map<string, number>();
  const members: Uint32Array[] = [];
  const phis: number[] = [];
  const from: number[] = [];
  const scales: number[] = [];
  const votes: number[] = [];
  const body = new Uint32Array(graph.n);
  for (let scale = 0; scale < tolerances.length; scale++) {
    const hits = new Uint32Array(graph.n);
    for (let i = 0; i < seeds.length; i++) {
      const seed = seeds[i];
      if (hits[seed] >= options.maxHits) continue;
      const walk = push(graph, seed, options.alpha, tolerances[scale], options.maxPushes);
      const cut = sweep(graph, walk.nodes, walk.p, options.rule, options.delta, minSize, maxVolume);
      const set = polish(
        graph,
        cut.order.subarray(0, cut.size),
        options.polishRounds,
        options.strictness,
        minSize,
        maxVolume,
      );
      if (cut.size === 0 || !(set.conductance <= options.phiMax)) {
        if (lowestVolume(cut, minSize) >= options.bodyVolume) body[seed]++;
        continue;
      }
      for (const v of set.members) hits[v]++;
      const name = set.members.join();
      const known = found.get(name);
      if (known !== undefined) {
        votes[known]++;
        continue;
      }
      found.set(name, members.length);
      members.push(set.members);
      phis.push(set.conductance);
      from.push(seed);
      scales.push(scale);
      votes.push(1);
    }
  }
  return {
    members,
    conductance: Float64Array.from(phis),
    seed: Uint32Array.from(from),
    scale: Uint32Array.from(scales),
    votes: Uint32Array.from(votes),
    body,
  };
}
