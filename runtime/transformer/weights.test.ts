/** Tensors of more than one piece: the models of other tests are smaller than that. */
import * as assert from "uvu/assert";
import { suite } from "../../harness/test/suite";
import type { Memory } from "../plan/memory";
import type { View } from "../plan/plan";
import { gatherSlice } from "./block";
import { FixedTensors } from "./fixed";
import { memoryTensors, PIECE_ELEMENTS, pieces, readAll, type Weights } from "./weights";

const test = suite("runtime/transformer/weights");

// Two pieces and a bit; they begin and end within rows.
const [ROWS, WIDTH] = [3001, 701];
const SIZE = ROWS * WIDTH;
const data = Float32Array.from({ length: SIZE }, (_, i) => i + 1);
const weights = memoryTensors(new Map([["w", { shape: [ROWS, WIDTH], data }]]));

/** What a flush writes, by constant, instead of a device's memory. */
async function flushed(source: Weights, make: (fixed: FixedTensors) => View[], bindingBytes?: number) {
  const fixed = new FixedTensors(source, bindingBytes);
  const views = make(fixed);
  const held = new Map(views.map(({ slot }) => [slot, new Float32Array(slot.size)]));
  const told: string[] = [];
  await fixed.flush({
    write: ({ slot, offset }: View, part: Float32Array) => {
      held.get(slot)!.set(part, offset);
      told.push(`${part.length}`);
    },
    settle: async () => told.push("settle"),
  } as unknown as Memory);
  return { values: views.map(({ slot }) => held.get(slot)!), told };
}

test("pieces cover a tensor once and in order, and are put together again", async () => {
  const seen: number[][] = [];
  for await (const { from, data: part } of pieces(weights, "w")) seen.push([from, part.length, part[0]]);
  assert.equal(seen, [
    [0, PIECE_ELEMENTS, 1],
    [PIECE_ELEMENTS, PIECE_ELEMENTS, PIECE_ELEMENTS + 1],
    [2 * PIECE_ELEMENTS, SIZE - 2 * PIECE_ELEMENTS, 2 * PIECE_ELEMENTS + 1],
  ]);
  const read = (await readAll(weights)).get("w")!;
  assert.equal(read.shape, [ROWS, WIDTH]);
  assert.is(
    read.data.findIndex((value, i) => value !== data[i]),
    -1,
  );
});

test("constants arrive whole: a parameter, some of its rows, one without columns", async () => {
  const { values } = await flushed(weights, (fixed) => [
    fixed.parameter("w"),
    fixed.parameter("w", [64, ROWS]),
    fixed.withoutColumns("w", [[5, 699]]),
  ]);
  const expected = [
    data,
    data.subarray(64 * WIDTH),
    data.map((value, i) => (i % WIDTH >= 5 && i % WIDTH < 699 ? 0 : value)),
  ];
  for (const [which, own] of expected.entries()) {
    assert.is(values[which].length, own.length);
    const wrong = values[which].findIndex((value, i) => value !== own[i]);
    assert.is(wrong, -1, `constant ${which}, element ${wrong}`);
  }
  assert.is(
    data.findIndex((value, i) => value !== i + 1),
    -1,
    "the weights themselves are not changed",
  );
});

test("a rotary table of more than one piece is the one of all positions", async () => {
  const table = async (positions: number) => {
    const { values } = await flushed(weights, (fixed) => [fixed.rotary(positions, 64, 10000)]);
    return values[0];
  };
  const [long, short] = [await table(20_000), await table(100)];
  assert.equal(long.slice(0, short.length), short);
  // Dim 0 of every position is the cosine of that position.
  for (const position of [16_384, 16_385, 19_999]) {
    assert.ok(Math.abs(long[position * 64] - Math.cos(position)) < 1e-6, `position ${position}`);
  }
});

test("the device is waited for before its queue holds more than 16 pieces, few large or many small", async () => {
  const small = memoryTensors(
    new Map(Array.from({ length: 40 }, (_, i) => [`${i}`, { shape: [1], data: data.slice(i, i + 1) }])),
  );
  const { told } = await flushed(small, (fixed) => [...small.shapes.keys()].map((name) => fixed.parameter(name)));
  let queued = 0;
  for (const line of told) {
    queued = line === "settle" ? 0 : queued + 1;
    assert.ok(queued <= 16);
  }
  assert.is(told.length, 42);
});

test("vocabulary parts: multiples of 64 rows that fit a binding, the last one what is left", () => {
  const shapes = new Map([["v", [1000, 12]]]);
  const parts = (bindingBytes: number) =>
    new FixedTensors({ shapes, read: () => Promise.reject() }, bindingBytes).vocabularyParts("v");
  const row = 4 * 12;
  assert.equal(parts(1024 * row), [[0, 1000]]);
  assert.equal(parts(961 * row), [
    [0, 960],
    [960, 1000],
  ]);
  // 447 rows fit: 384 are taken.
  assert.equal(parts(448 * row - 1), [
    [0, 384],
    [384, 768],
    [768, 1000],
  ]);
});

test("slices gathered in several reads are those of the whole", async () => {
  const wrongAt = async (rows: [number, number], columns?: [number, number]) => {
    const got = await gatherSlice(weights, { parameter: "w", rows, ...(columns ? { columns } : {}) });
    const [c0, c1] = columns ?? [0, WIDTH];
    assert.is(got.length, (rows[1] - rows[0]) * (c1 - c0));
    return got.findIndex((value, i) => {
      const row = rows[0] + Math.floor(i / (c1 - c0));
      return value !== data[row * WIDTH + c0 + (i % (c1 - c0))];
    });
  };
  assert.is(await wrongAt([7, 2999]), -1);
  assert.is(await wrongAt([0, ROWS], [3, 11]), -1);
  assert.is(await wrongAt([1600, 1603], [700, 701]), -1);
});

test.run();
