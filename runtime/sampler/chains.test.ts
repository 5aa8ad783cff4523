/** Restricted, batched, cached: every shortcut against the long way round, on the embedded model. */
import { join } from "node:path";
import * as assert from "uvu/assert";
import { testDevice } from "../../harness/test/device";
import { suite } from "../../harness/test/suite";
import { nanoModel } from "../../harness/test/tiny-model";
import type { SpectroscopeError } from "../../kernels/errors";
import { openFolder } from "../../models/hub/open";
import { generate } from "../../models/nano/corpus";
import type { LoadedModel } from "../../models/weights";
import { checkSettings, plainSgld, type SamplerSettings } from "../config/sampler";
import { projectRoot } from "../node/root";
import { tensor } from "../plan/plan";
import { gatherBlock, gatherSlice, layoutBlock } from "../transformer/block";
import { parameterShapes } from "../transformer/family";
import { FixedTensors } from "../transformer/fixed";
import { modelLosses } from "../transformer/losses";
import { planModel, tokenView } from "../transformer/model";
import { ChainWeights } from "../transformer/moving";
import { neuronGroups, parseRestriction, standardRestrictions } from "../transformer/restriction";
import { PrefixCache } from "../transformer/tape";
import { memoryTensors } from "../transformer/weights";
import { Chains } from "./chains";
import { Laboratory, type TextOnDevice } from "./laboratory";
import { planLockstep } from "./lockstep-plans";

const test = suite("runtime/sampler/chains", { gpu: true });

const settings: SamplerSettings = {
  ...plainSgld,
  seed: 5,
  lr: 0.01,
  n_beta: 10,
  localization: 50,
  num_chains: 2,
  num_draws: 2,
  num_burnin_steps: 1,
  num_steps_bw_draws: 2,
  batch_size: 3,
};
const CONTEXT = 16;
const text = generate({ seed: 11, sequences: 8, context: CONTEXT });
let model: LoadedModel;
test.before(async () => {
  model = await openFolder(join(projectRoot(), "models", "nano"));
});

/** A laboratory with the same text as pool and probe; with a limit on bindings, vocabulary matrices lie in parts. */
async function laboratory(
  bindingBytes?: number,
): Promise<{ lab: Laboratory; pool: TextOnDevice; probe: TextOnDevice }> {
  const lab = new Laboratory(await testDevice(), model.model, model.weights);
  if (bindingBytes) Object.assign(lab, { fixed: new FixedTensors(model.weights, bindingBytes) });
  const pool = lab.addText("pool", text.ids, CONTEXT + 1);
  const probe = lab.addText("probe", text.ids, CONTEXT + 1);
  return { lab, pool, probe };
}

test("the gradient of every kind of restriction is that part of the whole model's gradient", async (t) => {
  const device = await testDevice();
  const sequences = [6, 1, 1];
  const rows = sequences.flatMap((s) => Array.from(text.ids.subarray(s * (CONTEXT + 1), (s + 1) * (CONTEXT + 1))));
  const whole = await modelLosses(device, model, Uint32Array.from(rows), CONTEXT + 1, { gradients: true });
  const names = ["embed", "unembed", "l0h3", "l1h7", "l0 mlp", "l1 mlp[32:64]", "l0", "l1", "l0 attn", "full"];
  const pieces = ["l0h3.q", "l0h3.k", "l1h2.v", "l1h7.o", "l0h0.q+l0h0.v", "l0h1.k+l0h4+l1h2.q+l1h5.v+l1 mlp[0:8]"];
  const unions = [
    "l0h1+l0h4",
    "l0h2 + l0h3 + l1 mlp[0:8] + l1 mlp[40:64] + gpt_neox.layers.0.attention.dense.bias",
    "l1h0+l1 mlp+embed",
  ];
  const alone = ["layers.1.mlp.dense_4h_to_h.bias", "final_layer_norm.weight", "layers.0.input_layernorm.bias"];
  // Of 104 rows of 64: parts of 64 and 40 rows.
  const cut = ["embed", "unembed", "full", "l0h3"].map((name) => [name, 64 * 64 * 4] as const);
  const uncut = [...names, ...pieces, ...unions, ...alone.map((parameter) => `gpt_neox.${parameter}`)].map(
    (name) => [name] as const,
  );
  for (const [name, bindingBytes] of [...uncut, ...cut]) {
    const { lab, pool, probe } = await laboratory(bindingBytes);
    const restriction = parseRestriction(name, model.model);
    const { components, prefixes, train } = planLockstep(lab, [{ restriction, settings, pool, probe }]);
    const [{ block, views }] = components;
    await lab.fixed.flush(lab.memory);
    const center = await gatherBlock(lab.weights, block);
    const start = new Float32Array(2 * block.size);
    start.set(center);
    start.set(center, block.size);
    lab.memory.write(views.w, start);
    const indices = Uint32Array.from(
      [...sequences, ...sequences].flatMap((s) => Array.from({ length: CONTEXT }, (_, i) => s * CONTEXT + i)),
    );
    lab.memory.write(views.indices, indices);
    lab.memory.write(
      views.batchInputs,
      indices.map((row) => pool.inputs[row]),
    );
    lab.memory.write(
      views.batchTargets,
      indices.map((row) => pool.targets[row]),
    );
    for (const plan of [...prefixes, train!.gradient]) {
      const bound = await lab.memory.bind(plan);
      await bound.run();
      bound.destroy();
    }
    const [g] = (await lab.memory.read([views.g])) as Float32Array[];
    let worst = 0;
    for (const { slice, offset, size } of block.entries) {
      const expected = await gatherSlice(memoryTensors(whole.gradients!), slice);
      for (const chain of [0, 1]) {
        const at = chain * block.size + offset;
        let error = 0;
        let norm = 0;
        for (let i = 0; i < size; i++) {
          error += (g[at + i] - expected[i]) ** 2;
          norm += expected[i] ** 2;
        }
        worst = Math.max(worst, Math.sqrt(error / norm));
      }
    }
    lab.close();
    t.note(`${name}${bindingBytes ? " in parts" : ""}: worst slice ${worst.toExponential(1)} relative L2`);
    // Two orders of summation in f32, each good to a few 1e-6.
    assert.ok(worst < 2e-5, `${name}: ${worst}`);
  }
});

