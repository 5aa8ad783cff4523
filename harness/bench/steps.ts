/** Whole steps of chains that are restricted to a component: what a run is made of. */
import type { Device } from "../../runtime/node/open-device";
import { addWork, type Work } from "../../runtime/plan/estimate";
import type { View } from "../../runtime/plan/plan";
import type { ChainSpec } from "../../runtime/sampler/chain-plans";
import { chainWork } from "../../runtime/sampler/chain-work";
import { Chains } from "../../runtime/sampler/chains";
import { planLockstep } from "../../runtime/sampler/lockstep-plans";
import { gatherBlock } from "../../runtime/transformer/block";
import { type Model, tied } from "../../runtime/transformer/family";
import { parseRestriction, standardRestrictions } from "../../runtime/transformer/restriction";
import type { Weights } from "../../runtime/transformer/weights";
import { type BenchModel, benchSettings, type ModelName, openBenchModel, type StepShape } from "./models";
import { type Spread, sampleTurns, sampleWall } from "./spread";

/** `update`: gradient of a minibatch and the step. `probe`: losses of the probe and their sums. `draw`: both, and the readback. */
export const STEPS = ["update", "probe", "draw"] as const;
export type Step = (typeof STEPS)[number];

/** A step of one component: times by the wall, of all chains together. */
export interface StepRow extends Spread, StepShape {
  readonly row: "step";
  readonly model: ModelName;
  readonly component: string;
  readonly step: Step;
  /** Minimum necessary work of all chains, counted by the plan. */
  readonly flops: number;
  readonly bytes: number;
  readonly gflops: number;
  readonly msPerChain: number;
  /** Counted FLOPs over those of the same step of the whole model (`full`): its forward and backward pass, or its forward. */
  readonly flopShare: number;
  /** The same of the median times. */
  readonly wallShare: number;
}

/** Draws of the standard component set: every head and MLP, embedding and unembedding. */
export interface StandardRow {
  readonly row: "standard";
  readonly model: ModelName;
  readonly components: number;
  /** Mean over all components of a draw's counted FLOPs (an update and a probe pass), over those of the same by the whole model. */
  readonly flopShare: number;
  /** The same over the components that were timed, each standing for its kind. */
  readonly flopShareTimed: number;
  /** Their times over those of a whole-model draw, weighted in the same way. */
  readonly wallShare: number;
  /** Mean FLOPs of a draw over those of a forward and backward pass of the whole model on the same tokens, the probe's too. */
  readonly ofForwardBackward: number;
}

export interface StepOptions {
  /** What the rows call the model. */
  readonly name: ModelName;
  readonly model: Model;
  readonly weights?: Weights;
  readonly shape: StepShape;
  readonly budgetMs: number;
  readonly say?: (text: string) => void;
  readonly onRow?: (row: StepRow | StandardRow) => void;
}

/** One of each kind that differs in what lies before it, and how many of the standard set each stands for. */
export function componentKinds(model: Model): { name: string; weight: number }[] {
  const { layers: L, heads: H } = model.dims;
  const layers = [...new Set([0, L >> 1, L - 1])];
  return [
    ...layers.map((layer) => ({ name: `l${layer}h0`, weight: (L * H) / layers.length })),
    { name: `l${L >> 1} mlp`, weight: L },
    { name: "embed", weight: 1 },
    ...(tied(model) ? [] : [{ name: "unembed", weight: 1 }]),
  ];
}

/**
 * Times the steps of every kind of component and of the whole model. Draws of a component take turns with the whole model's, so
 * that a busy minute falls on both.
 */
export async function benchSteps(device: Device, options: StepOptions): Promise<(StepRow | StandardRow)[]> {
  const { name: called, model, weights, shape, budgetMs, say = () => {}, onRow = () => {} } = options;
  const rows: (StepRow | StandardRow)[] = [];
  const add = (row: StepRow | StandardRow) => {
    rows.push(row);
    onRow(row);
  };
  const bench = openBenchModel(device, model, shape, weights);
  try {
    say(`${called}: full`);
    const full = await openSteps(bench, shape, "full");
    const whole = await timeSteps(full, undefined, budgetMs);
    const timed: { weight: number; draw: StepRow }[] = [];
    for (const { name, weight } of [{ name: "full", weight: 0 }, ...componentKinds(model)]) {
      if (name !== "full") say(`${called}: ${name}`);
      const { work, ofWhole } = countSteps(bench, shape, name);
      const times = name === "full" ? whole : await timeComponent(bench, shape, name, full, budgetMs);
      const steps = STEPS.map((step): StepRow => {
        const { flops, bytes } = work[step];
        const { median } = times[step];
        const beside = step === "draw" ? times.wholeDraw : whole[step];
        const shares = { flopShare: flops / ofWhole[step].flops, wallShare: median / beside.median };
        const rates = { gflops: flops / median / 1e6, msPerChain: median / shape.chains };
        return {
          row: "step",
          model: called,
          component: name,
          step,
          ...shape,
          ...times[step],
          flops,
          bytes,
          ...rates,
          ...shares,
        };
      });
      for (const row of steps) add(row);
      if (weight > 0) timed.push({ weight, draw: steps[2] });
    }
    full.close();
    add(standardRow(called, bench, shape, timed));
    return rows;
  } finally {
    bench.lab.close();
  }
}

