/** A graph as a map: nodes in the plane, neighbors close, components side by side. */
import type { Graph } from "../../../kernels/graph/csr";
import type { Matrix } from "../../statistics/matrix";
import { componentGraph, components } from "./components";
import { descend } from "./descend";
import { drawIn, level, type Part, pack } from "./pack";
import { startOf } from "./start";

/** Spread of the positions that a descent begins from. */
const START = 5;
/** Nodes further out than this many spreads are brought to there: too far for the descent to bring them back. */
const FARTHEST = 2.5;
/** Nodes of a component that stay where they start: so few have nothing to be pushed from, and the descent folds a path of them. */
const FEW = 4;
/** Jitter of a start, so that no two nodes stand in one place. */
const JITTER = 1e-3;

export interface LayoutOptions {
  readonly seed?: number;
  /** `[n, 1 or more]`: where nodes stand to begin with, by its first two columns; landmarks of the graph without. */
  readonly start?: Matrix;
  /** Told how far it is, 0 to 1. */
  readonly progress?: (share: number) => void;
}

/**
 * Positions for a map. The same graph, start and seed give the same bits, in every engine. Distances between components mean
 * nothing, and within one only small distances do. A few seconds for 10,000 nodes, up to 20 s for 100,000.
 * @returns `[n, 2]`: x and y of every node, at least 0, y downwards
 */
export function layOut(graph: Graph, { seed = 0, start, progress }: LayoutOptions = {}): Float64Array {
  const parts = components(graph);
  const placed: Part[] = [];
  const lone: number[] = [];
  const place = new Uint32Array(graph.n);
  let done = 0;
  const members: (Uint32Array | number[])[] = [];
  for (const nodes of parts) {
    if (nodes.length === 1) {
      lone.push(nodes[0]);
      continue;
    }
    const whole = nodes.length === graph.n;
    const own = whole ? graph : componentGraph(graph, nodes, place);
    const at = (start && given(start, nodes)) ?? startOf(own);
    spread(at, seed);
    const before = done;
    const told = progress && ((share: number) => progress((before + share * nodes.length) / graph.n));
    if (nodes.length > FEW) descend(own, at, seed, told);
    done += nodes.length;
    level(at);
    drawIn(at);
    placed.push({ at, area: nodes.length });
    members.push(nodes);
  }
  if (lone.length > 0) {
    placed.push({ at: grid(lone.length), area: lone.length });
    members.push(lone.sort((a, b) => a - b));
  }
  pack(placed);
  const out = new Float64Array(2 * graph.n);
  members.forEach((nodes, part) => {
    for (let i = 0; i < nodes.length; i++) out.set(placed[part].at.subarray(2 * i, 2 * i + 2), 2 * nodes[i]);
  });
  progress?.(1);
  return out;
}

/** The start of some nodes; nothing where they all stand in one place. */
function given({ cols, data }: Matrix, nodes: Uint32Array): Float64Array | undefined {
  const at = new Float64Array(2 * nodes.length);
  let moved = false;
  for (let i = 0; i < nodes.length; i++)
    for (let d = 0; d < Math.min(2, cols); d++) {
      at[2 * i + d] = data[nodes[i] * cols + d];
      moved ||= at[2 * i + d] !== at[d];
    }
  return moved ? at : undefined;
}

/** Moves the mean to 0 and scales to a spread of `START` along the longer axis, with jitter. */
function spread(at: Float64Array, seed: number): void {
  const n = at.length / 2;
  let longest = 0;
  for (let d = 0; d < 2; d++) {
    let mean = 0;
    for (let v = 0; v < n; v++) mean += at[2 * v + d] / n;
    let squares = 0;
    for (let v = 0; v < n; v++) {
      at[2 * v + d] -= mean;
      squares += at[2 * v + d] * at[2 * v + d];
    }
    longest = Math.max(longest, Math.sqrt(squares / n));
  }
  const scale = longest > 0 && longest < Infinity ? START / longest : 0;
  let state = (seed ^ 0x85ebca6b) >>> 0 || 1;
  for (let i = 0; i < at.length; i++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    const held = Math.max(-FARTHEST * START, Math.min(FARTHEST * START, at[i] * scale));
    at[i] = held + START * JITTER * ((state >>> 0) / 2147483648 - 1);
  }
}

/** `count` places in rows, more in a row than there are rows. */
function grid(count: number): Float64Array {
  const columns = Math.ceil(Math.sqrt(2 * count));
  const at = new Float64Array(2 * count);
  for (let i = 0; i < count; i++) {
    at[2 * i] = i % columns;
    at[2 * i + 1] = Math.floor(i / columns);
  }
  return at;
}
