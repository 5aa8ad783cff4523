// Packing of a matrix B into panels for the tiles: eight columns each, k by k, so that a tile reads along memory.

/** Columns of a panel. */
export const WIDTH: u32 = 8;
/** Steps of a panel at most: a longer k is cut into chunks, all panels of the first, then those of the next. */
export const CHUNK: u32 = 256;

/**
 * Panels of B[k, j] = source[j, k], a matrix that lies by its columns: `columns` rows of `k` floats, `row` bytes apart. Columns
 * past the end of the last panel repeat the last one. A step of a panel takes 32 bytes.
 */
export function packRows(source: usize, row: usize, columns: u32, k: u32, target: usize): void {
  for (let k0: u32 = 0; k0 < k; k0 += CHUNK) {
    const steps = min(CHUNK, k - k0);
    for (let j: u32 = 0; j < columns; j += WIDTH) {
      packFour(source, row, j, columns, steps, target);
      packFour(source, row, j + 4, columns, steps, target + 16);
      target += <usize>steps << 5;
    }
    source += <usize>CHUNK << 2;
  }
}

/** Columns j to j + 3, each four bytes of a step of 32. */
function packFour(source: usize, row: usize, j: u32, columns: u32, k: u32, target: usize): void {
  const last = columns - 1;
  let p0 = source + <usize>min(j, last) * row;
  let p1 = source + <usize>min(j + 1, last) * row;
  let p2 = source + <usize>min(j + 2, last) * row;
  let p3 = source + <usize>min(j + 3, last) * row;
  const end = target + (<usize>k << 5);
  const whole = target + (<usize>(k & ~3) << 5);
  while (target < whole) {
    const a = v128.load(p0);
    const b = v128.load(p1);
    const c = v128.load(p2);
    const d = v128.load(p3);
    const ab = v128.shuffle<i32>(a, b, 0, 4, 1, 5);
    const cd = v128.shuffle<i32>(c, d, 0, 4, 1, 5);
    const AB = v128.shuffle<i32>(a, b, 2, 6, 3, 7);
    const CD = v128.shuffle<i32>(c, d, 2, 6, 3, 7);
    v128.store(target, v128.shuffle<i64>(ab, cd, 0, 2));
    v128.store(target, v128.shuffle<i64>(ab, cd, 1, 3), 32);
    v128.store(target, v128.shuffle<i64>(AB, CD, 0, 2), 64);
    v128.store(target, v128.shuffle<i64>(AB, CD, 1, 3), 96);
    p0 += 16;
    p1 += 16;
    p2 += 16;
    p3 += 16;
    target += 128;
  }
  while (target < end) {
    store<f32>(target, load<f32>(p0));
    store<f32>(target, load<f32>(p1), 4);
    store<f32>(target, load<f32>(p2), 8);
    store<f32>(target, load<f32>(p3), 12);
    p0 += 4;
    p1 += 4;
    p2 += 4;
    p3 += 4;
    target += 32;
  }
}

/**
 * Panels of B[k, j] = source[k, j]: `k` rows, `row` bytes apart. Columns past the end of the last panel hold whatever follows
 * the row. Two panels at a time, so that a line of the first cache is fetched once.
 */
export function packColumns(source: usize, row: usize, columns: u32, k: u32, target: usize): void {
  for (let k0: u32 = 0; k0 < k; k0 += CHUNK) {
    const steps = min(CHUNK, k - k0);
    const panel = <usize>steps << 5;
    for (let j: u32 = 0; j < columns; j += 2 * WIDTH) {
      const from = source + (<usize>j << 2);
      if (columns - j > WIDTH) {
        packPair(from, row, steps, target, panel);
        target += 2 * panel;
      } else {
        packOne(from, row, steps, target);
        target += panel;
      }
    }
    source += <usize>CHUNK * row;
  }
}

function packPair(from: usize, row: usize, k: u32, target: usize, panel: usize): void {
  const end = target + (<usize>k << 5);
  let second = target + panel;
  while (target < end) {
    v128.store(target, v128.load(from));
    v128.store(target, v128.load(from, 16), 16);
    v128.store(second, v128.load(from, 32));
    v128.store(second, v128.load(from, 48), 16);
    from += row;
    target += 32;
    second += 32;
  }
}

function packOne(from: usize, row: usize, k: u32, target: usize): void {
  const end = target + (<usize>k << 5);
  while (target < end) {
    v128.store(target, v128.load(from));
    v128.store(target, v128.load(from, 16), 16);
    from += row;
    target += 32;
  }
}

/**
 * Quads of the same matrix: four columns each, k by k, 16 bytes a step, not cut. Four quads at a time: the target has room for
 * a multiple of 16 columns.
 */
export function packQuads(source: usize, row: usize, columns: u32, k: u32, target: usize): void {
  const quad = <usize>k << 4;
  for (let j: u32 = 0; j < columns; j += 16) {
    let from = source + (<usize>j << 2);
    for (const end = target + quad; target < end; target += 16) {
      v128.store(target, v128.load(from));
      v128.store(target + quad, v128.load(from, 16));
      v128.store(target + 2 * quad, v128.load(from, 32));
      v128.store(target + 3 * quad, v128.load(from, 48));
      from += row;
    }
    target += 3 * quad;
  }
}
