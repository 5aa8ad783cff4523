/** The autoencoder that lies here against the figures of its README, which PyTorch found: all is read, run and encoded by this project. */
import { join } from "node:path";
import * as assert from "uvu/assert";
import { wasmDevice } from "../../../harness/test/device";
import { nanoFolder } from "../../../harness/test/nano";
import { suite } from "../../../harness/test/suite";
import { hiddenStates } from "../../../runtime/measure/hidden-states";
import { projectRoot } from "../../../runtime/node/root";
import { encodeTokens, tokenSource } from "../../../runtime/sae/encode";
import { bestPairs, firingsOf, setsOf } from "../../../runtime/sae/match-overlap";
import { ModelFolder } from "../../hub/model-folder";
import { readSafetensors } from "../../hub/safetensors-file";
import { openSae } from "../../sae/open";
import { corpus } from "../corpus";

const test = suite("models/nano/sae");
const folder = join(projectRoot(), "models", "nano", "sae");
const { encoder, place, notes, format, architecture } = await openSae(new ModelFolder(folder));
const { width: d, features: F } = encoder;
const tensors = await readSafetensors(join(folder, "sae_weights.safetensors"));
const rows = Float64Array.from(tensors.get("W_dec")!.data);
const center = tensors.get("b_dec")!.data;

test("its files say what its README says", () => {
  assert.equal([format, architecture, d, F], ["SAELens", "topk", 64, 512]);
  assert.equal([encoder.activation, encoder.scaling], [{ kind: "topk", k: 8 }, { kind: "none" }]);
  const hook = "blocks.0.hook_resid_post";
  assert.equal(place, {
    ...{ model: "nano", hook, prependBos: false, contextSize: 64 },
    point: { kind: "resid_post", layer: 0 },
  });
  assert.equal(notes, []);
  for (let f = 0; f < F; f++) {
    const length = Math.hypot(...rows.subarray(f * d, (f + 1) * d));
    assert.ok(Math.abs(length - 1) < 1e-5, `decoder row ${f} is ${length} long`);
  }
});

/** What codes leave of activations x [tokens, d]: the share of their variance that is explained. */
function explainedBy(x: Float32Array, codes: readonly (readonly [number, number])[][]): number {
  const mean = new Float64Array(d);
  for (let i = 0; i < x.length; i++) mean[i % d] += (x[i] * d) / x.length;
  let [left, all] = [0, 0];
  for (const [token, fired] of codes.entries()) {
    const out = Float64Array.from(center);
    for (const [f, code] of fired) for (let i = 0; i < d; i++) out[i] += code * rows[f * d + i];
    for (let i = 0; i < d; i++) {
      left += (x[token * d + i] - out[i]) ** 2;
      all += (x[token * d + i] - mean[i]) ** 2;
    }
  }
  return 1 - left / all;
}

test("on all held-out text: the variance it explains, features a token, features that never fire", async (t) => {
  const subject = await nanoFolder();
  const text = { ids: corpus.generate({ seed: 2, sequences: 1024, context: 64 }).ids, columns: 65 };
  const device = await wasmDevice();
  const x = new Float32Array(1024 * 64 * d);
  await hiddenStates(device, subject, text, [place.point!], {
    onBlock: ({ targets, states: [{ data }] }) => x.set(data, targets[0] * d),
  });
  const codes: (readonly [number, number])[][] = [];
  const { l0, count } = await encodeTokens(device, encoder, tokenSource(x, d), {
    codes: ({ tokens, starts, features, values }) => {
      for (let i = 0; i < tokens; i++)
        codes.push(
          Array.from({ length: starts[i + 1] - starts[i] }, (_, k) => [features[starts[i] + k], values[starts[i] + k]]),
        );
    },
  });
  const explained = explainedBy(x, codes);
  const [dead, often] = [count.filter((n) => n === 0).length, count.filter((n) => n > 0.1 * codes.length).length];
  t.note(
    `${(100 * explained).toFixed(2)} % of the variance by ${l0.toFixed(3)} features a token; ${dead} never fire, ${often} often`,
  );
  assert.is(explained.toFixed(4), "0.9940");
  assert.is(l0.toFixed(2), "8.00");
  assert.equal([dead, often], [7, 2]);
});

test("what its features know of the roles, at the token and before it", async () => {
  const { ids, roles } = corpus.generate({ seed: 3, sequences: 16, context: 64 });
  const [subject, device] = [await nanoFolder(), await wasmDevice()];
  const found: Record<string, unknown> = {};
  for (const at of ["own", "before"] as const) {
    const x: number[] = [];
    const places: number[] = [];
    await hiddenStates(device, subject, { ids, columns: 65 }, [place.point!], {
      at,
      onBlock: ({ targets, states: [{ data }] }) => {
        for (const target of targets) places.push(target + Math.floor(target / 64) + 1);
        for (const value of data) x.push(value);
      },
    });
    const { firings } = await encodeTokens(device, encoder, tokenSource(Float32Array.from(x), d));
    const sets = setsOf(places.map((t) => roles[t]));
    const f1 = [...bestPairs(firings, sets).bySet.f1];
    const byId = [...bestPairs(firingsOf(places.map((t) => ids[t])).firings, sets).bySet.f1];
    const mean = (values: readonly number[]) => (values.reduce((a, b) => a + b, 0) / values.length).toFixed(3);
    const above = (least: number) => f1.filter((value) => value > least).length;
    found[at] = [f1.length, mean(f1), above(0.5), above(0.9)];
    if (at === "own") found.ids = [mean(byId), f1.filter((value, i) => value > byId[i]).length];
  }
  assert.equal(found, { own: [53, "0.809", 51, 20], ids: ["0.464", 43], before: [53, "0.654", 41, 6] });
});

test.run();
