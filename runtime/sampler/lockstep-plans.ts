import type { SamplerSettings } from "../config/sampler";
import { ALIGNED_ELEMENTS } from "../plan/alignment";
import type { Plan, View } from "../plan/plan";
import { groupSlice, layerOf, planJoint } from "../transformer/joint";
import { planModel, tokenView } from "../transformer/model";
import type { PrefixCache } from "../transformer/tape";
import {
  batchSequences,
  batchTokens,
  type ChainSpec,
  type ChainTensors,
  chainNumbers,
  chainTensors,
  drawCalls,
  gaussianCall,
  type LossViews,
  riseCalls,
  samplerKind,
  shiftedCall,
  tokensOf,
  updateCall,
} from "./chain-plans";
import type { Laboratory, TextOnDevice } from "./laboratory";
import { pairCalls } from "./pairs";

/** What planning asks of a laboratory. */
export type PlanContext = Pick<Laboratory, "model" | "fixed">;

/** A component of a lockstep run: its tensors, and where its losses lie among those of all. */
export interface LockstepComponent extends ChainTensors {
  readonly losses: LossViews;
}

/** The plans of components that run in lockstep. */
export interface LockstepPlans {
  readonly components: readonly LockstepComponent[];
  /** To be run once, in this order. */
  readonly prefixes: readonly Plan[];
  /** Losses of the texts alone. */
  readonly losses: Plan;
  /** A draw: where weights are drawn directly the draw itself, then losses, d, phi and the sums. */
  readonly draw: Plan;
  /** A direct draw that is not taken: its losses, d and phi, but no sums; absent for chains. */
  readonly trial?: Plan;
  /** A draw's part of the shifted-draws control. */
  readonly shifted: Plan;
  /** One update: the gradient of a minibatch's mean loss, and the step; absent for direct draws. */
  readonly train?: { readonly gradient: Plan; readonly update: Plan };
}

/** Prefix caches of the texts. */
export interface ChainCaches {
  readonly probe: PrefixCache;
  readonly pool: PrefixCache;
  readonly task?: PrefixCache;
}

/** Settings that components of one lockstep run may have each for themselves. */
const OWN: readonly (keyof SamplerSettings)[] = ["lr", "localization"];

/**
 * What components must have in common to run in lockstep, as a text; nothing where a component runs alone: where its weights do
 * not all lie in one layer, and where a slice of what all components share could not begin where WebGPU lets a binding begin.
 */
export function lockstepKey({ model }: Pick<Laboratory, "model">, spec: ChainSpec): string | undefined {
  const layer = layerOf(spec.restriction, model);
  if (layer === undefined) return undefined;
  const chains = chainNumbers(spec).length;
  const measured = [spec.probe, ...(spec.task ? [spec.task] : [])].map(tokensOf);
  const rows = samplerKind(spec) === "sgld" ? [...measured, batchTokens(spec)] : measured;
  const slices = [...measured.map((tokens) => chains * tokens), ...rows.map((n) => chains * n * model.dims.hidden)];
  if (slices.some((size) => size % ALIGNED_ELEMENTS !== 0)) return undefined;
  const { settings, acceptanceChecks = 0, pairs = false } = spec;
  const common = Object.entries(settings).filter(([key]) => !OWN.includes(key as keyof SamplerSettings));
  return JSON.stringify({ layer, kind: samplerKind(spec), acceptanceChecks, pairs, common });
}

