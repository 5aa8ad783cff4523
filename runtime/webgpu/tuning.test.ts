/** Which variant is taken where a person or a measurement says so; sizes and adapters are made up, nothing runs. */
import * as assert from "uvu/assert";
import { refusedAtOnce } from "../../harness/test/refused";
import { suite } from "../../harness/test/suite";
import { nt } from "../../kernels/matmul/nt";
import { kernels } from "../../kernels/registry";
import type { AdapterFacts } from "../plan/device";
import { parseOverrides, sizeClass, type Tuning, type TuningTable, tuningFingerprint } from "./tuning";
import { chooseVariant, refusal } from "./variants";

const test = suite("runtime/webgpu/tuning");

const MATRIX = ["shader-f16", "subgroups", "chromium-experimental-subgroup-matrix"];
const facts: AdapterFacts = {
  name: "made-up GPU",
  vendor: "",
  architecture: "",
  description: "",
  software: false,
  features: MATRIX,
  limits: { maxComputeInvocationsPerWorkgroup: 256, maxComputeWorkgroupStorageSize: 32768 },
  matrixConfigs: [{ componentType: "f16", resultComponentType: "f32", M: 8, N: 8, K: 8 }],
  subgroupMaxSize: 32,
};
const params = { use_bias: 0, use_residual: 0 };
/** A product of 2^(1 + rows + 12) FLOPs. */
const sizes = (rows: number, K = 64) => ({ G: 1, M: 2 ** rows, N: 64, K, Nb: 1, Mr: 1, Nr: 1 });
const choose = (tuning: Tuning, dims = sizes(6), changes: Partial<AdapterFacts> = {}) =>
  chooseVariant(nt, { ...facts, ...changes }, dims, params, undefined, tuning);
const table = (classes: Record<string, string[]>, lowerPrecision = false): TuningTable => ({
  id: "t",
  choices: { "matmul/nt": classes },
  lowerPrecision,
});

test("a size class is the rounded log2 of one group's FLOPs: chains beside it change nothing", () => {
  assert.is(sizeClass(nt, { ...sizes(6), G: 8 }, params), 19);
  assert.is(sizeClass(nt, sizes(6), params), 19);
  assert.is(sizeClass(nt, { ...sizes(6), K: 80 }, params), 19);
  assert.is(sizeClass(nt, { ...sizes(6), K: 96 }, params), 20);
});

test("without a tuning, what suits the adapter; never what has to be asked for", () => {
  assert.is(choose({}), "tiled");
  const bare = { ...nt, variants: { f16: nt.variants.f16, matrix8_f32: nt.variants.matrix8_f32 } };
  refusedAtOnce(() => chooseVariant(bare, facts, sizes(6), params), /no variant runs on made-up GPU/);
});

test("the table's nearest size class decides, the smaller of two, and its first variant that takes the call", () => {
  const tuned = { table: table({ "18": ["plain"], "22": ["subgroup", "plain4"] }) };
  assert.is(choose(tuned, sizes(6)), "plain");
  assert.is(choose(tuned, sizes(7)), "plain", "as far from 18 as from 22");
  assert.is(choose(tuned, sizes(8)), "subgroup");
  assert.is(choose(tuned, sizes(14)), "subgroup", "larger than anything measured");
  assert.is(choose(tuned, sizes(14), { features: [] }), "plain4");
  assert.is(choose(tuned, sizes(8, 63)), "tiled", "neither takes 63 terms");
  assert.is(choose({ table: table({ "18": ["gone"] }) }), "tiled", "a name that no kernel has");
  assert.is(choose({ table: { ...table({}), choices: { "matmul/nn": { "19": ["plain"] } } } }), "tiled");
});

test("lower precision is taken from a table that allows it, or by name", () => {
  const classes = { "19": ["matrix8", "f16", "plain"] };
  assert.is(choose({ table: table(classes) }), "plain");
  assert.is(choose({ table: table(classes, true) }), "matrix8");
  assert.is(choose({ table: table(classes, true) }, sizes(6), { features: ["shader-f16"] }), "f16");
  assert.is(choose({ overrides: [{ kernel: "matmul/nt", variant: "f16" }] }), "f16");
});