/** Draws of a restriction, and its parameters at the end. */
async function drawn(
  lab: Laboratory,
  pool: TextOnDevice,
  probe: TextOnDevice,
  name: string,
  changes: Partial<SamplerSettings> = {},
  sampler: "sgld" | "gaussian" = "sgld",
): Promise<{ rises: Float32Array[]; phi: Float32Array[]; w: Float32Array; chains: Chains }> {
  const restriction = parseRestriction(name, model.model);
  const chains = await Chains.open(lab, { restriction, settings: { ...settings, ...changes }, pool, probe, sampler });
  const draws = [await chains.draw(), await chains.draw()];
  return { rises: draws.map((d) => d.rises), phi: draws.map((d) => d.phi), w: await chains.parameters(), chains };
}

test("chains in one batch are bit for bit the chains alone", async () => {
  const { lab, pool, probe } = await laboratory();
  for (const name of ["l0h2", "l1 mlp", "embed", "l0h2.q", "l1h3.v"]) {
    const three = await drawn(lab, pool, probe, name, { num_chains: 3 });
    three.chains.close();
    const one = await drawn(lab, pool, probe, name, { num_chains: 1 });
    one.chains.close();
    assert.equal(three.w.subarray(0, one.w.length), one.w, `${name}: weights of chain 0`);
    one.rises.forEach((rises, draw) => {
      assert.equal(three.rises[draw].subarray(0, rises.length), rises, `${name}: losses of chain 0, draw ${draw}`);
    });
    assert.not.equal(three.w.slice(one.w.length, 2 * one.w.length), one.w, `${name}: chain 1 is another`);
  }
  lab.close();
});

test("a component after others, with their cached prefixes, is bit for bit the component alone", async () => {
  const first = await laboratory();
  for (const name of ["l1h0", "l0 mlp[0:32]", "l1 mlp", "unembed", "l1h5.v"]) {
    const { chains } = await drawn(first.lab, first.pool, first.probe, name);
    chains.close();
    first.lab.trim(first.pool);
    first.lab.trim(first.probe);
  }
  // The second's keys are those that l1h5.v has left in the cache.
  for (const name of ["l1h5", "l1h5.q"]) {
    const after = await drawn(first.lab, first.pool, first.probe, name);
    const second = await laboratory();
    const alone = await drawn(second.lab, second.pool, second.probe, name);
    assert.equal(after.w, alone.w);
    assert.equal(after.rises, alone.rises);
    after.chains.close();
    second.lab.close();
  }
  first.lab.close();
});

