/** Contraction of clusters and joining of weak ones, on ties made by hand. */
import * as assert from "uvu/assert";
import { suite } from "../../harness/test/suite";
import type { ClusterTies } from "../../kernels/graph/partition";
import { contract, joinWeak, type ShouldMerge } from "./merge";

const test = suite("runtime/cluster/merge");

/** Clusters of these weights inside (both ends counted), tied as listed: [a, b, weight]; volumes are the sums. */
function tiesOf(inside: readonly number[], pairs: readonly (readonly [number, number, number])[]): ClusterTies {
  const volume = Float64Array.from(inside);
  const between: Map<number, number>[] = inside.map(() => new Map());
  for (const [a, b, tie] of pairs) {
    between[a].set(b, tie);
    between[b].set(a, tie);
    volume[a] += tie;
    volume[b] += tie;
  }
  const starts = new Uint32Array(inside.length + 1);
  between.forEach((row, c) => {
    starts[c + 1] = starts[c] + row.size;
  });
  const others = Uint32Array.from(between.flatMap((row) => [...row.keys()]));
  const weights = Float64Array.from(between.flatMap((row) => [...row.values()]));
  const size = new Uint32Array(inside.length).fill(5);
  return { volume, inside: Float64Array.from(inside), size, starts, others, weights };
}

/** Modularity's gain of a union, after Newman and Girvan: 2 (e_ab - a_a a_b) with shares of all weight. */
const newman =
  (total: number): ShouldMerge =>
  (a, b, tie, { volume }) =>
    tie / total - (volume[a] / total) * (volume[b] / total) > 0;

test("by modularity: the strongest tie for its volumes first, until no union raises it", () => {
  // A chain of four; the ends are tied closely, the middle loosely.
  const ties = tiesOf(
    [10, 8, 8, 10],
    [
      [0, 1, 9],
      [1, 2, 2],
      [2, 3, 11],
    ],
  );
  const total = ties.volume.reduce((a, b) => a + b, 0);
  assert.equal([...ties.volume], [19, 19, 21, 21]);
  assert.equal([...contract(ties, [0, 1, 2, 3], newman(total))], [0, 0, 2, 2]);
  // What is told of the unions: volumes, weights inside with the tie at both ends, sizes, and the one tie that is left.
  const told: unknown[] = [];
  contract(ties, [0, 1, 2, 3], (a, b, tie, now) => {
    const of = (c: number) => [now.volume[c], now.inside[c], now.size[c]];
    if (now.size[a] > 5 && now.size[b] > 5) told.push([a, b, tie, ...of(a), ...of(b)]);
    return newman(total)(a, b, tie, now);
  });
  assert.equal(told, [[0, 2, 2, 38, 10 + 8 + 18, 10, 42, 8 + 10 + 22, 10]]);
});

test("what two merge with adds up; each merges once a round; a name is the lowest number", () => {
  const ties = tiesOf(
    [4, 4, 4, 4],
    [
      [0, 3, 6],
      [1, 3, 5],
      [0, 1, 1],
      [2, 3, 1],
    ],
  );
  const asked: string[] = [];
  const parent = contract(ties, [0, 1, 2, 3], (a, b, tie, { inside, size }) => {
    asked.push(`${a}-${b}: ${tie}, ${inside[a]} in ${size[a]}`);
    return tie > 4;
  });
  // 0 and 3 first. 1 had a tie of 5 to 3 and of 1 to 0: together 6, a round later.
  assert.equal([...parent], [0, 0, 2, 0]);
  assert.ok(asked.includes("0-1: 6, 20 in 10"), asked.join("; "));
  // With all three the one tie to 2 is left.
  assert.ok(asked.includes(`0-2: 1, ${4 + 4 + 4 + 2 * (6 + 5 + 1)} in 15`), asked.join("; "));
  const only = tiesOf(
    [4, 4, 4],
    [
      [0, 1, 6],
      [1, 2, 5],
    ],
  );
  assert.equal([...contract(only, [1, 2], () => true)], [0, 1, 1], "0 may not");
});

test("a cluster that does not stand out joins what it is most strongly tied to for its volume", () => {
  // 1 is tied by 4 to 0 of volume 104 and by 3 to 2 of volume 23: to 2 more strongly.
  const make = () =>
    tiesOf(
      [100, 2, 20],
      [
        [0, 1, 4],
        [1, 2, 3],
      ],
    );
  const total = 104 + 9 + 23;
  const stands = (phi: number) => phi < 0.5;
  const asked: number[][] = [];
  const noted = (phi: number, volume: number, size: number) => {
    asked.push([Math.round(1000 * phi), volume, size]);
    return stands(phi);
  };
  assert.equal([...joinWeak(make(), total, noted)], [0, 1, 1]);
  // Of the union: 4 of 32 go out.
  assert.equal(asked.at(-1), [125, 32, 10]);
  // The union of 1 and 2 has 4 of 32 outside. Where that is not enough for its size, 1 goes to 0: 3 of 23 outside of 113.
  const large = (phi: number, volume: number) => phi < 0.5 && (volume > 100 || volume < 30);
  assert.equal([...joinWeak(make(), total, large)], [0, 0, 2]);
});

test("weak ones join each other though their union is weak too; what has no one to join is given up", () => {
  // Conductances: 0 and 1 9/10, 2 2/102 and alone in standing out.
  const ties = tiesOf(
    [1, 1, 100],
    [
      [0, 1, 8],
      [0, 2, 1],
      [1, 2, 1],
    ],
  );
  // 0 and 1 make 18 inside of 20: 0.1, which stands out.
  assert.equal([...joinWeak(ties, 122, (phi) => phi < 0.5)], [0, 0, 2]);
  const sizes: number[] = [];
  const never = joinWeak(
    tiesOf(
      [1, 1, 100],
      [
        [0, 1, 8],
        [0, 2, 1],
        [1, 2, 1],
      ],
    ),
    122,
    (phi, volume, size) => {
      sizes.push(size);
      return volume === 102 && phi < 0.5;
    },
  );
  // Together they still do not stand out, 2 would not any more with them, and they are in nothing.
  assert.equal([...never], [-1, -1, 2]);
  assert.ok(sizes.includes(10) && sizes.includes(15), "asked with sizes of unions");
});

test("the weakest goes first: it may make stand out what would have joined another", () => {
  // 1 has 6 of 7 outside, 2 has 14 of 24. Together 8 of 31, so 2 stays; alone it is more strongly tied to 3: 8 / 9, not 6 / 7.
  const ties = tiesOf(
    [60, 1, 10, 1],
    [
      [1, 2, 6],
      [2, 3, 8],
    ],
  );
  assert.equal([...joinWeak(ties, 100, (phi, volume) => volume === 9 || phi < 0.4)], [0, 1, 1, 3]);
  const nothing = tiesOf([0, 0], [[0, 1, 1]]);
  assert.equal(
    [...joinWeak(nothing, 2, (phi) => phi < 0.3)],
    [-1, -1],
    "a union of all has no rest and no conductance",
  );
});

test.run();
