import type { View } from "../plan/plan";

/** Streaming sums of d and of phi times d, each in two f32 parts whose sum is the value, by the kernel's names; [M, N] each. */
export interface SumViews {
  readonly sum_d: View;
  readonly sum_phi_d: View;
  readonly c_d: View;
  readonly c_phi_d: View;
}
