import type { Kernel } from "./kernel";
import { bits } from "./philox/bits";
import { normal } from "./philox/normal";
import { kernels } from "./registry";

/** Kernels that no plan calls: they show to tests and goldens what other kernels make inside. */
export const probes: readonly Kernel[] = [bits, normal];

/** What tests and goldens go through. */
export const everyKernel: readonly Kernel[] = [...kernels, ...probes];
