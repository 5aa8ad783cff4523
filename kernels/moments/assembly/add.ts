// Knuth's TwoSum, four sums at a time: what rounding takes from a sum is kept beside it.
import { storeFirst } from "../../common/assembly/lanes";

/** sum += term, and its rounding error to `rest`, for the first `count` of four. */
// @ts-ignore: decorator
@inline
export function addExactly(sum: usize, rest: usize, term: v128, count: u32): void {
  const a = v128.load(sum);
  const s = f32x4.add(a, term);
  const termPart = f32x4.sub(s, a);
  const sumPart = f32x4.sub(s, termPart);
  const lost = f32x4.add(f32x4.sub(a, sumPart), f32x4.sub(term, termPart));
  storeFirst(sum, s, count);
  storeFirst(rest, f32x4.add(v128.load(rest), lost), count);
}
