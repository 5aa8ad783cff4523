/** The dispatcher alone: what it refuses, which variant it takes, what it says of broken WGSL, where slots lie. */
import * as assert from "uvu/assert";
import { testDevice } from "../../harness/test/device";
import { runKernel } from "../../harness/test/run-kernel";
import { suite } from "../../harness/test/suite";
import { forward as activations } from "../../kernels/activation/forward";
import { sum } from "../../kernels/add/sum";
import { type Dims, type Kernel, linearGrid } from "../../kernels/kernel";
import { forward as layernorm } from "../../kernels/layernorm/forward";
import { nt } from "../../kernels/matmul/nt";
import { sumRows } from "../../kernels/reduce/sum_rows";
import { gaussian } from "../../kernels/sgld/gaussian";
import type { AdapterFacts } from "../plan/device";
import { planWork } from "../plan/estimate";
import { type Call, type Plan, tensor } from "../plan/plan";
import { packUniforms, unify } from "../plan/shapes";
import { GpuMemory } from "./memory";
import { chooseVariant } from "./variants";

const test = suite("runtime/webgpu", { gpu: true });

const f32 = (...shape: number[]) => ({ shape, type: "f32" });

test("sizes that do not agree across a call are refused by binding, axis and number", () => {
  const shapes = {
    x: f32(2, 5, 3),
    w: f32(7, 3),
    bias: f32(7),
    residual: f32(2, 5, 7),
    y: f32(2, 5, 7),
  };
  const { dims, shared } = unify(nt, shapes);
  assert.equal({ ...dims }, { G: 2, M: 5, N: 7, K: 3, Nb: 7, Mr: 5, Nr: 7 });
  assert.equal([...shared], ["w", "bias"]);
  const refused = (changed: object, text: RegExp) => assert.throws(() => unify(nt, { ...shapes, ...changed }), text);
  refused({ w: f32(7, 4) }, /binding w: axis 1 \(K\): expected 3, got 4/);
  refused({ y: f32(2, 6, 7) }, /binding y: axis 1 \(M\): expected 5, got 6/);
  refused({ y: f32(5, 7) }, /binding y: expected 3 axes/);
  refused({ x: { shape: [2, 5, 3], type: "u32" } }, /binding x: expected f32, got u32/);
  refused({ bias: undefined }, /binding bias: no tensor given/);
  refused({ w: f32(3, 7, 3) }, /binding w: axis 0 \(G\): expected 2, got 3/);
  const drawn = { w: f32(2, 5), center: f32(5), keys: { shape: [2, 3], type: "u32" }, localization: f32(2) };
  assert.throws(() => unify(gaussian, drawn), /binding keys: axis 1 \(2\): expected 2, got 3/);
  const stat = { x: f32(5, 3), weight: f32(3), bias: f32(3), y: f32(1, 5, 3), mean: f32(1, 5), rstd: f32(1, 4) };
  assert.throws(() => unify(layernorm, stat), /binding rstd: axis 1 \(R\): expected 5, got 4/);
});

test("uniforms lie in the descriptor's order, sizes as integers and parameters as floats", () => {
  const dims = { G: 2, R: 3, D: 4 };
  const strides = { stride_x: 64, stride_weight: 0, stride_bias: 128 };
  const block = packUniforms(layernorm, dims, strides, { eps: 0.5 });
  assert.equal(Array.from(new Uint32Array(block, 0, 6)), [2, 3, 4, 64, 0, 128]);
  assert.is(new Float32Array(block, 24, 1)[0], 0.5);
  assert.is(block.byteLength % 16, 0);
  assert.throws(() => packUniforms(layernorm, dims, strides, {}), /parameter eps is undefined/);
  assert.throws(() => packUniforms(layernorm, dims, strides, { eps: Number.NaN }), /parameter eps is NaN/);
});

test("a GPU gets the GPU's variant, a software adapter its own, and what cannot run is not chosen", async () => {
  const { facts } = await testDevice();
  const dims = { G: 1, M: 64, N: 64, K: 64, Nb: 1, Mr: 1, Nr: 1 };
  const params = { use_bias: 0, use_residual: 0 };
  const choice = (changes: Partial<AdapterFacts>, sizes = dims) =>
    chooseVariant(nt, { ...facts, features: ["subgroups"], ...changes }, sizes, params);
  assert.is(choice({ software: false }), "tiled");
  assert.is(choice({ software: true }), "subgroup");
  assert.is(choice({ software: true, features: [] }), "plain4");
  assert.is(choice({ software: true }, { ...dims, K: 63 }), "plain");
  const small = { ...facts.limits, maxComputeWorkgroupStorageSize: 1024 };
  assert.is(choice({ software: false, limits: small }), "plain4", "no workgroup memory for tiles");
  assert.throws(
    () => chooseVariant(nt, { ...facts, features: [] }, dims, params, "subgroup"),
    /variant subgroup needs subgroups/,
  );
  assert.throws(() => chooseVariant(nt, facts, dims, params, "quick"), /variant quick does not exist/);
});

/** A kernel of this test: y = x + 1, by WGSL that may be wrong. */
function broken(name: string, body: string): Kernel {
  const chunk = { file: "some/chunk.wgsl", source: "fn one() -> f32 {\n  return 1.0;\n}" };
  const source = `struct Params { N: u32 }
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
${body}
}`;
  const plain = {
    file: `some/${name}.wgsl`,
    source,
    chunks: [chunk],
    workgroup: [64, 1, 1] as const,
    grid: ({ N }: Dims) => linearGrid(N, 64),
    suits: "any" as const,
  };
  return { ...activations.gelu, name: `some/${name}`, variants: { plain } } as Kernel;
}

