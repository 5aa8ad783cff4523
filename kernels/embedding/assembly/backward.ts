// Gradient of the row gather: every table row sums the gradients of the rows that read it. The table may be a part of a larger one.
//
// dtable[g, v, d] = sum over r with ids[g, r] = first + v of dy[g, r, d]
//
// Shapes as the WGSL. An item is 64 rows of a group's table, all columns: it looks at all R ids once, four at a time.
// Deterministic: r ascends. Rows that no id names become 0. Plain f32 sums of at most R terms, kept in dtable itself.
// Ids of no row of the item wrap past its end and add nothing.
import * as abi from "../../../dist/abi/embedding/backward";
import { addRow } from "./forward";

/** Table rows of an item. */
const ROWS: u32 = 64;

export function embedding_backward(block: usize, from: u32, to: u32, _scratch: usize): void {
  const R = abi.R(block);
  const V = abi.V(block);
  const D = abi.D(block);
  const row = <usize>D << 2;
  const perGroup = (V + ROWS - 1) / ROWS;
  for (let item = from; item < to; item++) {
    const g = item / perGroup;
    const top = (item - g * perGroup) * ROWS;
    const rows = min(ROWS, V - top);
    const ids = abi.ids(block) + (<usize>g * abi.stride_ids(block) << 2);
    const dy = abi.dy(block) + <usize>g * R * row;
    const dtable = abi.dtable(block) + (<usize>g * abi.stride_dtable(block) << 2) + top * row;
    const named = abi.first(block) + top;
    memory.fill(dtable, 0, rows * row);
    let r: u32 = 0;
    for (; r + 4 <= R; r += 4) {
      const four = i32x4.sub(v128.load(ids + (<usize>r << 2)), i32x4.splat(named));
      // Most ids are another item's.
      if (!v128.any_true(i32x4.lt_u(four, i32x4.splat(rows)))) continue;
      for (let i = r; i < r + 4; i++) addOne(ids, i, named, rows, dy, dtable, row);
    }
    for (; r < R; r++) addOne(ids, r, named, rows, dy, dtable, row);
  }
}

function addOne(ids: usize, r: u32, named: u32, rows: u32, dy: usize, dtable: usize, row: usize): void {
  const v = load<u32>(ids + (<usize>r << 2)) - named;
  if (v < rows) addRow(dtable + v * row, dy + r * row, row);
}
