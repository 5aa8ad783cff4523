// Gradient of the row gather: every table row sums the gradients of the rows that read it. The table may be a part of a larger one.
//
// dtable[g, v, d] = sum over r with ids[g, r] = first + v of dy[g, r, d]
//
// Shapes as the WGSL. An item is 64 rows of a group's table, all columns: it looks at all R ids once, four at a time.
// Deterministic: r ascends. Rows that no id names become 0. Plain f32 sums of at most R terms, kept in dtable itself.
// Ids of no row of the item wrap past its end and add nothing.
import { place, word } from "../../common/assembly/block";
import { addRow } from "./forward";

/** Table rows of an item. */
const ROWS: u32 = 64;

export function embedding_backward(block: usize, from: u32, to: u32, _scratch: usize): void {
  const R = word(block, 4);
  const V = word(block, 5);
  const D = word(block, 6);
  const row = <usize>D << 2;
  const perGroup = (V + ROWS - 1) / ROWS;
  for (let item = from; item < to; item++) {
    const g = item / perGroup;
    const top = (item - g * perGroup) * ROWS;
    const rows = min(ROWS, V - top);
    const ids = place(block, 0) + (<usize>g * word(block, 7) << 2);
    const dy = place(block, 1) + <usize>g * R * row;
    const dtable = place(block, 2) + (<usize>g * word(block, 8) << 2) + top * row;
    const named = word(block, 9) + top;
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
