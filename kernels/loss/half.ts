import type { Tolerance } from "../kernel";

/** What tiles of half precision cost a loss and its gradient. */
export const halfTolerance: Tolerance = {
  absolute: 1e-4,
  relative: 2e-3,
  reason:
    "a logit of size 3 sums products that are 2^-10 off at most: 3e-3 in practice, of losses of 3 and more; a softmax moves by as much",
};
