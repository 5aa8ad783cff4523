/** Variants with subgroup matrices: WGSL whose shapes no adapter here multiplies, and subgroups fewer than blocks. */
import * as assert from "uvu/assert";
import { testDevice } from "../../harness/test/device";
import { caseInputs, runCase } from "../../harness/test/kernel";
import { suite } from "../../harness/test/suite";
import { refusal } from "../../runtime/webgpu/variants";
import { kernels } from "../registry";

const test = suite("kernels/common/elements", { gpu: true });
const withMatrices = kernels.flatMap((kernel) =>
  Object.entries(kernel.variants)
    .filter(([, { matrix }]) => matrix)
    .map(([name, variant]) => ({ kernel, name, variant })),
);

test("every variant with matrices is WGSL without an error, also for shapes that the adapter lacks", async (t) => {
  const { gpu, facts } = await testDevice();
  assert.ok(withMatrices.length > 0);
  for (const { kernel, name, variant } of withMatrices) {
    const { features = [], chunks = [], source } = variant;
    const missing = features.filter((feature) => !facts.features.includes(feature));
    if (missing.length > 0) t.skip(`${facts.name}: variant ${name} needs ${missing.join(", ")}`);
    const code = [...chunks.map((chunk) => chunk.source), source].join("\n");
    const { messages } = await gpu.createShaderModule({ code }).getCompilationInfo();
    const lines = messages.map((message) => `${message.lineNum}: ${message.message}`);
    assert.equal(lines, [], `${kernel.name}#${name}`);
    t.note(`${kernel.name}#${name}`);
  }
});

test("with fewer subgroups than blocks, blocks are taken in rounds, with the same bits", async (t) => {
  const { facts } = await testDevice();
  let ran = 0;
  for (const { kernel, name, variant } of withMatrices) {
    // The largest case for tests: more blocks than one workgroup has, and ragged edges.
    const [c] = kernel.cases
      .filter((one) => !one.bench && !refusal(variant, facts, one.dims, one.params ?? {}))
      .sort((a, b) => kernel.work(b.dims, b.params ?? {}).flops - kernel.work(a.dims, a.params ?? {}).flops);
    if (!c) continue;
    const inputs = caseInputs(kernel, c, 5);
    const want = await runCase(kernel, c, inputs, name);
    const head = /@builtin\(subgroup_id\) subgroup: u32,\s*@builtin\(num_subgroups\) subgroups: u32,\s*\) \{/;
    assert.match(variant.source, head);
    for (const subgroups of [1, 2, 3]) {
      // Subgroups past these have a number that owns nothing, as if there were none.
      const lets = `let subgroups = ${subgroups}u; let subgroup = select(99u, id, id < subgroups);`;
      const source = variant.source.replace(head, `@builtin(subgroup_id) id: u32) { ${lets}`);
      const made = { ...kernel, name: `${kernel.name} of ${subgroups}`, variants: { fewer: { ...variant, source } } };
      const got = await runCase(made, c, inputs, "fewer");
      for (const [binding, values] of Object.entries(want)) {
        const at = values.findIndex((value, i) => !Object.is(value, got[binding][i]));
        assert.is(at, -1, `${kernel.name}#${name} with ${subgroups} subgroups: ${binding} differs at ${at}`);
      }
    }
    t.note(`${kernel.name}#${name}: ${c.name}`);
    ran++;
  }
  if (ran === 0) t.skip(`${facts.name}: no subgroup matrices`);
});

test.run();
