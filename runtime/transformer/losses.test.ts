/** Losses of more rows than one dispatch list takes are those of the rows alone. */
import { join } from "node:path";
import * as assert from "uvu/assert";
import { testDevice } from "../../harness/test/device";
import { seededRandom } from "../../harness/test/random";
import { suite } from "../../harness/test/suite";
import { nanoModel } from "../../harness/test/tiny-model";
import { parseModel } from "../../models/families/registry";
import { openFolder } from "../../models/hub/open";
import { generate } from "../../models/nano/corpus";
import { projectRoot } from "../node/root";
import { Usage } from "../webgpu/buffers";
import { type WebGpuDevice, webgpuDevice } from "../webgpu/device";
import { parameterShapes } from "./family";
import { estimateLosses, modelLosses } from "./losses";
import { memoryTensors, readAll, sizeOf } from "./weights";

const test = suite("runtime/transformer/losses", { gpu: true });
const CONTEXT = 16;
const COLUMNS = CONTEXT + 1;
/** A list takes 2,048 tokens: 128 rows of 16, and two are left. */
const ROWS = [128, 2] as const;

test("130 rows in two lists: losses row by row, the gradient weighed by rows, progress to the end", async () => {
  const device = await testDevice();
  const model = await openFolder(join(projectRoot(), "models", "nano"));
  const { ids } = generate({ seed: 31, sequences: ROWS[0] + ROWS[1], context: CONTEXT });
  const told: number[][] = [];
  const progress = (done: number, total: number) => told.push([done, total]);
  const whole = await modelLosses(device, model, ids, COLUMNS, { gradients: true, progress });
  assert.equal(told, [
    [128, 130],
    [130, 130],
  ]);
  const parts = [
    await modelLosses(device, model, ids.subarray(0, ROWS[0] * COLUMNS), COLUMNS, { gradients: true }),
    await modelLosses(device, model, ids.subarray(ROWS[0] * COLUMNS), COLUMNS, { gradients: true }),
  ];
  assert.equal(Array.from(whole.losses), [...parts[0].losses, ...parts[1].losses]);
  for (const [name, { data }] of whole.gradients!) {
    const [a, b] = parts.map(({ gradients }) => gradients!.get(name)!.data);
    const expected = a.map((value, i) => (ROWS[0] * value + ROWS[1] * b[i]) / (ROWS[0] + ROWS[1]));
    // Each part is rounded to f32 once more than the whole.
    assert.ok(relativeL2(data, expected) < 1e-6, name);
  }
  const plain = await modelLosses(device, model, ids, COLUMNS);
  let worst = 0;
  for (const [i, loss] of plain.losses.entries()) worst = Math.max(worst, Math.abs(loss - whole.losses[i]));
  assert.ok(worst < 1e-5, `without gradients: ${worst}`);
});

