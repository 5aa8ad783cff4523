// Row gather: token embeddings, or cached activations by row number. The table may be a part of a larger one.
//
// y[g, r, :] = (add[g, r, :]) + (table[g, ids[g, r] - first, :] where first <= ids[g, r] < first + V, else 0)
//
// Shapes as the WGSL. An item is 16 rows of a group. Deterministic: without `add` a copy, bit for bit. An id of no row of this part
// reads nothing: unsigned numbers wrap, so that one below `first` is past the end as well.
import { storeFirst } from "../../common/assembly/lanes";
import * as abi from "../../../dist/abi/embedding/forward";

/** Rows of an item. */
const ROWS: u32 = 16;

export function embedding_forward(block: usize, from: u32, to: u32, _scratch: usize): void {
  const R = abi.R(block);
  const V = abi.V(block);
  const D = abi.D(block);
  const named = abi.first(block);
  const useAdd = abi.use_add(block) != 0;
  const row = <usize>D << 2;
  const perGroup = (R + ROWS - 1) / ROWS;
  for (let item = from; item < to; item++) {
    const g = item / perGroup;
    const top = (item - g * perGroup) * ROWS;
    const bottom = min(R, top + ROWS);
    const table = abi.table(block) + (<usize>g * abi.stride_table(block) << 2);
    const ids = abi.ids(block) + (<usize>g * abi.stride_ids(block) << 2);
    for (let r = top; r < bottom; r++) {
      const v = load<u32>(ids + (<usize>r << 2)) - named;
      const at = (<usize>g * R + r) * row;
      const y = abi.y(block) + at;
      if (v < V) memory.copy(y, table + v * row, row);
      else memory.fill(y, 0, row);
      if (useAdd) addRow(y, abi.add(block) + at, row);
    }
  }
}

/** to += from for `bytes` of floats. */
// @ts-ignore: decorator
@inline
export function addRow(to: usize, from: usize, bytes: usize): void {
  let i: usize = 0;
  for (; i + 16 <= bytes; i += 16) v128.store(to + i, f32x4.add(v128.load(to + i), v128.load(from + i)));
  if (i < bytes) storeFirst(to + i, f32x4.add(v128.load(to + i), v128.load(from + i)), <u32>(bytes - i) >> 2);
}
