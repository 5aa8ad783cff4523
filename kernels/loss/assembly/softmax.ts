// Losses and log-sum-exps of a block of rows, from the maxima, sums and targets' logits of a thread's working memory.
import { log1 } from "../../common/assembly/log";
import { MAXIMA, OWN, SUMS } from "./blocks";

/** losses = log(sum) + (maximum - own), lse = maximum + log(sum): where the target dominates, nothing cancels. */
export function storeLosses(scratch: usize, rows: u32, losses: usize, lse: usize): void {
  for (let r: usize = 0; r < <usize>rows << 2; r += 4) {
    const maximum = load<f32>(scratch + MAXIMA + r);
    const log = log1(load<f32>(scratch + SUMS + r));
    store<f32>(lse + r, maximum + log);
    store<f32>(losses + r, log + (maximum - load<f32>(scratch + OWN + r)));
  }
}
