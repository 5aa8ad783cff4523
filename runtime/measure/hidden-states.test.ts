/** Blocks, positions and targets of activations. Their numbers are held to transformers in harness/verify/hidden. */
import * as assert from "uvu/assert";
import { testDevice, wasmDevice } from "../../harness/test/device";
import { nanoFolder } from "../../harness/test/nano";
import { refused } from "../../harness/test/refused";
import { suite } from "../../harness/test/suite";
import { corpus } from "../../models/nano/corpus";
import type { Device } from "../plan/device";
import type { Memory } from "../plan/memory";
import type { Matrix } from "../statistics/matrix";
import type { HookPoint } from "../transformer/hook-points";
import { finalActivations } from "./activations";
import { type HiddenOptions, hiddenStates } from "./hidden-states";

const test = suite("runtime/measure/hidden-states", { gpu: true });
const D = 64;
const POINTS: readonly HookPoint[] = [
  { kind: "resid_post", layer: 0 },
  { kind: "mlp_out", layer: 1 },
];
const subject = await nanoFolder();
const text = (sequences: number, context: number) => ({
  ids: corpus.generate({ seed: 9, sequences, context }).ids,
  columns: context + 1,
});
type Text = ReturnType<typeof text>;

/** All blocks. */
async function all(device: Device, own: Text, options: Omit<HiddenOptions, "onBlock"> = {}, points = POINTS) {
  const targets: number[] = [];
  const blocks: number[] = [];
  const states = points.map((): Matrix["data"][] => []);
  const counts = await hiddenStates(device, subject, own, points, {
    ...options,
    onBlock: (block) => {
      targets.push(...block.targets);
      blocks.push(block.targets.length);
      for (const [i, { rows, cols, data }] of block.states.entries()) {
        assert.equal([rows, cols, data.length], [block.targets.length, D, rows * cols]);
        states[i].push(data);
      }
    },
  });
  return {
    counts,
    targets,
    blocks,
    states: states.map((parts) => Float32Array.from(parts.flatMap((part) => [...part]))),
  };
}

test("blocks of any size are the whole, in the text's order; a row's bits do not hang on how many others follow", async () => {
  const own = text(7, 10);
  for (const device of [await testDevice(), await wasmDevice()]) {
    const whole = await all(device, own);
    assert.equal(whole.blocks, [70]);
    assert.equal(whole.counts, { read: 70, leftOut: 0 });
    assert.equal(
      whole.targets,
      Array.from({ length: 70 }, (_, i) => i),
    );
    for (const [blockTokens, blocks] of [
      [1, Array(7).fill(10)],
      [35, [30, 30, 10]],
    ] as const) {
      const parts = await all(device, own, { blockTokens });
      assert.equal(parts.blocks, blocks);
      assert.equal(parts.targets, whole.targets);
      for (const [i, state] of parts.states.entries()) {
        assert.is(state.length, 70 * D);
        const worst = state.reduce((most, value, k) => Math.max(most, Math.abs(value - whole.states[i][k])), 0);
        assert.ok(worst < 1e-5, `${device.facts.name}, blocks of ${blockTokens}: ${worst}`);
      }
    }
    const [long, short] = [7, 4].map((rows) => ({ ids: own.ids.slice(0, rows * 11), columns: 11 }));
    const [a, b] = [await all(device, long, { blockTokens: 30 }), await all(device, short, { blockTokens: 30 })];
    for (const i of [0, 1]) assert.equal(a.states[i].slice(0, 40 * D), b.states[i]);
  }
});

test("own is a target's own position: before, of a text that begins one id later in no way else", async () => {
  const device = await wasmDevice();
  const own = text(2, 20);
  const [before, at] = [await all(device, own), await all(device, own, { at: "own" })];
  assert.equal(at.counts, { read: 40, leftOut: 0 });
  assert.equal(at.targets, before.targets);
  // What is read at target t is what is read before target t + 1.
  for (const row of [0, 1]) {
    for (const i of [0, 1]) {
      const a = at.states[i].subarray(row * 20 * D, (row * 20 + 19) * D);
      const b = before.states[i].subarray((row * 20 + 1) * D, (row * 20 + 20) * D);
      assert.equal(a.length, b.length);
      for (let k = 0; k < a.length; k++) assert.ok(Math.abs(a[k] - b[k]) <= 1e-5, `row ${row}, ${k}`);
    }
  }
});

