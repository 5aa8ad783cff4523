import { SpectroscopeError } from "../../kernels/errors";
import type { Dims, Kernel, Params, Variant } from "../../kernels/kernel";
import type { AdapterFacts } from "../device/facts";

/** Why a variant cannot run here, or undefined when it can. */
export function refusal(variant: Variant, facts: AdapterFacts, dims: Dims, params: Params): string | undefined {
  const missing = (variant.features ?? []).filter((feature) => !facts.features.includes(feature));
  if (missing.length > 0) return `needs ${missing.join(", ")}`;
  const invocations = variant.workgroup[0] * variant.workgroup[1] * variant.workgroup[2];
  if (invocations > facts.limits.maxComputeInvocationsPerWorkgroup)
    return `needs ${invocations} invocations a workgroup`;
  if ((variant.workgroupBytes ?? 0) > facts.limits.maxComputeWorkgroupStorageSize) {
    return `needs ${variant.workgroupBytes} bytes of workgroup memory`;
  }
  if (variant.accepts && !variant.accepts(dims, params)) return "does not take these sizes";
  return undefined;
}

/**
 * The variant to use: on a GPU the first that suits one, on a software adapter the first that suits that, else the
 * first that runs at all. Later variants are the more special ones, so they are tried first.
 */
export function chooseVariant(
  kernel: Kernel,
  facts: AdapterFacts,
  dims: Dims,
  params: Params,
  wanted?: string,
): string {
  if (wanted) {
    const variant = kernel.variants[wanted];
    const why = variant ? refusal(variant, facts, dims, params) : "does not exist";
    if (why) throw new SpectroscopeError(`kernel ${kernel.name}: variant ${wanted} ${why}`, { code: "bad-input" });
    return wanted;
  }
  const able = Object.entries(kernel.variants)
    .filter(([, variant]) => !refusal(variant, facts, dims, params))
    .reverse();
  const home = facts.software ? "software" : "gpu";
  const best = able.find(([, v]) => v.suits === home) ?? able.find(([, v]) => v.suits === "any") ?? able[0];
  if (!best) throw new SpectroscopeError(`kernel ${kernel.name}: no variant runs on ${facts.name}`, { code: "gpu" });
  return best[0];
}
