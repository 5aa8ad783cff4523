/** Shards of made-up draws, put together. */
import * as assert from "uvu/assert";
import { plannedUnits, storeUnit } from "../../harness/test/made-up-unit";
import { refused } from "../../harness/test/refused";
import { suite } from "../../harness/test/suite";
import type { JsonObject } from "../formats/json";
import type { PairSums } from "../sampler/pairs";
import { MemoryStore } from "../store/memory-store";
import { Run } from "../store/run";
import { need } from "../store/store";
import { openUnit } from "./chi-tables";
import { mergeShards } from "./merge";

const test = suite("runtime/measure/merge");

const sizes = { draws: 2, chains: 1, tokens: 3 };
/** 0.1 as f32 has it, and the next number after it. */
const LOSS = Math.fround(0.1);
const NEXT = new Float32Array(Uint32Array.of(new Uint32Array(Float32Array.of(LOSS).buffer)[0] + 1).buffer)[0];

/** A shard of `count` that holds one chain, numbered as itself, of one unit; its draws are `10 chain + draw`. */
async function shard(index: number, { count = 2, chain = index - 1, loss = LOSS, lr = 1 } = {}): Promise<MemoryStore> {
  const store = new MemoryStore();
  const plan = plannedUnits(["l0h1"], { ...sizes, chains: 2 });
  const own = plan.map((unit) => ({ ...unit, chains: [chain] }));
  const config: JsonObject = { shard: `${index}/${count}`, lr };
  const run = await Run.begin(store, { config, provenance: { index }, plan, own });
  const rises = Float32Array.from({ length: sizes.draws }, (_, draw) => 10 * chain + draw);
  await storeUnit(run, "l0h1", {
    ...{ sizes, phi: rises, facts: { chains: [chain], flops: 5 } },
    traces: Float32Array.from({ length: sizes.draws * sizes.tokens }, (_, i) => rises[Math.floor(i / sizes.tokens)]),
    baseline: Float32Array.of(LOSS, loss, LOSS),
  });
  return store;
}

test("chains stand by their numbers whatever order shards are named in; work adds up", async () => {
  const shards = [await shard(1), await shard(2)];
  for (const stores of [shards, shards.toReversed()]) {
    const merged = await openUnit(await mergeShards(new MemoryStore(), stores), "l0h1");
    const { phi, sumD } = await merged.sums();
    // [draws, chains], and over draws d sums to 0 + 1 and to 10 + 11.
    assert.equal(Array.from(phi), [0, 10, 1, 11]);
    assert.equal(Array.from(sumD), [1, 1, 1, 21, 21, 21]);
    assert.equal([merged.facts.flops, merged.facts.chains], [10, [0, 1]]);
    assert.equal(Array.from(await merged.baseline()), [LOSS, LOSS, LOSS]);
  }
});

test("sums of pairs stand by chains too, in the bytes that a run of all chains has", async () => {
  for (const [kind, elements] of [
    ["hidden", 4 * sizes.tokens],
    ["unembedding", 10],
    ["logits", 7 * sizes.tokens],
  ] as const) {
    const pairsOf = (chains: readonly number[]): PairSums => {
      const values = (scale: number) =>
        Float32Array.from({ length: chains.length * elements }, (_, i) => {
          return scale * (100 * chains[Math.floor(i / elements)] + (i % elements)) + 0.1;
        });
      return { kind, elements, mean: values(1), covariance: values(-2) };
    };
    // Of three chains the second shard has the middle one.
    const parts = [[0, 2], [1]];
    const stored = async (own: readonly number[], shard?: string) => {
      const store = new MemoryStore();
      const plan = plannedUnits(["l0h1"], { ...sizes, chains: 3 });
      const config: JsonObject = shard ? { shard } : {};
      const run = await Run.begin(store, {
        ...{ config, provenance: {}, plan },
        own: plan.map((unit) => ({ ...unit, chains: own })),
      });
      await storeUnit(run, "l0h1", {
        ...{ sizes: { ...sizes, chains: own.length }, facts: { chains: own, flops: own.length }, pairs: pairsOf(own) },
        phi: Float32Array.from({ length: sizes.draws * own.length }, (_, i) => i),
        traces: new Float32Array(sizes.draws * own.length * sizes.tokens),
      });
      return store;
    };
    const whole = await stored([0, 1, 2]);
    const merged = new MemoryStore();
    await mergeShards(merged, [await stored(parts[1], "2/2"), await stored(parts[0], "1/2")]);
    const keys = (await whole.list("")).filter((key) => key.includes(`_${kind}/`));
    assert.equal(
      [...new Set(keys.map((key) => key.split("/")[1]))].sort(),
      [`cov_phi_${kind}`, `mean_${kind}`],
      `${keys}`,
    );
    for (const key of keys) assert.equal(await need(merged, key), await need(whole, key), key);
    const pairs = await (await openUnit(await Run.open(merged), "l0h1")).pairs();
    assert.equal([pairs?.kind, pairs?.elements], [kind, elements]);
    assert.is(pairs?.covariance[elements + 1], Math.fround(-2 * 101 + 0.1));
  }
});

test("losses at w* that differ in one token's last digit are of two machines, and refused", async () => {
  assert.ok(NEXT > LOSS && NEXT - LOSS < 1e-8);
  const said = /its losses at w\* are not those of .*; sample all shards on adapters of one kind/;
  for (const loss of [NEXT, LOSS - (NEXT - LOSS)]) {
    await refused(mergeShards(new MemoryStore(), [await shard(1), await shard(2, { loss })]), said);
    await refused(mergeShards(new MemoryStore(), [await shard(1, { loss }), await shard(2)]), said);
  }
});

test("what is no division of one run is refused, and nothing is written", async () => {
  const first = await shard(1);
  const wrong: [RegExp, MemoryStore[]][] = [
    [/shard 2\/2 is missing/, [first]],
    [/is shard 1\/2, as .* is; name each shard once/, [first, await shard(1)]],
    [/is a shard of 3, .* of 2; merge the shards of one division/, [first, await shard(2, { count: 3 })]],
    [/is no shard of the same run as .*: lr differ/, [first, await shard(2, { lr: 2 })]],
  ];
  for (const [said, stores] of wrong) {
    const into = new MemoryStore();
    await refused(mergeShards(into, stores), said);
    assert.equal(await into.list(""), []);
  }
  await refused(
    mergeShards(new MemoryStore(), [first, await shard(2, { chain: 0 })]),
    /no shard holds chain 1 of l0h1/,
  );
});

test.run();