test("rows of one id more than the model reads: the last target of each has no activation of its own, and is left out", async () => {
  const device = await wasmDevice();
  const own = text(3, 64);
  const at = await all(device, own, { at: "own", blockTokens: 130 });
  assert.equal(at.counts, { read: 3 * 63, leftOut: 3 });
  assert.equal(at.blocks, [126, 63]);
  assert.equal(
    at.targets,
    Array.from({ length: 3 * 64 }, (_, i) => i).filter((i) => i % 64 !== 63),
  );
  const before = await all(device, own);
  assert.equal(before.counts, { read: 3 * 64, leftOut: 0 });
  // Both read 64 ids a row: the same numbers, a target apart.
  for (const row of [0, 1, 2]) {
    const a = at.states[0].subarray(row * 63 * D, (row + 1) * 63 * D);
    assert.equal(a, before.states[0].subarray((row * 64 + 1) * D, (row + 1) * 64 * D));
  }
});

test("device memory does not grow with the text, and is given back", async () => {
  const device = await wasmDevice();
  let memory: Memory | undefined;
  let destroyed = 0;
  const watched: Device = {
    ...device,
    openMemory() {
      const own = device.openMemory();
      memory = own;
      return new Proxy(own, {
        get(target, key) {
          if (key === "destroy") destroyed++;
          const value = Reflect.get(target, key);
          return typeof value === "function" ? value.bind(target) : value;
        },
      });
    },
  };
  const most: number[] = [];
  for (const sequences of [4, 30]) {
    let bytes = 0;
    await hiddenStates(watched, subject, text(sequences, 16), POINTS, {
      blockTokens: 64,
      onBlock: () => {
        bytes = Math.max(bytes, memory!.bytes);
      },
    });
    most.push(bytes);
  }
  assert.is(most[1], most[0]);
  const failing = hiddenStates(watched, subject, text(4, 16), POINTS, {
    onBlock: () => Promise.reject(new Error("no more")),
  });
  assert.match(await failing.then(String, (error) => error.message), /^no more$/);
  assert.is(destroyed, 3);
});

test("a signal stops between blocks; bad rows, ids and layers are refused before anything is computed", async () => {
  const device = await wasmDevice();
  const own = text(4, 16);
  const stop = new AbortController();
  const seen: number[] = [];
  const onBlock = ({ targets }: { targets: Uint32Array }) => {
    seen.push(targets.length);
    stop.abort();
  };
  const stopped = hiddenStates(device, subject, own, POINTS, { blockTokens: 16, signal: stop.signal, onBlock });
  assert.match(
    await stopped.then(String, ({ code, line }) => `${code}: ${line}`),
    /^interrupted: .*stopped after 1 of 4 rows/,
  );
  assert.equal(seen, [16]);
  const none = { onBlock: () => assert.unreachable("computed") };
  const bad = (change: Partial<Text>, points = POINTS) =>
    hiddenStates(device, subject, { ...own, ...change }, points, none);
  await refused(bad({ columns: 16 }), /text: 4\.25 rows of 16 ids/);
  await refused(bad({ ids: own.ids.map((id, i) => (i === 20 ? 104 : id)) }), /row 1, column 3 is 104, outside/);
  await refused(bad(text(1, 65)), /rows of 66 ids read 65 positions, the model has 64/);
  await refused(bad({}, [{ kind: "attn_out", layer: 2 }]), /l2 attn_out: the model has 2 layers/);
  assert.equal(await bad({}, []), { read: 64, leftOut: 0 });
});

test("the final norm's are the baseline of features", async () => {
  const device = await wasmDevice();
  const own = text(3, 12);
  const { rows, cols, data } = await finalActivations(device, subject, own);
  assert.equal([rows, cols], [36, D]);
  assert.equal(data, (await all(device, own, { blockTokens: 12 }, [{ kind: "final" }])).states[0]);
});

test.run();