test("at w* nothing rises, and phi is the mean of d over tokens at every draw", async () => {
  const { lab, pool, probe } = await laboratory();
  const still = await drawn(lab, pool, probe, "l0h1", { lr: 1e-30, noise_level: 0, num_burnin_steps: 0 });
  for (const rises of still.rises) assert.ok(rises.every((d) => d === 0));
  still.chains.close();
  const { rises, phi, chains } = await drawn(lab, pool, probe, "l0h1");
  const N = rises[0].length / 2;
  phi.forEach((values, draw) => {
    values.forEach((value, chain) => {
      const mean = rises[draw].subarray(chain * N, (chain + 1) * N).reduce((a, b) => a + b, 0) / N;
      assert.ok(Math.abs(value - mean) < 1e-6, `draw ${draw}, chain ${chain}: ${value} against ${mean}`);
      assert.ok(value > 0, "noise raises the loss of a trained model");
    });
  });
  const { sumD, sumPhiD } = await chains.sums();
  for (let i = 0; i < 2 * N; i++) {
    const chain = Math.floor(i / N);
    const d = rises[0][i] + rises[1][i];
    const phiD = phi[0][chain] * rises[0][i] + phi[1][chain] * rises[1][i];
    // f32 products, summed with compensation.
    assert.ok(Math.abs(sumD[i] - d) < 1e-6 && Math.abs(sumPhiD[i] - phiD) < 1e-6, `sums of element ${i}`);
  }
  // What rounding took from the sums is kept beside them and must come back with them.
  // biome-ignore lint/complexity/useLiteralKeys: brackets reach a private member.
  const { c_d, c_phi_d } = chains["own"].planned.sums;
  lab.memory.write(c_d, new Float32Array(2 * N).fill(0.25));
  lab.memory.write(c_phi_d, new Float32Array(2 * N).fill(0.5));
  const { sumD: d, sumPhiD: phiD } = await chains.sums();
  assert.ok(Math.abs(d[3] - sumD[3] - 0.25) < 1e-6 && Math.abs(phiD[5] - sumPhiD[5] - 0.5) < 1e-6, "the carries");
  chains.close();
  lab.close();
});

test("n_beta = 0 draws from the Gaussian of variance 1 / localization around w*", async (t) => {
  const { lab, pool, probe } = await laboratory();
  const { w, chains } = await drawn(lab, pool, probe, "l1 mlp", { n_beta: 0, localization: 400 }, "gaussian");
  const center = await gatherBlock(lab.weights, chains.block);
  const z: number[] = [];
  for (let chain = 0; chain < 2; chain++) {
    for (const { offset, size } of chains.block.entries) {
      for (let e = offset; e < offset + size; e++) z.push((w[chain * center.length + e] - center[e]) * 20);
    }
  }
  const mean = z.reduce((a, b) => a + b, 0) / z.length;
  const variance = z.reduce((a, b) => a + (b - mean) ** 2, 0) / (z.length - 1);
  t.note(`${z.length} weights: mean ${mean.toFixed(4)}, variance ${variance.toFixed(4)}`);
  // Five standard errors of a mean and of a variance of independent normals.
  assert.ok(Math.abs(mean) < 5 / Math.sqrt(z.length));
  assert.ok(Math.abs(variance - 1) < 5 * Math.sqrt(2 / z.length));
  chains.close();
  lab.close();
});

test("a chain that flies off is an error that names component, chain and remedy", async () => {
  const { lab, pool, probe } = await laboratory();
  try {
    await drawn(lab, pool, probe, "unembed", { lr: 0.03, n_beta: 3e38, num_burnin_steps: 30 });
    assert.unreachable();
  } catch (error) {
    assert.match((error as Error).message, /component unembed, chain \d, update \d+/);
  }
  lab.close();
});

test("BAOAB's chains that their steps throw off are stopped at the first check, with a remedy", async () => {
  const { lab, pool, probe } = await laboratory();
  const restriction = parseRestriction("l1h2", model.model);
  // Half the prior's standard deviation a step, where the loss holds a hundred times as stiff.
  const hot = {
    sampling_method: "sgmcmc_baoab",
    n_beta: 4000,
    lr: 0.005,
    num_burnin_steps: 12,
    num_draws: 30,
  } as const;
  const own = { ...settings, ...hot, batch_size: 0 };
  const chains = await Chains.open(lab, { restriction, settings: own, pool, probe, acceptanceChecks: 3 });
  try {
    while (chains.draws < own.num_draws) await chains.draw();
    assert.unreachable();
  } catch (error) {
    const { code, line } = error as SpectroscopeError;
    assert.is(code, "diverged");
    assert.match(
      line,
      /component l1h2, chain \d, update 1\d: the kinetic temperature is [\d.e+]+, .* lower lr \(now 0.005\)/,
    );
  }
  chains.close();
  // At a good step it is 1, also where it was looked at because phi jumped.
  const calm = { ...own, n_beta: 10 };
  const good = await Chains.open(lab, { restriction, settings: calm, pool, probe, acceptanceChecks: 3 });
  while (good.draws < calm.num_draws) await good.draw();
  const found = good.kineticTemperature;
  assert.is(found.length, 3 * calm.num_chains);
  // Six standard errors of the mean square of 2,072 normals.
  assert.ok(
    found.every((temperature) => Math.abs(temperature - 1) < 6 * Math.sqrt(2 / 2072)),
    `${found}`,
  );
  good.close();
  lab.close();
});

