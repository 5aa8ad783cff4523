/** A run's fingerprint: what computes otherwise has another. */
import * as assert from "uvu/assert";
import { suite } from "../../harness/test/suite";
import { tinyModel } from "../../harness/test/tiny-model";
import { memoryTensors, readAll } from "../transformer/weights";
import { fingerprints } from "./fingerprint";

const test = suite("runtime/measure/fingerprint");

test("names, shapes and values of weights and the model's config all count", async () => {
  const { model, weights, ids } = await tinyModel(1, 4);
  const text = { ids, rows: 1, columns: ids.length, nameOf: String };
  const texts = { probe: text, pool: text };
  const tensors = await readAll(weights);
  const print = async (changed = tensors, own = model) => {
    const found = await fingerprints({ model: own, weights: memoryTensors(changed) }, texts);
    assert.equal(Object.keys(found), ["model", "probe", "pool"]);
    return found.model;
  };
  const first = await print();
  assert.is(await print(), first);
  const [[name, tensor], ...others] = tensors;
  const { shape, data } = tensor;
  const altered = data.slice();
  altered[3] += 1;
  const all = await Promise.all([
    print(new Map([[name, { ...tensor, data: altered }], ...others])),
    print(new Map([[name, { ...tensor, shape: [...shape].reverse() }], ...others])),
    print(new Map([[`${name}2`, tensor], ...others])),
    print(tensors, { ...model, config: { ...model.config, layerNormEps: 1e-6 } }),
  ]);
  assert.is(new Set([first, ...all]).size, 5);
});

test.run();
