import type { View } from "../plan/plan";
import type { Model } from "./family";
import type { FixedTensors } from "./fixed";
import type { MovingWeights } from "./moving";
import type { Restriction } from "./restriction";
import type { PrefixCache, Rows } from "./tape";

/** Tokens of a set of rows; rows are sequence-major. */
export interface TokenViews {
  /** [R] u32. */
  readonly inputs: View;
  /** [R] u32. */
  readonly targets: View;
}

/** What to plan. */
export interface ModelPlanOptions {
  readonly name: string;
  readonly model: Model;
  readonly fixed: FixedTensors;
  readonly restriction: Restriction;
  readonly moving: MovingWeights;
  /** G. */
  readonly groups: number;
  /** The rows that exist, and their tokens. */
  readonly rows: Rows;
  readonly tokens: TokenViews;
  /** Prefix values already computed over these rows. */
  readonly cache: PrefixCache;
  /** For gradients: sequences of each chain's batch, drawn from the rows. */
  readonly batch?: {
    readonly sequences: number;
    readonly indices: View;
    readonly inputs: View;
    readonly targets: View;
  };
}