function standardRow(
  model: ModelName,
  bench: BenchModel,
  shape: StepShape,
  timed: readonly { weight: number; draw: StepRow }[],
): StandardRow {
  const names = standardRestrictions(bench.lab.model);
  const counts = names.map((name) => countSteps(bench, shape, name));
  const [{ ofWhole, forwardBackward }] = counts;
  const mean = counts.reduce((sum, { work }) => sum + work.draw.flops, 0) / names.length;
  const weights = timed.reduce((sum, { weight }) => sum + weight, 0);
  const weighted = (of: (row: StepRow) => number) =>
    timed.reduce((sum, { weight, draw }) => sum + weight * of(draw), 0) / weights;
  return {
    row: "standard",
    model,
    components: names.length,
    flopShare: mean / ofWhole.draw.flops,
    flopShareTimed: weighted(({ flopShare }) => flopShare),
    wallShare: weighted(({ wallShare }) => wallShare),
    ofForwardBackward: mean / forwardBackward.flops,
  };
}

function specOf({ lab, pool, probe }: BenchModel, shape: StepShape, component: string): ChainSpec {
  const settings = benchSettings({ num_chains: shape.chains, batch_size: shape.batch });
  return { restriction: parseRestriction(component, lab.model), settings, pool, probe };
}

/** Counted work of a component's steps and of the same by the whole model; prefixes, made once per text, are left out. */
function countSteps(bench: BenchModel, shape: StepShape, component: string) {
  const { update, draw: probe, whole } = chainWork(bench.lab, specOf(bench, shape, component));
  const steps = (update: Work, probe: Work): Record<Step, Work> => ({ update, probe, draw: addWork(update, probe) });
  return {
    work: steps(update, probe),
    ofWhole: steps(whole.update, whole.drawForward),
    forwardBackward: addWork(whole.update, whole.draw),
  };
}

/** The steps of a component's chains; each ends when the device is done. */
interface Steps extends Readonly<Record<Step, () => Promise<void>>> {
  close(): void;
}

type StepTimes = Record<Step | "wholeDraw", Spread>;

async function timeComponent(
  bench: BenchModel,
  shape: StepShape,
  component: string,
  full: Steps,
  budgetMs: number,
): Promise<StepTimes> {
  const steps = await openSteps(bench, shape, component);
  try {
    return await timeSteps(steps, full, budgetMs);
  } finally {
    steps.close();
  }
}

/** Times of the steps; with `full`, of its draws in turns with these. */
async function timeSteps(steps: Steps, full: Steps | undefined, budgetMs: number): Promise<StepTimes> {
  const update = await sampleWall(steps.update, budgetMs);
  const probe = await sampleWall(steps.probe, budgetMs);
  const draws = full ? [steps.draw, full.draw] : [steps.draw];
  const [draw, wholeDraw = draw] = await sampleTurns(draws, budgetMs);
  return { update, probe, draw, wholeDraw };
}

/** Compiles everything, and makes the prefixes that are not there yet. */
async function openSteps({ lab, pool, probe }: BenchModel, shape: StepShape, component: string): Promise<Steps> {
  const { memory } = lab;
  const spec = specOf({ lab, pool, probe }, shape, component);
  const chains = await Chains.open(lab, spec);
  // The probe pass alone is a plan of its own, over chains that stay at the trained weights.
  const planned = planLockstep(lab, [spec]);
  const [{ views, block, sums, losses }] = planned.components;
  const center = await gatherBlock(lab.weights, block);
  const start = new Float32Array(views.w.slot.size);
  for (let at = 0; at < start.length; at += block.size) start.set(center, at);
  memory.write(views.w, start);
  await lab.fixed.flush(memory);
  for (const prefix of planned.prefixes) {
    const bound = await memory.bind(prefix);
    await bound.run();
    bound.destroy();
  }
  const bound = await memory.bind(planned.draw);
  return {
    async update() {
      chains.step();
      await memory.settle();
    },
    async probe() {
      bound.submit();
      await memory.settle();
    },
    async draw() {
      await chains.draw({ traces: false });
    },
    close() {
      chains.close();
      bound.destroy();
      const own: View[] = [views, sums, losses].flatMap((group) => Object.values(group) as View[]);
      for (const { slot } of own) memory.release(slot);
    },
  };
}
