/** A prior whose rise is that of chains: nano's chains, and what trials leave behind. */
import * as assert from "uvu/assert";
import { testDevice, wasmDevice } from "../../harness/test/device";
import { nanoFolder } from "../../harness/test/nano";
import { refused } from "../../harness/test/refused";
import { CONTEXT, shortChains } from "../../harness/test/short-chains";
import { suite } from "../../harness/test/suite";
import { generate } from "../../models/nano/corpus";
import type { LoadedModel } from "../../models/weights";
import type { SamplerSettings } from "../config/sampler";
import { parseRestriction } from "../transformer/restriction";
import type { ChainState } from "./chain-state";
import { matchRises, type RiseTarget } from "./equal-rise";
import { Laboratory } from "./laboratory";
import { Lockstep } from "./lockstep";

const test = suite("runtime/sampler/equal-rise", { gpu: true });
const DRAWS = 32;
const settings = shortChains(4, DRAWS);
const NAMES = ["l0h1", "l0 mlp"];
let model: LoadedModel;
test.before(async () => {
  model = await nanoFolder();
});

const mean = (values: ArrayLike<number>) => Array.from(values).reduce((a, b) => a + b, 0) / values.length;

/** Components of nano in lockstep, in a laboratory of their own: of little text, or of as much as rises are told from. */
async function opened(
  names: readonly string[],
  changes: Partial<SamplerSettings>,
  { states = [], much = false }: { readonly states?: readonly ChainState[]; readonly much?: boolean } = {},
) {
  const lab = new Laboratory(much ? await wasmDevice() : await testDevice(), model.model, model.weights);
  const context = much ? 64 : CONTEXT;
  const ids = (seed: number, sequences: number) => generate({ seed, sequences, context }).ids;
  const pool = lab.addText("pool", ids(6, 4), context + 1);
  const probe = lab.addText("probe", ids(5, much ? 8 : 4), context + 1);
  const specs = names.map((name) => {
    return { restriction: parseRestriction(name, model.model), settings: { ...settings, ...changes }, pool, probe };
  });
  const lockstep = await Lockstep.open(lab, specs, states);
  const close = () => {
    lockstep.close();
    lab.close();
  };
  return { lockstep, close };
}

async function drawnTo(lockstep: Lockstep, until: number): Promise<void> {
  while (lockstep.draws < until) await lockstep.draw({ traces: false });
}

/** Everything that can be seen of each component after the last draw. */
async function ended({ lockstep, close }: Awaited<ReturnType<typeof opened>>) {
  await drawnTo(lockstep, settings.num_draws);
  const found = [];
  for (const chains of lockstep.components) {
    found.push({ sums: await chains.sums(), state: await chains.save(), w: await chains.parameters() });
  }
  close();
  return found;
}

const PRIOR = { n_beta: 0 };
const meansOf = (phi: ArrayLike<number>) =>
  Float64Array.from({ length: 4 }, (_, m) => mean(Array.from(phi).filter((_, i) => i % 4 === m)));

test("nano's chains: the prior's pooled rise is theirs within 3 %, each chain's within 10 %", async (t) => {
  const much = { much: true };
  const steps = { lr: 0.008, num_steps_bw_draws: 2, num_burnin_steps: 8 };
  const chains = await ended(await opened(NAMES, steps, much));
  const plain = await ended(await opened(NAMES, PRIOR, much));
  const targets = NAMES.map((_, i): RiseTarget => {
    return { wanted: meansOf(chains[i].sums.phi), prior: Float32Array.from(plain[i].sums.phi) };
  });
  const matched = await opened(NAMES, PRIOR, much);
  await matchRises(matched.lockstep, targets);
  const found = await ended(matched);
  for (const [i, name] of NAMES.entries()) {
    const { wanted, prior } = targets[i];
    const got = meansOf(found[i].sums.phi);
    const [rise, aim, before] = [mean(got), mean(wanted), mean(prior)];
    const shares = Array.from(got, (value, m) => (value / wanted[m]).toFixed(3));
    t.note(
      `${name}: ${rise.toFixed(4)}, chains ${aim.toFixed(4)}, plain prior ${before.toFixed(4)}; by chain ${shares}`,
    );
    assert.ok(Math.abs(before / aim - 1) > 0.05, "there is something to match");
    // 12 of 32 draws tell a chain's rise to 2 %, where another localization multiplies it by 1.5 (measured on nano).
    assert.ok(Math.abs(rise / aim - 1) < 0.03, `${name}: ${rise}, wanted ${aim}`);
    for (const m of got.keys()) assert.ok(Math.abs(got[m] / wanted[m] - 1) < 0.1, `${name}, chain ${m}`);
  }
});

test("trials leave no trace; alone, or together with others, or gone on with from any draw, the same bits", async () => {
  const plain = await ended(await opened(NAMES, PRIOR));
  const targets = plain.map(({ sums }): RiseTarget => {
    const prior = Float32Array.from(sums.phi);
    return { wanted: meansOf(prior).map((rise, m) => rise * (0.7 + 0.2 * m)), prior };
  });
  const matched = await opened(NAMES, PRIOR);
  await matchRises(matched.lockstep, targets);
  await drawnTo(matched.lockstep, 3);
  const states = [];
  for (const chains of matched.lockstep.components) states.push(await chains.save());
  const whole = await ended(matched);
  const told = whole.map(({ state }) => state.arrays.localization!);
  assert.is(new Set(told.flatMap((values) => Array.from(values))).size, 8, "every chain has its own");
  const untried = await opened(NAMES, PRIOR);
  for (const [i, localization] of told.entries()) untried.lockstep.setLocalization(i, localization);
  assert.equal(await ended(untried), whole, "without trials");
  assert.equal(await ended(await opened(NAMES, PRIOR, { states })), whole, "gone on with");
  for (const [i, name] of NAMES.entries()) {
    const alone = await opened([name], PRIOR);
    await matchRises(alone.lockstep, [targets[i]]);
    assert.equal(await ended(alone), [whole[i]], `${name} alone`);
  }
});

test("chains that are not drawn directly have no localization to find", async () => {
  const chains = await opened(["l1h2"], { num_draws: 4 });
  const target = { wanted: new Float64Array(4), prior: new Float32Array(16) };
  await refused(
    matchRises(chains.lockstep, [target]),
    /l1h2: its chains are not drawn directly, n_beta is 10; ask for n_beta 0/,
  );
  chains.close();
});

test.run();