/** Plans components that run in lockstep: one, or several with one `lockstepKey`. */
export function planLockstep(
  { model, fixed }: PlanContext,
  specs: readonly ChainSpec[],
  caches?: ChainCaches,
): LockstepPlans {
  const [{ pool, probe, task }] = specs;
  const {
    probe: ofProbe,
    pool: ofPool,
    task: ofTask,
  } = caches ?? {
    probe: probe.cache,
    pool: pool.cache,
    task: task?.cache,
  };
  const counts = specs.map((spec) => chainNumbers(spec).length);
  const starts = counts.map((_, i) => counts.slice(0, i).reduce((a, b) => a + b, 0));
  const groups = counts.reduce((a, b) => a + b, 0);
  const R = batchTokens(specs[0]);
  const label = specs.length === 1 ? specs[0].restriction.name : `${specs.length} components`;
  const name = (part: string) => `${label} ${part}`;
  const part = (view: View, i: number) => groupSlice(view, starts[i], counts[i]);
  const targets = tokenView(name("batch targets"), [groups, R]);
  // Only kernels' bindings must begin at multiples of 64, and none reads the targets of one component.
  const ownTargets = (i: number): View => ({ ...targets, shape: [counts[i], R], offset: starts[i] * R });
  const chains = specs.map((spec, i) => chainTensors(model, spec, fixed.bindingBytes, ownTargets(i)));
  /** The model over a text: alone as one plan, together as one plan with a branch for each component. */
  const pass = (what: string, { rows, tokens }: TextOnDevice, cache: PrefixCache, sequences?: number) => {
    const common = { name: name(what), model, fixed, rows, tokens, cache };
    const [{ moving, views }] = chains;
    if (specs.length === 1) {
      const { indices, batchInputs: inputs } = views;
      const batch = sequences ? { batch: { sequences, indices, inputs, targets } } : {};
      return planModel({ ...common, restriction: specs[0].restriction, moving, groups, ...batch });
    }
    const branches = specs.map(({ restriction }, i) => ({
      restriction,
      moving: chains[i].moving,
      groups: counts[i],
      ...(sequences ? { indices: chains[i].views.indices } : {}),
    }));
    const layer = layerOf(specs[0].restriction, model)!;
    return planJoint({ ...common, layer, branches, ...(sequences ? { batch: { sequences, targets } } : {}) });
  };

  const onProbe = pass("probe", probe, ofProbe);
  const onTask = task && pass("task", task, ofTask ?? task.cache);
  const trained = chains[0].kind === "sgld" ? pass("gradient", pool, ofPool, batchSequences(specs[0])) : undefined;
  const ownBatch = (losses: View, i: number): View => ({ ...losses, shape: [counts[i], R], offset: starts[i] * R });
  const components = chains.map((own, i) => ({
    ...own,
    losses: {
      probe: part(onProbe.losses, i),
      ...(onTask ? { task: part(onTask.losses, i) } : {}),
      ...(trained ? { batch: ownBatch(trained.losses, i) } : {}),
    },
  }));
  const losses = [...onProbe.body.calls, ...(onTask?.body.calls ?? [])];
  const moves = trained ? [] : chains.map(({ views }, i) => gaussianCall(views, specs[i].settings));
  const hiddenOf = (i: number) => (specs.length === 1 ? onProbe.hidden : part(onProbe.hidden, i));
  const pairs = components.flatMap(({ pairs: own, views, moving }, i) => {
    const { phi, w: weights } = views;
    return own ? pairCalls(own, { phi, weights, hidden: hiddenOf(i), moving, fixed, model }) : [];
  });
  const draw = [...moves, ...losses, ...components.flatMap((own) => drawCalls(own, own.losses)), ...pairs];
  const trial = [...moves, ...losses, ...components.flatMap((own) => riseCalls(own, own.losses))];
  const shifted = components.map((own) => shiftedCall(own, own.losses));
  const updates = chains.map(({ views }, i) => updateCall(views, specs[i].settings));
  return {
    components,
    prefixes: [onProbe, onTask, trained].flatMap((one) => (one ? [one.prefix] : [])),
    losses: { name: name("losses"), calls: losses },
    draw: { name: name("draw"), calls: draw },
    shifted: { name: name("shifted"), calls: shifted },
    ...(trained ? {} : { trial: { name: name("trial"), calls: trial } }),
    ...(trained ? { train: { gradient: trained.body, update: { name: name("update"), calls: updates } } } : {}),
  };
}
