// Local moving from single nodes inside each cluster of a partition; `../partition.ts` is the definition. Clusters need nothing
// of each other, so threads take them from one counter.
import { attach, degreeOf, keys, labels, members, n, neighbors, order, profile, queue, rowEnd, rows, rowStart } from "./layout";
import { CLUSTERS, COUNT, GAMMAS, NEXT_PART, PIECES, ROUNDS, STARTS } from "./layout";
import { volume, weightAt } from "./layout";

/** One thread's part: clusters, in the order that the host has listed, until none is left. Returns the nodes moved. */
export function pieces(control: usize, thread: u32, fresh: bool): u32 {
  if (fresh) attach(control, thread);
  memory.fill(keys, 0, <usize>n << 3);
  const count = load<u32>(control, COUNT);
  const rounds = load<u32>(control, ROUNDS);
  const starts = <usize>load<u32>(control, STARTS);
  const places = <usize>load<u32>(control, PIECES);
  let moves: u32 = 0;
  for (let i = atomic.add<u32>(control + NEXT_PART, 1); i < count; i = atomic.add<u32>(control + NEXT_PART, 1)) {
    const cluster = load<i32>(<usize>load<u32>(control, CLUSTERS) + (<usize>i << 2));
    const row = starts + (<usize>cluster << 2);
    const gamma = load<f64>(<usize>load<u32>(control, GAMMAS) + (<usize>cluster << 3));
    const from = rows + (<usize>load<u32>(row) << 2);
    const to = rows + (<usize>load<u32>(row, 4) << 2);
    moves += settle(places, cluster, from, to, gamma, rounds);
  }
  return moves;
}

/**
 * The pieces of one cluster, whose nodes stand at `from` .. `to`. Borrowed: `profile` volumes of pieces, `keys` weights to
 * them, `order` pieces met, `members` and `queue` the nodes to look at in this round and the next.
 */
function settle(places: usize, cluster: i32, from: usize, to: usize, gamma: f64, rounds: u32): u32 {
  for (let at = from; at < to; at += 4) {
    const v = <usize>load<u32>(at);
    store<u32>(places + (v << 2), <u32>v);
    store<f64>(profile + (v << 3), degreeOf(<u32>v));
    store<u32>(members + (v << 2), 1);
    store<u32>(queue + (v << 2), 0);
  }
  let now = members;
  let next = queue;
  let moves: u32 = 0;
  for (let round: u32 = 0; round < rounds; round++) {
    const before = moves;
    for (let at = from; at < to; at += 4) {
      const v = load<u32>(at);
      const flag = now + (<usize>v << 2);
      if (load<u32>(flag) == 0) continue;
      store<u32>(flag, 0);
      const start = rowStart(v);
      const stop = rowEnd(v);
      let met: usize = 0;
      for (let e = start; e < stop; e++) {
        const u = <usize>load<u32>(neighbors + (e << 2)) << 2;
        if (load<i32>(labels + u) != cluster) continue;
        const piece = load<u32>(places + u);
        const sum = keys + (<usize>piece << 3);
        const tie = load<f64>(sum);
        if (tie == 0) {
          store<u32>(order + (met << 2), piece);
          met++;
        }
        store<f64>(sum, tie + weightAt(e));
      }
      if (met == 0) continue;
      const degree = degreeOf(v);
      const pull = (gamma * degree) / volume;
      const own = load<u32>(places + (<usize>v << 2));
      const home = profile + (<usize>own << 3);
      let best = own;
      let gain = max<f64>(load<f64>(keys + (<usize>own << 3)) - pull * (load<f64>(home) - degree), 0);
      for (let i: usize = 0; i < met; i++) {
        const piece = load<u32>(order + (i << 2));
        const sum = keys + (<usize>piece << 3);
        const tie = load<f64>(sum);
        store<f64>(sum, 0);
        if (piece == own) continue;
        const other = tie - pull * load<f64>(profile + (<usize>piece << 3));
        if (other > gain || (other == gain && best != own && piece < best)) {
          gain = other;
          best = piece;
        }
      }
      if (best == own) continue;
      store<u32>(places + (<usize>v << 2), best);
      store<f64>(home, load<f64>(home) - degree);
      const there = profile + (<usize>best << 3);
      store<f64>(there, load<f64>(there) + degree);
      moves++;
      for (let e = start; e < stop; e++) {
        const u = <usize>load<u32>(neighbors + (e << 2)) << 2;
        if (load<i32>(labels + u) == cluster) store<u32>(next + u, 1);
      }
    }
    if (moves == before) break;
    const swap = now;
    now = next;
    next = swap;
  }
  return moves;
}