test("a whole batch has the gradient's own direction: the same chain whatever the seed of its noise", async () => {
  const { lab, pool, probe } = await laboratory();
  const still = { noise_level: 0, batch_size: 0, num_chains: 1 };
  const [one, other] = [5, 6].map((seed) => drawn(lab, pool, probe, "l1h2", { ...still, seed }));
  const [first, second] = [await one, await other];
  assert.equal(first.w, second.w);
  const few = await drawn(lab, pool, probe, "l1h2", { ...still, batch_size: 2, seed: 6 });
  assert.not.equal(few.w, first.w);
  // Larger than the pool: sequences come again.
  const many = await drawn(lab, pool, probe, "l1h2", { ...still, batch_size: 40, seed: 6 });
  assert.ok(many.phi.every((phi) => phi.every(Number.isFinite)));
  for (const { chains } of [first, second, few, many]) chains.close();
  lab.close();
});

test("settings that cannot be run are refused by key", () => {
  const refused = (changes: Partial<SamplerSettings>, text: RegExp) =>
    assert.throws(
      () => checkSettings({ ...settings, ...changes }),
      (error: SpectroscopeError) => error.exitCode === 2 && text.test(error.line),
    );
  refused({ lr: 0 }, /lr is 0; it must be a number, above 0/);
  refused({ num_chains: 1.5 }, /num_chains is 1.5/);
  refused({ lr: 0.1, localization: 50 }, /below 4 \/ \(localization/);
  refused({ rmsprop_alpha: 1 }, /rmsprop_alpha is 1; it must be a number, at least 0 and below 1/);
  refused({ n_beta: 0, localization: 0 }, /localization is 0: .* n_beta is 0/);
  refused({ sampling_method: "adam" as never }, /sampling_method is "adam"/);
  refused({ n_beta: -1 }, /n_beta/);
  refused({ batch_size: -1 }, /batch_size is -1/);
  const baoab = { sampling_method: "sgmcmc_baoab" } as const;
  refused({ ...baoab, localization: 0 }, /localization and llc_weight_decay are 0: one must be above 0 with .*baoab/);
  refused({ ...baoab, lr: 0.1, localization: 50 }, /below 4 \/ \(localization/);
  refused({ ...baoab, friction: 0 }, /friction is 0/);
  checkSettings({ ...settings, ...baoab, localization: 0, llc_weight_decay: 50 });
});

test("a model of 24 layers is planned at once, with either residual", () => {
  for (const use_parallel_residual of [true, false]) {
    const deep = nanoModel({ num_hidden_layers: 24, use_parallel_residual });
    const weights = {
      shapes: parameterShapes(deep),
      read: () => Promise.reject(new Error("planning reads no weights")),
    };
    const rows = { sequences: 2, positions: 8 };
    const restriction = parseRestriction("l0h0", deep);
    const start = performance.now();
    const plan = planModel({
      name: "deep",
      model: deep,
      fixed: new FixedTensors(weights),
      restriction,
      moving: new ChainWeights(layoutBlock(restriction, deep), {
        weights: tensor("w", [1, 4096], "kept"),
        gradients: tensor("g", [1, 4096], "kept"),
      }),
      groups: 1,
      rows,
      tokens: { inputs: tokenView("inputs", [16]), targets: tokenView("targets", [16]) },
      cache: new PrefixCache(),
    });
    assert.ok(plan.body.calls.length > 24 * 5);
    // A key that held its inputs' keys whole grew threefold a layer and never ended.
    assert.ok(performance.now() - start < 5000, "planned within seconds");
  }
});

test("a tied model's standard set has no unembed, and MLPs of few neurons no empty groups", () => {
  const tied = nanoModel({ tie_word_embeddings: true, intermediate_size: 3 });
  assert.not(standardRestrictions(tied).includes("unembed"));
  for (const name of [...standardRestrictions(tied), ...neuronGroups(tied, 4)]) parseRestriction(name, tied);
});

test("the standard set is every head, every MLP, embed and unembed", () => {
  assert.is(standardRestrictions(model.model).length, 2 * 8 + 2 + 2);
  assert.equal(neuronGroups(model.model, 4).slice(0, 2), ["l0 mlp[0:32]", "l0 mlp[32:64]"]);
  for (const name of ["l2h0", "l0h8", "l0 mpl", "l0 mlp[5:3]", "heads"]) {
    assert.throws(() => parseRestriction(name, model.model), new RegExp(`"${name.replace(/[[\]]/g, "\\$&")}"`));
  }
  const block = layoutBlock(parseRestriction("l0h3", model.model), model.model);
  assert.equal(
    block.entries.map(({ offset, size }) => [offset, size]),
    [
      [0, 24 * 64],
      [1536, 24],
      [1600, 64 * 8],
    ],
  );
});

test.run();
