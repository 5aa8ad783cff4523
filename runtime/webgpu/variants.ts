import { SpectroscopeError } from "../../kernels/errors";
import type { Dims, Kernel, MatrixConfig, Params, Variant } from "../../kernels/kernel";
import type { AdapterFacts } from "../plan/device";
import { measuredOrder, overrideOf, type Tuning } from "./tuning";

/** A variant that runs here, but not on these sizes. */
const SIZES = "does not take these sizes";

/** Why a variant cannot run here, or undefined when it can. */
export function refusal(variant: Variant, facts: AdapterFacts, dims: Dims, params: Params): string | undefined {
  const missing = (variant.features ?? []).filter((feature) => !facts.features.includes(feature));
  if (missing.length > 0) return `needs ${missing.join(", ")}`;
  const { matrix } = variant;
  if (matrix) {
    const fits = facts.matrixConfigs?.some((has) =>
      (Object.keys(matrix) as (keyof MatrixConfig)[]).every((key) => has[key] === matrix[key]),
    );
    const { componentType, resultComponentType, M, N, K } = matrix;
    if (!fits) return `needs subgroup matrices of ${componentType} ${M} x ${K} x ${N} with ${resultComponentType} sums`;
    // Dawn's rule for shaders with subgroup matrices.
    const { subgroupMaxSize: size = 128 } = facts;
    if (variant.workgroup[0] % size !== 0) return `needs subgroups that divide ${variant.workgroup[0]}, not of ${size}`;
  }
  const invocations = variant.workgroup[0] * variant.workgroup[1] * variant.workgroup[2];
  if (invocations > facts.limits.maxComputeInvocationsPerWorkgroup)
    return `needs ${invocations} invocations a workgroup`;
  if ((variant.workgroupBytes ?? 0) > facts.limits.maxComputeWorkgroupStorageSize) {
    return `needs ${variant.workgroupBytes} bytes of workgroup memory`;
  }
  if (variant.accepts && !variant.accepts(dims, params)) return SIZES;
  return undefined;
}

/**
 * The variant to use. By name where one is wanted; else by the tuning: what a person wants for this kernel, then what was
 * measured here. Else on a GPU the last that suits one, on a software adapter the last that suits that, else the last that
 * suits any: later variants are the more special ones. Variants of suit `asked` are only taken by name or measurement, those
 * of lower precision only by name or by a measurement that allows them.
 *
 * A variant named by the tuning that does not take these sizes gives way to the next rule; one that the adapter lacks a feature
 * for is an error.
 */
export function chooseVariant(
  kernel: Kernel,
  facts: AdapterFacts,
  dims: Dims,
  params: Params,
  wanted?: string,
  tuning: Tuning = {},
): string {
  const reasonAgainst = (name: string): string | undefined =>
    Object.hasOwn(kernel.variants, name) ? refusal(kernel.variants[name], facts, dims, params) : "does not exist";
  const refuse = (name: string, why: string) =>
    new SpectroscopeError(`kernel ${kernel.name}: variant ${name} ${why}`, { code: "bad-input" });
  if (wanted) {
    const why = reasonAgainst(wanted);
    if (why) throw refuse(wanted, why);
    return wanted;
  }
  const named = overrideOf(tuning.overrides ?? [], kernel);
  if (named) {
    const why = reasonAgainst(named);
    if (!why) return named;
    if (why !== SIZES) throw refuse(named, `${why}, which ${facts.name} does not give`);
  }
  if (tuning.table) {
    const { table } = tuning;
    const order = measuredOrder(table, kernel, dims, params);
    const measured = order.find(
      (name) => !reasonAgainst(name) && (table.lowerPrecision || !kernel.variants[name].precision),
    );
    if (measured) return measured;
  }
  const able = Object.entries(kernel.variants)
    .filter(([name, variant]) => variant.suits !== "asked" && !variant.precision && !reasonAgainst(name))
    .reverse();
  const home = facts.software ? "software" : "gpu";
  const best = able.find(([, v]) => v.suits === home) ?? able.find(([, v]) => v.suits === "any") ?? able[0];
  if (best) return best[0];
  const reasons = Object.keys(kernel.variants).map(
    (name) => `${name} ${reasonAgainst(name) ?? "is taken by name only"}`,
  );
  throw new SpectroscopeError(`kernel ${kernel.name}: no variant runs on ${facts.name}: ${reasons.join("; ")}`, {
    code: "gpu",
  });
}
