/** Every kernel that goldens are held against. */

import { backward as geluBackward } from "../../kernels/gelu/backward";
import { forward as geluForward } from "../../kernels/gelu/forward";
import type { Kernel } from "../../kernels/kernel";
import { bits } from "../../kernels/philox/bits";
import { normal } from "../../kernels/philox/normal";
import { gaussian } from "../../kernels/sgld/gaussian";
import { rmsprop } from "../../kernels/sgld/rmsprop";
import { step } from "../../kernels/sgld/step";

export const kernels: readonly Kernel[] = [geluBackward, geluForward, bits, normal, gaussian, rmsprop, step];
