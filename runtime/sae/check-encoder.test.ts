import * as assert from "uvu/assert";
import { wasmDevice } from "../../harness/test/device";
import { seededRandom } from "../../harness/test/random";
import { randomEncoder } from "../../harness/test/random-encoder";
import { suite } from "../../harness/test/suite";
import { SpectroscopeError } from "../../kernels/errors";
import type { Memory } from "../plan/memory";
import { type EncodeOptions, encodeTokens, type TokenSource, tokenSource } from "./encode";
import type { Encoder } from "./encoder";

const test = suite("runtime/sae/check-encoder");
const encoder = randomEncoder(4, 6, seededRandom(1));
const x = Float32Array.from({ length: 40 }, (_, i) => Math.sin(i));

async function refused(
  what: RegExp,
  { of = encoder, source = tokenSource(x, 4), ...options }: { of?: Encoder; source?: TokenSource } & EncodeOptions,
  code = "bad-input",
): Promise<void> {
  const opened = await wasmDevice();
  const memories: Memory[] = [];
  const openMemory = () => {
    memories.push(opened.openMemory());
    return memories[memories.length - 1];
  };
  const device = { ...opened, openMemory };
  const error = await encodeTokens(device, of, source, options).then(
    () => assert.unreachable(`accepted: ${what}`),
    (thrown) => thrown,
  );
  assert.instance(error, SpectroscopeError, String(error));
  assert.match(error.line, what);
  assert.is(error.code, code);
  assert.ok(error.hint);
  assert.ok(
    memories.every(({ bytes }) => bytes === 0),
    "nothing stays on the device",
  );
}

test("encoders whose parts do not agree, or hold no numbers, are refused by name", async () => {
  const f = (size: number, value = 1) => new Float32Array(size).fill(value);
  await refused(/width is 0/, { of: { ...encoder, width: 0 } });
  await refused(/weight has 20 values, not 24/, { of: { ...encoder, weight: f(20) } });
  await refused(/bias has 5 values, not 6/, { of: { ...encoder, bias: f(5) } });
  await refused(/bias is NaN at 0/, { of: { ...encoder, bias: f(6, Number.NaN) } });
  await refused(/weight is Infinity at 0/, { of: { ...encoder, weight: f(24, Number.POSITIVE_INFINITY) } });
  await refused(/center has 6 values, not 4/, { of: { ...encoder, center: f(6) } });
  await refused(/threshold has 1 values/, { of: { ...encoder, activation: { kind: "jumprelu", threshold: f(1) } } });
  const gated = { kind: "gated", scale: f(6), gateBias: f(7) } as const;
  await refused(/gateBias has 7 values/, { of: { ...encoder, activation: gated } });
  await refused(/k is 7 of 6/, { of: { ...encoder, activation: { kind: "topk", k: 7 } } });
  await refused(/k is 0 of 6/, { of: { ...encoder, activation: { kind: "topk", k: 0 } } });
  await refused(/score has 2 values/, { of: { ...encoder, activation: { kind: "topk", k: 1, score: f(2) } } });
  await refused(/6 features are no 4 groups/, { of: { ...encoder, activation: { kind: "groupmax", k: 4 } } });
  await refused(/factor is NaN/, { of: { ...encoder, scaling: { kind: "factor", factor: Number.NaN } } });
  await refused(/epsilon is -1/, { of: { ...encoder, scaling: { kind: "standardize", epsilon: -1 } } });
});

test("activations that are no numbers, or so large that codes could overflow, are refused by token", async () => {
  await refused(/4 wide|8 wide/, { source: tokenSource(x, 8) });
  const bad = x.slice();
  bad[30] = Number.NaN;
  await refused(/token 7 are not finite/, { source: tokenSource(bad, 4), block: 3 });
  bad[30] = 3e38;
  await refused(/token 7 are too large/, { source: tokenSource(bad, 4), block: 3 });
  const flat = { ...encoder, scaling: { kind: "standardize", epsilon: 0 } } as const;
  await refused(/token 0 are not finite/, { of: flat, source: tokenSource(new Float32Array(8).fill(2), 4) });
});

test("options that mean nothing are refused", async () => {
  await refused(/block = 0/, { block: 0 });
  await refused(/piece = 1.5/, { piece: 1.5 });
  await refused(/active = -1/, { active: -1 });
  await refused(/active = NaN/, { active: Number.NaN });
});

test("a signal stops it between blocks, progress tells each, and nothing stays on the device", async () => {
  const stop = new AbortController();
  const told: number[] = [];
  const progress = (done: number) => {
    told.push(done);
    if (done === 6) stop.abort();
  };
  await refused(/stopped after 6 of 10 tokens/, { block: 3, signal: stop.signal, progress }, "interrupted");
  assert.equal(told, [3, 6]);
});

test.run();
