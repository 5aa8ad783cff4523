/** Activations handed to an encoder block by block are those of the whole text; a failure on either side ends both. */
import * as assert from "uvu/assert";
import { wasmDevice } from "../../harness/test/device";
import { nanoFolder } from "../../harness/test/nano";
import { refused } from "../../harness/test/refused";
import { suite } from "../../harness/test/suite";
import { corpus } from "../../models/nano/corpus";
import { encodeTokens, tokenSource } from "../sae/encode";
import { randomDirections } from "../sae/random-directions";
import type { HookPoint } from "../transformer/hook-points";
import { encodedStates } from "./encoded-states";
import { hiddenStates } from "./hidden-states";

const test = suite("runtime/measure/encoded-states");
const D = 64;
const point: HookPoint = { kind: "resid_post", layer: 0 };
const subject = await nanoFolder();
// 4,480 tokens in three blocks of whole rows, none of which is a multiple of the encoder's own.
const [rows, context] = [70, 64];
const text = { ids: corpus.generate({ seed: 8, sequences: rows, context }).ids, columns: context + 1 };
const shape = { width: D, features: 96, scaling: { kind: "none" } } as const;
const encoder = randomDirections(shape, new Float32Array(D), 5, 1, 0);
const kept = (target: number) => target % 7 !== 2;
const tokens = Array.from({ length: rows * context }, (_, t) => t).filter(kept).length;

test("firings of a text in several blocks, of kept targets only, are those of all its activations at once", async () => {
  const device = await wasmDevice();
  const all = new Float32Array(tokens * D);
  let row = 0;
  let blocks = 0;
  await hiddenStates(device, subject, text, [point], {
    onBlock: ({ targets, states: [{ data }] }) => {
      blocks++;
      for (const [i, target] of targets.entries())
        if (kept(target)) all.set(data.subarray(i * D, (i + 1) * D), D * row++);
    },
  });
  assert.equal([row, blocks], [tokens, 3]);
  const whole = await encodeTokens(device, encoder, tokenSource(all, D));
  let given = 0;
  const parts = await encodedStates(device, subject, text, point, encoder, {
    ...{ at: "before", kept, tokens },
    onRows: (some) => {
      given += some.length;
    },
  });
  assert.is(given, all.length);
  assert.equal(parts, whole);
});

test("whoever fails, both end, with what failed", async () => {
  const device = await wasmDevice();
  const options = { at: "before", kept, tokens } as const;
  const far: HookPoint = { kind: "resid_post", layer: 7 };
  await refused(encodedStates(device, subject, text, far, encoder, options), /the model has 2 layers/);
  // The encoder stops at its first block, the text has two more to give.
  const huge = { ...encoder, weight: encoder.weight.map((value) => value * 1e37) };
  await refused(encodedStates(device, subject, text, point, huge, options), /activations of token 0 are too large/);
  const late = encodedStates(device, subject, text, point, encoder, {
    ...options,
    progress: (done) => {
      if (done > 1000) throw new Error("enough");
    },
  });
  assert.is((await late.catch((error) => error)).message, "enough");
  // More tokens asked for than the text has.
  const short = await encodedStates(device, subject, text, point, encoder, { ...options, tokens: tokens + 1 }).catch(
    (error) => error,
  );
  assert.match(short.message, "64 numbers too few");
});

test.run();
