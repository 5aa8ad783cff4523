/** Components of one layer together: every bit as each has it alone. */
import { join } from "node:path";
import * as assert from "uvu/assert";
import { testDevice, wasmDevice } from "../../harness/test/device";
import { refused } from "../../harness/test/refused";
import { suite } from "../../harness/test/suite";
import { nanoModel, tinyModel } from "../../harness/test/tiny-model";
import { openFolder } from "../../models/hub/open";
import { generate } from "../../models/nano/corpus";
import { plainSgld, type SamplerSettings } from "../config/sampler";
import { projectRoot } from "../node/root";
import type { Device } from "../plan/device";
import type { LossModel } from "../transformer/losses";
import { parseRestriction } from "../transformer/restriction";
import type { ChainSpec } from "./chain-plans";
import type { ChainState } from "./chain-state";
import { Laboratory } from "./laboratory";
import { Lockstep } from "./lockstep";
import { lockstepKey } from "./lockstep-plans";

const test = suite("runtime/sampler/lockstep", { gpu: true });

const settings: SamplerSettings = {
  ...plainSgld,
  seed: 8,
  lr: 0.01,
  n_beta: 10,
  localization: 50,
  num_chains: 4,
  num_draws: 3,
  num_burnin_steps: 1,
  num_steps_bw_draws: 2,
  batch_size: 2,
};
const baoab = { sampling_method: "sgmcmc_baoab" } as const;
const rmsprop = { sampling_method: "rmsprop_sgld", lr: 0.002, bounding_box_size: 0.2 } as const;

/** A model, rows of ids that it reads, and their length. */
interface Subject {
  readonly model: LossModel;
  readonly ids: Uint32Array;
  readonly columns: number;
}

async function nano(parallel: boolean): Promise<Subject> {
  const { weights } = await openFolder(join(projectRoot(), "models", "nano"));
  const { ids } = generate({ seed: 17, sequences: 5, context: 8 });
  return { model: { model: nanoModel({ use_parallel_residual: parallel }), weights }, ids, columns: 9 };
}

/** Four rows of the tiny model's text, cut elsewhere each. */
async function tiny(parallel: boolean): Promise<Subject> {
  const { model, weights, ids } = await tinyModel(3, 4, {}, { use_parallel_residual: parallel });
  const rows = [0, 3, 5, 7].flatMap((from) => [...ids.subarray(from), ...ids.subarray(0, from)]);
  return { model: { model, weights }, ids: Uint32Array.from(rows), columns: ids.length };
}

interface Setup {
  readonly lab: Laboratory;
  readonly specs: readonly ChainSpec[];
}

/** Components in a laboratory of their own; each takes other steps. */
async function setup(
  subject: Subject,
  names: readonly string[],
  changes: Partial<SamplerSettings> = {},
  extra: Partial<ChainSpec> & { ownTask?: boolean; device?: Device } = {},
): Promise<Setup> {
  const { model, ids, columns } = subject;
  const { ownTask, device = await testDevice(), ...rest } = extra;
  const lab = new Laboratory(device, model.model, model.weights);
  const rows = (from: number, to: number) => ids.subarray(from * columns, to * columns);
  const pool = lab.addText("pool", ids, columns);
  const probe = lab.addText("probe", rows(0, 2), columns);
  const task = ownTask ? { task: lab.addText("task", rows(2, 4), columns) } : {};
  const specs = names.map((name): ChainSpec => {
    const restriction = parseRestriction(name, model.model);
    const own = { ...settings, ...changes };
    const scale = 1 + name.length / 10;
    const scaled = { ...own, lr: own.lr * scale, localization: own.localization / scale };
    return { restriction, settings: scaled, pool, probe, acceptanceChecks: 2, ...task, ...rest };
  });
  return { lab, specs };
}

/** Draws all components up to `until`, and everything that can be seen of each. */
async function drawn({ lab, specs }: Setup, until: number, states: readonly ChainState[] = []) {
  const lockstep = await Lockstep.open(lab, specs, states);
  const losses: unknown[][] = specs.map(() => []);
  while (lockstep.draws < until) {
    (await lockstep.draw()).forEach((draw, i) => {
      losses[i].push([draw.index, draw.phi, draw.losses, draw.taskLosses, draw.rises]);
    });
  }
  const found = [];
  for (const [i, chains] of lockstep.components.entries()) {
    const [state, sums, w] = [await chains.save(), await chains.sums(), await chains.parameters()];
    const { phi, logAcceptance, kineticTemperature, baseline, taskBaseline } = chains;
    const checks = { logAcceptance, kineticTemperature };
    found.push({ draws: losses[i], state, sums, w, phi, ...checks, baseline, taskBaseline });
  }
  lockstep.close();
  lab.close();
  return found;
}

type Found = Awaited<ReturnType<typeof drawn>>[number];

function equal(found: Found, wanted: Found, what: string): void {
  for (const key of Object.keys(wanted) as (keyof Found)[]) assert.equal(found[key], wanted[key], `${what}: ${key}`);
}

