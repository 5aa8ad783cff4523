/** What is kept of an adapter's info, from made-up adapters. */
import * as assert from "uvu/assert";
import { suite } from "../../harness/test/suite";
import { factsOf } from "./facts";

const test = suite("runtime/webgpu/facts");

const adapter = (info: object, features: string[] = []) =>
  ({
    info: { vendor: "v", architecture: "a", device: "", description: "some GPU", ...info },
    features: new Set(features),
    limits: { maxBufferSize: 1024 },
  }) as unknown as GPUAdapter;

/** As Dawn gives it: getters, which neither spread nor JSON sees. */
class Config {
  get componentType() {
    return "f16";
  }
  get resultComponentType() {
    return "f32";
  }
  get M() {
    return 16;
  }
  get N() {
    return 16;
  }
  get K() {
    return 8;
  }
}

test("subgroup matrices are kept as plain numbers, so that results can hold them", () => {
  const facts = factsOf(adapter({ subgroupMatrixConfigs: [new Config()], subgroupMaxSize: 32 }, ["b", "a"]));
  const config = { componentType: "f16", resultComponentType: "f32", M: 16, N: 16, K: 8 };
  assert.equal(JSON.parse(JSON.stringify(facts)).matrixConfigs, [config]);
  assert.is(facts.subgroupMaxSize, 32);
  assert.equal(facts.features, ["a", "b"]);
});

test("an adapter that tells neither has neither", () => {
  for (const info of [{}, { subgroupMatrixConfigs: [], subgroupMaxSize: 0 }]) {
    const facts = factsOf(adapter(info));
    assert.not.ok("matrixConfigs" in facts);
    assert.not.ok("subgroupMaxSize" in facts);
  }
});

test("a fallback adapter and one that is called after a software driver are software", () => {
  assert.is(factsOf(adapter({})).software, false);
  assert.is(factsOf(adapter({ isFallbackAdapter: true })).software, true);
  assert.is(factsOf(adapter({ device: "llvmpipe-llvm-22" })).software, true);
});

test.run();
