import { sum } from "../../kernels/add/sum";
import { covariance } from "../../kernels/moments/covariance";
import { sumRows } from "../../kernels/reduce/sum_rows";
import { gaussian } from "../../kernels/sgld/gaussian";
import { step } from "../../kernels/sgld/step";
import { planFlops } from "../dispatch/executor";
import { type Call, type Plan, reshape, tensor, type View } from "../dispatch/plan";
import { layoutBlock, type ParameterBlock } from "../neox/block";
import { FixedTensors } from "../neox/fixed";
import { planModel, tokenView } from "../neox/model";
import { ChainWeights } from "../neox/moving";
import type { Restriction } from "../neox/restriction";
import { call, PrefixCache } from "../neox/tape";
import type { Laboratory, TextOnDevice } from "./laboratory";
import type { SamplerSettings } from "./settings";

/** What a restricted run needs. */
export interface ChainSpec {
  readonly restriction: Restriction;
  readonly settings: SamplerSettings;
  /** Minibatches come from here. */
  readonly pool: TextOnDevice;
  /** Losses are measured here at every draw; it is the sampling task's fixed batch too. */
  readonly probe: TextOnDevice;
  /** `sgld`: run chains. `gaussian`: the posterior at n_beta = 0, drawn directly. */
  readonly sampler?: "sgld" | "gaussian";
}

/** The chains' own tensors; M chains, P block elements, N probe tokens, R batch tokens. */
export interface ChainViews {
  /** [M, P]. */
  readonly w: View;
  /** [M, P]. */
  readonly g: View;
  /** w*, [P]. */
  readonly center: View;
  /** [M, 2] u32. */
  readonly keys: View;
  /** Rows of the pool, [M, R] u32. */
  readonly indices: View;
  readonly batchInputs: View;
  readonly batchTargets: View;
  /** l(w*) and -l(w*), [N]. */
  readonly baseline: View;
  readonly minusBaseline: View;
  /** d = l(w) - l(w*), [M, N]. */
  readonly rises: View;
  /** Mean of d over tokens, [M]. */
  readonly phi: View;
  /** Streaming sums and their compensations, [M, N]. */
  readonly sumD: View;
  readonly sumPhiD: View;
  readonly carryD: View;
  readonly carryPhiD: View;
}

/** All plans of a restricted run. */
export interface ChainPlans {
  readonly block: ParameterBlock;
  readonly views: ChainViews;
  /** Losses of the probe: alone, and followed by d, phi and the sums. `values` [M, N]. */
  readonly measure: { readonly prefix: Plan; readonly losses: Plan; readonly draw: Plan; readonly values: View };
  /** One update: gradient and SGLD step; absent for direct draws. */
  readonly train?: { readonly prefix: Plan; readonly body: Plan; readonly values: View };
}

/** Label of the call that moves the chains, whose `step` counts updates (or direct draws). */
export const UPDATE_LABEL = "update";

/** Plans a restricted run. */
export function planChains(
  lab: Pick<Laboratory, "config" | "fixed">,
  spec: ChainSpec,
  probeCache: PrefixCache,
  poolCache: PrefixCache,
): ChainPlans {
  const { restriction, settings, pool, probe } = spec;
  const { config, fixed } = lab;
  const M = settings.num_chains;
  const block = layoutBlock(restriction, config);
  const P = block.size;
  const N = probe.rows.sequences * probe.rows.positions;
  const R = settings.batch_size * pool.rows.positions;
  const name = (part: string) => `${restriction.name} ${part}`;
  const state = (part: string, shape: number[]) => tensor(name(part), shape, "kept");
  const views: ChainViews = {
    w: state("w", [M, P]),
    g: state("g", [M, P]),
    center: state("w*", [P]),
    keys: tokenView(name("keys"), [M, 2]),
    indices: tokenView(name("batch rows"), [M, R]),
    batchInputs: tokenView(name("batch inputs"), [M, R]),
    batchTargets: tokenView(name("batch targets"), [M, R]),
    baseline: state("l(w*)", [N]),
    minusBaseline: state("-l(w*)", [N]),
    rises: state("d", [M, N]),
    phi: state("phi", [M]),
    sumD: state("sum d", [M, N]),
    sumPhiD: state("sum phi d", [M, N]),
    carryD: state("carry d", [M, N]),
    carryPhiD: state("carry phi d", [M, N]),
  };
  const { w, g, center, keys } = views;
  const moving = new ChainWeights(block, { weights: w, gradients: g });
  const common = { config, fixed, restriction, moving, groups: M };
  const measured = planModel({
    ...common,
    name: name("probe"),
    rows: probe.rows,
    tokens: probe.tokens,
    cache: probeCache,
  });
  const direct = spec.sampler === "gaussian";
  const calls: Call[] = direct
    ? [call(UPDATE_LABEL, gaussian, { w, center, keys }, { localization: settings.localization, step: 0 })]
    : [];
  calls.push(...measured.body.calls, ...statistics(views, measured.losses, fixed.none(3)));
  const measure = {
    prefix: measured.prefix,
    losses: measured.body,
    draw: { name: name("draw"), calls },
    values: measured.losses,
  };
  if (direct) return { block, views, measure };
  const trained = planModel({
    ...common,
    name: name("gradient"),
    rows: pool.rows,
    tokens: pool.tokens,
    cache: poolCache,
    batch: {
      sequences: settings.batch_size,
      indices: views.indices,
      inputs: views.batchInputs,
      targets: views.batchTargets,
    },
  });
  const { lr, n_beta, localization, noise_level } = settings;
  const update = call(UPDATE_LABEL, step, { w, g, center, keys }, { lr, n_beta, localization, noise_level, step: 0 });
  const body = { name: trained.body.name, calls: [...trained.body.calls, update] };
  return { block, views, measure, train: { prefix: trained.prefix, body, values: trained.losses } };
}

/** d, phi and the streaming sums of a draw. */
function statistics(views: ChainViews, losses: View, none: View): Call[] {
  const { baseline, minusBaseline, rises, phi } = views;
  const [M, tokens] = losses.shape;
  const grouped = (view: View) => reshape(view, [M, 1, tokens]);
  return [
    call(
      "rise",
      sum,
      { a: grouped(losses), b: reshape(minusBaseline, [1, tokens]), c: none, y: grouped(rises) },
      { use_c: 0 },
    ),
    call("phi", sumRows, { x: rises, out: phi }, { scale: 1 / tokens }),
    call("moments", covariance, {
      losses,
      baseline,
      phi,
      sum_d: views.sumD,
      sum_phi_d: views.sumPhiD,
      c_d: views.carryD,
      c_phi_d: views.carryPhiD,
    }),
  ];
}

/** FLOPs of a restricted run by parts, without running it: prefixes once, an update, a draw's probe pass. */
export function chainFlops(
  lab: Laboratory,
  spec: ChainSpec,
): { prefix: number; update: number; draw: number; total: number } {
  const { measure, train } = planChains(
    { config: lab.config, fixed: new FixedTensors(lab.weights, lab.device.gpu.limits.maxStorageBufferBindingSize) },
    spec,
    new PrefixCache(),
    new PrefixCache(),
  );
  const prefix = planFlops(measure.prefix) + (train ? planFlops(train.prefix) : 0);
  const update = train ? planFlops(train.body) : 0;
  const draw = planFlops(measure.draw);
  const { num_draws, num_burnin_steps, num_steps_bw_draws } = spec.settings;
  const updates = num_burnin_steps + num_draws * num_steps_bw_draws;
  return { prefix, update, draw, total: prefix + updates * update + num_draws * draw };
}