function allEqual(found: readonly Found[], wanted: readonly Found[], names: readonly string[], what = ""): void {
  for (const [i, name] of names.entries()) equal(found[i], wanted[i], `${what}${name}`);
}

/** Components alone, in laboratories of their own. */
async function alone(...[subject, names, changes, extra]: Parameters<typeof setup>): Promise<Found[]> {
  const all: Found[] = [];
  for (const name of names) {
    const one = await setup(subject, [name], changes, extra);
    all.push(...(await drawn(one, one.specs[0].settings.num_draws)));
  }
  return all;
}

/** Heads, pieces of them, MLP, parts of it, unions, a whole layer; in the last layer nothing but the norm comes after them. */
const layer = (l: number, neurons: number) => [
  `l${l}h0`,
  `l${l}h1`,
  `l${l}h1.q`,
  `l${l}h0.v+l${l}h1.k+l${l}h0.o`,
  `l${l} mlp`,
  `l${l} mlp[0:${neurons}]`,
  `l${l} mlp[${neurons}:${2 * neurons}]`,
  `l${l}h0+l${l} mlp[${neurons}:${2 * neurons}]`,
  `l${l}`,
];

for (const parallel of [true, false]) {
  const residual = parallel ? "parallel" : "sequential";
  const cases: [string, () => Promise<Subject>, readonly number[], number, Partial<SamplerSettings>][] = [
    ["a tiny model", () => tiny(parallel), [0, 1, 2], 2, { num_draws: 2 }],
    ["nano", () => nano(parallel), [0, 1], 32, {}],
  ];
  for (const [what, subject, layers, neurons, changes] of cases) {
    test(`components of a layer together are bit for bit each alone: ${what}, ${residual} residual`, async () => {
      for (const l of layers) {
        const names = layer(l, neurons);
        const given = [await subject(), names, changes] as const;
        const wanted = await alone(...given);
        const together = await setup(...given);
        const found = await drawn(together, together.specs[0].settings.num_draws);
        allEqual(found, wanted, names);
        assert.not.equal(found[0].phi, found[1].phi, "components differ");
        assert.is(found[0].logAcceptance.length, 2 * together.specs[0].settings.num_chains);
      }
    });
  }
}

test("so are preconditioned and direct draws, another sampling task, one draw, chains that are some of a unit's", async () => {
  const subject = await nano(true);
  const names = ["l1h3", "l1 mlp", "l1 mlp[16:48]"];
  const cases: [string, Partial<SamplerSettings>, Parameters<typeof setup>[3]][] = [
    ["RMSprop from ones", rmsprop, { ownTask: true }],
    ["RMSprop from zeros", { ...rmsprop, rmsprop_init: "zeros" }, {}],
    ["BAOAB", baoab, { ownTask: true }],
    ["BAOAB, whole batches", { ...baoab, batch_size: 0 }, {}],
    ["direct draws", { n_beta: 0 }, { ownTask: true }],
    ["one draw", { num_draws: 1, num_burnin_steps: 0, num_steps_bw_draws: 1 }, {}],
    ["some chains", {}, { chains: [1, 2, 5, 6] }],
  ];
  for (const [what, changes, extra] of cases) {
    const wanted = await alone(subject, names, changes, extra);
    const together = await setup(subject, names, changes, extra);
    const found = await drawn(together, together.specs[0].settings.num_draws);
    allEqual(found, wanted, names, `${what}, `);
  }
});

test("so are they on the processor", async () => {
  const subject = await nano(true);
  const extra = { device: await wasmDevice() };
  for (const l of [0, 1]) {
    const names = layer(l, 32);
    const wanted = await alone(subject, names, {}, extra);
    allEqual(await drawn(await setup(subject, names, {}, extra), settings.num_draws), wanted, names);
  }
});

/** Makes every run of a laboratory's plans take so long, as those of a large model do. */
function slowed({ memory }: Laboratory, ms: number): void {
  const bind = memory.bind.bind(memory);
  memory.bind = async (plan) => {
    const bound = await bind(plan);
    const submit = bound.submit.bind(bound);
    bound.submit = () => {
      submit();
      for (const until = performance.now() + ms; performance.now() < until; );
    };
    return bound;
  };
}

test("on the processor timers are heard while chains draw, however slow an update and however few between draws", async () => {
  const subject = await nano(true);
  // A check reads, and whoever waits for what he reads lets timers be heard.
  const extra = { device: await wasmDevice(), acceptanceChecks: 0 };
  for (const [what, least, changes] of [
    ["two updates a draw", 4, { num_draws: 10, num_burnin_steps: 0, num_steps_bw_draws: 2 }],
    ["one draw of many updates", 6, { num_draws: 1, num_burnin_steps: 0, num_steps_bw_draws: 30 }],
    ["direct draws", 4, { num_draws: 30, n_beta: 0 }],
  ] as const) {
    const { lab, specs } = await setup(subject, ["l1h0"], changes, extra);
    slowed(lab, 30);
    const lockstep = await Lockstep.open(lab, specs);
    let heard = 0;
    const timer = setInterval(() => heard++, 1);
    const start = performance.now();
    try {
      while (lockstep.draws < changes.num_draws) await lockstep.draw();
    } finally {
      clearInterval(timer);
      lockstep.close();
      lab.close();
    }
    const seconds = (performance.now() - start) / 1000;
    // In 1.8 seconds every fifth of one, and an update and a draw later where those lie between; by count it were 3 and a last one.
    assert.ok(heard >= least, `${what}: heard ${heard} times in ${seconds.toFixed(1)} s`);
  }
});

