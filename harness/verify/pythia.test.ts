/** Pythia-14M's shape with synthetic weights, against transformers in float64. */
import { createHash } from "node:crypto";
import * as assert from "uvu/assert";
import { parseModel } from "../../models/families/registry";
import { syntheticIds, syntheticWeights } from "../../models/synthetic";
import { memoryTensors, pieces } from "../../runtime/transformer/weights";
import { testDevice } from "../test/device";
import { seededRandom } from "../test/random";
import { suite } from "../test/suite";
import { Golden } from "./golden";
import { rowLine } from "./kernels";
import { type Manifest, readManifest } from "./manifest";
import { pythiaParts } from "./pythia";
import { sketchTensor } from "./sketch";

const test = suite("goldens/pythia", { gpu: true });
const manifest: Manifest = await readManifest();

test("synthetic weights and ids are those of the reference, bit for bit, in pieces of any size", async () => {
  const golden = await Golden.open(manifest, "pythia/14m");
  const { config, weights_sha256: expected } = golden.entries[0].settings as Record<string, unknown>;
  const parsed = parseModel(config);
  const weights = syntheticWeights(parsed);
  const sha = createHash("sha256");
  for (const name of weights.shapes.keys()) {
    for await (const { data } of pieces(weights, name)) sha.update(data);
  }
  assert.is(sha.digest("hex"), expected);
  const { ids } = golden.ids("14m/ids");
  assert.equal(ids, syntheticIds("14m", ids.length, parsed.dims.vocab));
  const name = "gpt_neox.final_layer_norm.weight";
  const whole = await weights.read(name, 0, 128);
  assert.equal(await weights.read(name, 5, 31), whole.slice(5, 31));
});

test("sketches tell a difference's size, wherever it lies", async (t) => {
  const random = seededRandom(3);
  const size = 20_000;
  const norm = (values: ArrayLike<number>) => Math.sqrt(Array.from(values).reduce((sum, x) => sum + x * x, 0));
  const sketchOf = async (name: string, data: Float32Array) =>
    (await sketchTensor(memoryTensors(new Map([[name, { shape: [size], data }]])), name)).sketch;
  for (const touched of [size, 7]) {
    const trials = 40;
    let sum = 0;
    for (let trial = 0; trial < trials; trial++) {
      const a = Float32Array.from({ length: size }, () => random.normal());
      const b = a.slice();
      const step = (1e-3 * norm(a)) / Math.sqrt(touched);
      for (let i = 0; i < touched; i++) b[size - 1 - i] += random.uniform() < 0.5 ? -step : step;
      const [one, two] = [await sketchOf(`x${trial}`, a), await sketchOf(`x${trial}`, b)];
      sum += (norm(one.map((value, i) => value - two[i])) / norm(one) / 1e-3) ** 2;
    }
    const ratio = Math.sqrt(sum / trials);
    // Chi-squared of 16 over chi-squared of 16: mean 8/7, its mean over 40 trials within 0.27 of that by four sigma.
    assert.ok(ratio > 0.93 && ratio < 1.19, `${touched} entries: ${ratio}`);
    t.note(`a difference in ${touched} of ${size} entries is seen as ${ratio.toFixed(2)} of its size`);
  }
});

for (const [name, part] of Object.entries(pythiaParts)) {
  test(name, async (t) => {
    const since = performance.now();
    const rows = await part(await testDevice(), manifest);
    assert.ok(rows.length > 1);
    const failures = rows.filter(({ pass }) => !pass).map(rowLine);
    if (failures.length > 0) throw new Error(failures.join("\n"));
    const kinds = new Map(rows.map((row) => [row.tensor.replace(/ of .*?(, entries|, norm)?$/, "$1"), row]));
    for (const row of rows) {
      const kind = row.tensor.replace(/ of .*?(, entries|, norm)?$/, "$1");
      if (row.share > kinds.get(kind)!.share) kinds.set(kind, row);
    }
    for (const row of kinds.values()) t.note(rowLine(row));
    t.note(`${rows.length} tensors in ${((performance.now() - since) / 1000).toFixed(1)} s`);
  });
}

test.run();