test("an override beats the table, the last one that fits holds, and gives way only to sizes", () => {
  const { table: plain } = { table: table({ "19": ["plain"] }) };
  const overrides = parseOverrides("matmul/*=subgroup, matmul/nt=plain4", kernels);
  assert.is(choose({ overrides, table: plain }), "plain4");
  assert.is(choose({ overrides, table: plain }, sizes(6, 63)), "plain");
  assert.is(choose({ overrides: parseOverrides("*=subgroup", kernels), table: plain }), "subgroup");
  const f16 = { overrides: parseOverrides("matmul/nt=f16", kernels), table: plain };
  refusedAtOnce(() => choose(f16, sizes(6), { features: [] }), /matmul\/nt: variant f16 needs shader-f16.*made-up GPU/);
});

test("a name for one call beats everything", () => {
  const overrides = parseOverrides("matmul/nt=plain4", kernels);
  assert.is(chooseVariant(nt, facts, sizes(6), params, "plain", { overrides }), "plain");
});

test("unknown kernels and variants are usage errors with the nearest name", () => {
  const refusedText = (text: string, ...pieces: RegExp[]) => {
    try {
      parseOverrides(text, kernels);
    } catch (error) {
      const { line, exitCode } = error as { line: string; exitCode: number };
      assert.is(exitCode, 2);
      for (const piece of pieces) assert.match(line, piece);
      return;
    }
    assert.unreachable(`${text} was taken`);
  };
  refusedText("matmul/nr=plain", /no kernel is called "matmul\/nr"/, /did you mean "matmul\/n/);
  refusedText("matmul/nt=plane4", /matmul\/nt has no variant "plane4"/, /did you mean "plain4"/);
  refusedText("los/*=tiled", /no kernel is called "los\/\*"/);
  refusedText("matmul.nt=plain", /no kernel is called "matmul.nt"/);
  refusedText("add/*=subgroup", /add\/\* has no variant "subgroup"/);
  refusedText("matmul/nt", /"matmul\/nt" is not KERNEL=VARIANT/);
  refusedText("matmul/nt=plain=4", /not KERNEL=VARIANT/);
  assert.equal(parseOverrides(" , ", kernels), []);
});

test("subgroup matrices are taken where the adapter has the shape and its subgroups fit the workgroup", () => {
  const why = (name: string, changes: Partial<AdapterFacts> = {}) =>
    refusal(nt.variants[name], { ...facts, ...changes }, sizes(6), params);
  assert.is(why("matrix8"), undefined);
  assert.match(why("matrix16") ?? "", "needs subgroup matrices of f16 16 x 16 x 16 with f32 sums");
  assert.match(why("matrix8_f32") ?? "", "needs subgroup matrices of f32 8 x 8 x 8 with f32 sums");
  const half = [{ componentType: "f16", resultComponentType: "f16", M: 8, N: 8, K: 8 }] as const;
  assert.match(why("matrix8", { matrixConfigs: half }) ?? "", "needs subgroup matrices of f16");
  assert.match(why("matrix8", { matrixConfigs: undefined }) ?? "", "needs subgroup matrices of f16");
  assert.match(why("matrix8", { subgroupMaxSize: 96 }) ?? "", "needs subgroups that divide 128");
});

test("a fingerprint says what a run's bits depend on", () => {
  const overrides = parseOverrides("matmul/nt=plain4,loss/*=tiled", kernels);
  assert.is(tuningFingerprint(), undefined);
  assert.is(tuningFingerprint({ overrides: [] }), undefined);
  assert.is(tuningFingerprint({ overrides }), "matmul/nt=plain4, loss/*=tiled");
  assert.is(
    tuningFingerprint({ overrides: overrides.slice(0, 1), table: table({}, true) }),
    "matmul/nt=plain4, table t with lower precision",
  );
});

test.run();