/** The same device, counting the storage buffers and bindings that are made through it, and what is held at a time. */
function counting(device: WebGpuDevice) {
  const made = { bytes: 0, buffer: 0, binding: 0, held: 0, most: 0 };
  const gpu = new Proxy(device.gpu, {
    get(target, key) {
      if (key === "createBuffer") {
        return (descriptor: GPUBufferDescriptor) => {
          const buffer = target.createBuffer(descriptor);
          if (!(descriptor.usage & Usage.STORAGE)) return buffer;
          made.bytes += descriptor.size;
          made.buffer = Math.max(made.buffer, descriptor.size);
          made.held += descriptor.size;
          made.most = Math.max(made.most, made.held);
          const destroy = buffer.destroy.bind(buffer);
          buffer.destroy = () => {
            made.held -= descriptor.size;
            destroy();
          };
          return buffer;
        };
      }
      if (key === "createBindGroup") {
        return (descriptor: GPUBindGroupDescriptor) => {
          for (const { resource } of descriptor.entries) {
            made.binding = Math.max(made.binding, (resource as GPUBufferBinding).size ?? 0);
          }
          return target.createBindGroup(descriptor);
        };
      }
      const value = target[key as keyof GPUDevice];
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  return { device: webgpuDevice(gpu, device), made };
}

const relativeL2 = (actual: Float32Array, expected: Float32Array) => {
  let error = 0;
  let norm = 0;
  actual.forEach((value, i) => {
    error += (value - expected[i]) ** 2;
    norm += expected[i] ** 2;
  });
  return Math.sqrt(error / norm);
};

test("the estimate is what is allocated and bound, byte for byte, whole and in parts", async () => {
  const model = await openFolder(join(projectRoot(), "models", "nano"));
  const { ids } = generate({ seed: 32, sequences: 3, context: CONTEXT });
  for (const gradients of [false, true]) {
    for (const bindingBytes of [2 ** 30, 64 * 64 * 4]) {
      const need = estimateLosses(model, 3, COLUMNS, { gradients, bindingBytes });
      const { device, made } = counting(await testDevice());
      await modelLosses(device, model, ids, COLUMNS, { gradients, bindingBytes });
      assert.is(made.bytes, need.total);
      assert.is(made.buffer, need.maxBufferSize);
      assert.is(made.binding, need.maxStorageBufferBindingSize);
      assert.is(
        Object.values(need.bytes).reduce((a, b) => a + b, 0),
        need.total,
      );
    }
  }
});

test("vocabulary matrices in parts give the losses and gradients of whole ones, tied and not", async (t) => {
  const nano = await openFolder(join(projectRoot(), "models", "nano"));
  const untied = await readAll(nano.weights);
  const device = await testDevice();
  const { ids } = generate({ seed: 33, sequences: 3, context: CONTEXT });
  for (const tie_word_embeddings of [false, true]) {
    const tensors = new Map(untied);
    if (tie_word_embeddings) tensors.delete("embed_out.weight");
    const model = { model: nanoModel({ tie_word_embeddings }), weights: memoryTensors(tensors) };
    const whole = await modelLosses(device, model, ids, COLUMNS, { gradients: true });
    // 104 rows of 64: parts of 64 and 40 rows.
    const bindingBytes = 64 * 64 * 4;
    const parts = await modelLosses(device, model, ids, COLUMNS, { gradients: true, bindingBytes });
    const forward = await modelLosses(device, model, ids, COLUMNS, { bindingBytes });
    let worst = 0;
    for (const [i, loss] of whole.losses.entries()) {
      worst = Math.max(worst, Math.abs(loss - parts.losses[i]), Math.abs(loss - forward.losses[i]));
    }
    // One more f32 logarithm and sum of numbers below 10.
    assert.ok(worst < 3e-6, `losses: ${worst}`);
    let gradient = 0;
    for (const [name, { data }] of whole.gradients!) {
      gradient = Math.max(gradient, relativeL2(parts.gradients!.get(name)!.data, data));
    }
    // Each is within 3e-6 of PyTorch on this model; a part left out or taken twice would miss by orders of magnitude.
    assert.ok(gradient < 1e-5, `gradients: ${gradient}`);
    t.note(`tied ${tie_word_embeddings}: losses ${worst.toExponential(1)}, gradients ${gradient.toExponential(1)}`);
  }
});

test("a vocabulary in four parts, the last a ragged one: losses and gradients of the whole one, tied and not", async (t) => {
  const device = await testDevice();
  const random = seededRandom(35);
  for (const tie_word_embeddings of [false, true]) {
    const tiny = parseModel({
      model_type: "gpt_neox",
      vocab_size: 201,
      hidden_size: 8,
      num_attention_heads: 2,
      num_hidden_layers: 1,
      intermediate_size: 12,
      max_position_embeddings: 32,
      tie_word_embeddings,
    });
    const tensors = new Map(
      [...parameterShapes(tiny)].map(([name, shape]) => {
        return [name, { shape, data: Float32Array.from({ length: sizeOf(shape) }, () => 0.5 * random.normal()) }];
      }),
    );
    const model = { model: tiny, weights: memoryTensors(tensors) };
    // Every id is read and predicted, those on both sides of a cut among them.
    const ids = Uint32Array.from({ length: 12 * COLUMNS }, (_, i) => (7 * i) % 201);
    const whole = await modelLosses(device, model, ids, COLUMNS, { gradients: true });
    // 70 rows fit: parts of 64, 64, 64 and 9.
    const bindingBytes = 70 * 8 * 4;
    const parts = await modelLosses(device, model, ids, COLUMNS, { gradients: true, bindingBytes });
    const forward = await modelLosses(device, model, ids, COLUMNS, { bindingBytes });
    let worst = 0;
    for (const [i, loss] of whole.losses.entries()) {
      worst = Math.max(worst, Math.abs(loss - parts.losses[i]), Math.abs(loss - forward.losses[i]));
    }
    // Three joins more, an f32 logarithm and sum of numbers below 20 each.
    assert.ok(worst < 1e-5, `losses: ${worst}`);
    let gradient = 0;
    for (const [name, { data }] of whole.gradients!) {
      gradient = Math.max(gradient, relativeL2(parts.gradients!.get(name)!.data, data));
    }
    assert.ok(gradient < 1e-5, `gradients: ${gradient}`);
    t.note(`tied ${tie_word_embeddings}: losses ${worst.toExponential(1)}, gradients ${gradient.toExponential(1)}`);
  }
});

test("gradients handed out on the device are those read into memory, by any range", async () => {
  const device = await testDevice();
  const model = await openFolder(join(projectRoot(), "models", "nano"));
  const { ids } = generate({ seed: 34, sequences: 2, context: CONTEXT });
  const bindingBytes = 64 * 64 * 4;
  const { gradients } = await modelLosses(device, model, ids, COLUMNS, { gradients: true, bindingBytes });
  let read = 0;
  await modelLosses(device, model, ids, COLUMNS, {
    bindingBytes,
    gradients: async (source) => {
      assert.equal([...source.shapes.keys()], [...gradients!.keys()]);
      for (const [name, { data }] of gradients!) {
        // Ranges that begin, end and cross where a vocabulary matrix is cut, at row 64.
        for (const [from, to] of [
          [0, data.length],
          [1, Math.min(5, data.length)],
          [Math.min(4090, data.length), Math.min(4100, data.length)],
        ]) {
          assert.equal(await source.read(name, from, to), data.slice(from, to), `${name} ${from} to ${to}`);
          read++;
        }
      }
    },
  });
  assert.is(read, 3 * gradients!.size);
});

test("two lists: sums on the host are handed out by any range, and no more is held than the estimate says", async () => {
  const model = await openFolder(join(projectRoot(), "models", "nano"));
  const bindingBytes = 2 ** 30;
  // The second list is half of one: it must not add buffers of its own size to the first one's.
  const rows = ROWS[0] + 60;
  const { ids } = generate({ seed: 37, sequences: rows, context: CONTEXT });
  const need = estimateLosses(model, rows, COLUMNS, { gradients: true, bindingBytes });
  assert.is(need.chunkRows, ROWS[0]);
  const { device, made } = counting(await testDevice());
  const read: string[] = [];
  await modelLosses(device, model, ids, COLUMNS, {
    bindingBytes,
    gradients: async (source) => {
      for (const [name, { data }] of await readAll(source)) {
        assert.equal(await source.read(name, 3, data.length - 1), data.slice(3, -1), name);
        read.push(name);
      }
    },
  });
  assert.equal(read, [...model.weights.shapes.keys()]);
  assert.is(made.most, need.total);
  assert.is(made.held, 0, "everything is freed in the end");
  let parameters = 0;
  for (const shape of model.weights.shapes.values()) parameters += sizeOf(shape);
  for (const gradients of [false, true]) {
    const [one, two] = [ROWS[0], rows].map(
      (n) => estimateLosses(model, n, COLUMNS, { gradients, bindingBytes }).hostBytes,
    );
    // Losses in f32, and sums of gradients in f64 where there are several lists.
    assert.is(two - one, 4 * (rows - ROWS[0]) * CONTEXT + (gradients ? 8 * parameters : 0));
  }
});

test.run();
