/** Which tokens each feature fires on: all that is kept of codes. */

/** Tokens by feature, sparse: those of feature f are `members[starts[f]]` up to `members[starts[f + 1]]`, ascending. */
export interface Firings {
  readonly tokens: number;
  readonly features: number;
  /** [F + 1]. */
  readonly starts: Float64Array;
  readonly members: Uint32Array;
}