test("WGSL that does not compile is an error with the file and the line of the piece that is wrong", async () => {
  const device = await testDevice();
  const run = (kernel: Kernel) => runKernel(device, kernel, { dims: { N: 2 }, inputs: { x: Float32Array.of(1, 2) } });
  const { y } = await run(broken("right", "if (id.x < params.N) { y[id.x] = x[id.x] + one(); }"));
  assert.equal(Array.from(y), [2, 3]);
  let line = "";
  await run(broken("wrong", "\n  y[id.x] = x[id.x] + two();")).catch((error) => {
    line = error.message;
  });
  assert.match(line, /kernel some\/wrong#plain does not compile: some\/wrong\.wgsl:8: /);
});

test("a write into the padding behind an output is an error", async () => {
  const device = await testDevice();
  const long = broken("long", "if (id.x < params.N + 1) { y[id.x] = 7; }\n  _ = x[0];");
  let line = "";
  await runKernel(device, long, { dims: { N: 5 }, inputs: { x: new Float32Array(5) } }).catch((error) => {
    line = error.message;
  });
  assert.match(line, /kernel some\/long, binding y: wrote past its end/);
});

/** y = a + b as a call. */
const add = (label: string, a: ReturnType<typeof tensor>, b: ReturnType<typeof tensor>, y: ReturnType<typeof tensor>) =>
  ({ label, kernel: sum, tensors: { a, b, y } }) satisfies Call;
const shape = [1, 4, 16];

/** A diamond: the first sum is read by the last call, long after others came and went. */
function diamond(): { plan: Plan; input: ReturnType<typeof tensor>; output: ReturnType<typeof tensor> } {
  const input = tensor("input", shape, "kept");
  const output = tensor("output", shape, "kept");
  const [two, four, six, eight] = ["two", "four", "six", "eight"].map((name) => tensor(name, shape, "local"));
  const calls = [
    add("two", input, input, two),
    add("four", two, two, four),
    add("six", four, two, six),
    add("eight", six, two, eight),
    add("ten", eight, two, output),
  ];
  return { plan: { name: "diamond", calls }, input, output };
}

test("no slot is given a buffer in which another one still lives, and dead ones are used again", async () => {
  const memory = new GpuMemory(await testDevice());
  const { plan, input, output } = diamond();
  const locate = memory.placePlan(plan);
  const slots = new Set(plan.calls.flatMap((call) => Object.values(call.tensors).map(({ slot }) => slot)));
  const life = [...slots]
    .filter((slot) => slot.life === "local")
    .map((slot) => {
      const uses = plan.calls.flatMap((call, i) =>
        Object.values(call.tensors).some((view) => view.slot === slot) ? [i] : [],
      );
      return { slot, first: uses[0], last: uses.at(-1)!, buffer: locate({ slot, shape, offset: 0 }).buffer };
    });
  for (const a of life) {
    for (const b of life) {
      const apart = a.last < b.first || b.last < a.first;
      if (a !== b && !apart) assert.ok(a.buffer !== b.buffer, `${a.slot.name} and ${b.slot.name} share a buffer`);
    }
  }
  assert.is(new Set(life.map(({ buffer }) => buffer)).size, 3, "four locals of one size fit three buffers");
  const before = memory.bytes;
  memory.placePlan(diamond().plan);
  assert.is(memory.bytes, before, "another plan of the same sizes lives in the same pool");
  memory.write(
    input,
    Float32Array.from({ length: 64 }, (_, i) => i),
  );
  const bound = await memory.bind(plan);
  await bound.run();
  bound.destroy();
  const [got] = await memory.read([output]);
  assert.equal(
    Array.from(got),
    Array.from({ length: 64 }, (_, i) => 10 * i),
  );
  memory.destroy();
  assert.is(memory.bytes, 0);
});

test("parameters are changed by label, in every call that has it and in no other", async () => {
  const memory = (await testDevice()).openMemory();
  const x = tensor("x", [1, 8], "kept");
  const outs = ["first", "second", "third"].map((name) => tensor(name, [1], "kept"));
  const labels = ["outer", "inner", "outer"];
  const calls = outs.map((out, i) => ({
    label: labels[i],
    kernel: sumRows,
    tensors: { x, out },
    params: { scale: 1 },
  }));
  memory.write(x, new Float32Array(8).fill(1));
  const bound = await memory.bind({ name: "scaled", calls });
  const results = async () => {
    await bound.run();
    return (await memory.read(outs)).map(([value]) => value);
  };
  assert.equal(await results(), [8, 8, 8]);
  bound.setParams("outer", { scale: 0.5 });
  assert.equal(await results(), [4, 8, 4]);
  bound.setParams("outer", { scale: 1 });
  bound.setParams("inner", { scale: 2 });
  assert.equal(await results(), [8, 16, 8]);
  bound.destroy();
  memory.destroy();
});

test("work is counted by call from the sizes of its tensors", () => {
  const { plan } = diamond();
  // Each of the five sums adds 64 numbers to 64 others, and reads and writes them once.
  assert.equal(planWork(plan), { flops: 5 * 64, bytes: 5 * 3 * 4 * 64 });
});

test.run();