test("components with unlike numbers of chains run together", async () => {
  const subject = await nano(true);
  const names = ["l0h2", "l0 mlp"];
  const wanted = [
    ...(await alone(subject, [names[0]], {}, { chains: [0, 3, 4, 7] })),
    ...(await alone(subject, [names[1]], {}, { chains: [1, 2, 3, 4, 5, 6, 7, 8] })),
  ];
  const { lab, specs } = await setup(subject, names);
  const mixed = specs.map((spec, i) => ({ ...spec, chains: i === 0 ? [0, 3, 4, 7] : [1, 2, 3, 4, 5, 6, 7, 8] }));
  const found = await drawn({ lab, specs: mixed }, settings.num_draws);
  allEqual(found, wanted, names);
});

test("saved together they go on alone, and the other way round, with the same bits", async () => {
  const subject = await nano(true);
  const names = ["l1h0", "l1h6.k", "l1 mlp[0:32]"];
  for (const changes of [{}, rmsprop, baoab, { n_beta: 0 }]) {
    const wanted = await alone(subject, names, changes);
    const later = (found: Found, whole: Found) => ({ ...found, draws: [...whole.draws.slice(0, 1), ...found.draws] });
    const first = (await drawn(await setup(subject, names, changes), 1)).map(({ state }) => state);
    for (const [i, name] of names.entries()) {
      const [own] = await drawn(await setup(subject, [name], changes), settings.num_draws, [first[i]]);
      equal(later(own, wanted[i]), wanted[i], `${name} goes on alone`);
    }
    const states: ChainState[] = [];
    for (const name of names) states.push((await drawn(await setup(subject, [name], changes), 1))[0].state);
    assert.equal(states, first, "the same state either way");
    const found = await drawn(await setup(subject, names, changes), settings.num_draws, states);
    const all = found.map((own, i) => later(own, wanted[i]));
    allEqual(all, wanted, names, "going on with others, ");
  }
});

test("what is not of one layer, or of sizes that cannot be cut, runs alone, and is refused together", async () => {
  const subject = await nano(true);
  const names = ["l0h0", "l0 mlp", "l1h0", "embed", "unembed", "full", "l0h0+l1h0", "gpt_neox.final_layer_norm.bias"];
  const { lab, specs } = await setup(subject, names);
  const keys = specs.map((spec) => lockstepKey(lab, spec));
  assert.ok(keys[0] && keys[0] === keys[1] && keys[2] && keys[2] !== keys[0]);
  assert.equal(keys.slice(3), [undefined, undefined, undefined, undefined, undefined]);
  const [head, mlp] = specs;
  const like = (changes: Partial<SamplerSettings>): ChainSpec => ({
    ...mlp,
    settings: { ...mlp.settings, ...changes },
  });
  for (const changes of [{ n_beta: 0 }, { num_draws: 9 }, { batch_size: 1 }, { seed: 1 }, rmsprop, baoab]) {
    assert.not.equal(lockstepKey(lab, like(changes)), keys[1], JSON.stringify(changes));
  }
  // Three chains of 16 tokens are 48 losses: the second component's would begin where no binding can.
  assert.is(lockstepKey(lab, { ...head, chains: [0, 1, 2] }), undefined);
  await refused(Lockstep.open(lab, [head, specs[2]]), /l0h0, l1h0: cannot run in lockstep: not of one layer/);
  await refused(Lockstep.open(lab, [head, specs[3]]), /l0h0, embed: cannot run in lockstep/);
  const one = await Lockstep.open(lab, [head]);
  await one.draw();
  const state = await one.components[0].save();
  one.close();
  await refused(Lockstep.open(lab, [head, mlp], [state]), /l0h0, l0 mlp: .*they stand at draws 1, 0/);
  lab.close();
});

test("texts and weights stay, and nothing of the chains does", async () => {
  const subject = await nano(true);
  const { lab, specs } = await setup(subject, ["l0h0", "l0h1", "l0 mlp"]);
  const bytes: number[] = [];
  for (let i = 0; i < 3; i++) {
    const lockstep = await Lockstep.open(lab, specs);
    await lockstep.draw();
    lockstep.close();
    for (const { cache } of [specs[0].pool, specs[0].probe]) {
      // Matrices without a head are made anew, so their products have been too.
      for (const view of cache.trim()) lab.memory.release(view.slot);
    }
    bytes.push(lab.memory.bytes);
  }
  assert.is(bytes[2], bytes[1], `${bytes}`);
  lab.close();
});

test.run();
