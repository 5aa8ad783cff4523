// Products of a block of rows with thin matrices, in f64; `../products.ts` says what they compute and lays the memory out.

/** Columns of a panel: four vectors of two. */
const PANEL: usize = 64;

/**
 * out = x thin: [rows, 8 panels]. `x` is [rows, stride] of which `cols` count, rows an even number; `thin` lies in panels of
 * [cols, 8].
 */
export function project(x: usize, stride: usize, rows: u32, cols: u32, thin: usize, panels: u32, out: usize): void {
  const width = <usize>panels * PANEL;
  for (let panel: u32 = 0; panel < panels; panel++) {
    const first = thin + <usize>panel * cols * PANEL;
    for (let i: u32 = 0; i < rows; i += 2) {
      const upper = x + <usize>i * stride;
      const lower = upper + stride;
      let a0 = f64x2.splat(0);
      let a1 = f64x2.splat(0);
      let a2 = f64x2.splat(0);
      let a3 = f64x2.splat(0);
      let b0 = f64x2.splat(0);
      let b1 = f64x2.splat(0);
      let b2 = f64x2.splat(0);
      let b3 = f64x2.splat(0);
      let at = first;
      for (let c: usize = 0; c < cols; c++) {
        const p = v128.load64_splat(upper + (c << 3));
        const q = v128.load64_splat(lower + (c << 3));
        const t0 = v128.load(at);
        const t1 = v128.load(at, 16);
        const t2 = v128.load(at, 32);
        const t3 = v128.load(at, 48);
        a0 = f64x2.add(a0, f64x2.mul(p, t0));
        a1 = f64x2.add(a1, f64x2.mul(p, t1));
        a2 = f64x2.add(a2, f64x2.mul(p, t2));
        a3 = f64x2.add(a3, f64x2.mul(p, t3));
        b0 = f64x2.add(b0, f64x2.mul(q, t0));
        b1 = f64x2.add(b1, f64x2.mul(q, t1));
        b2 = f64x2.add(b2, f64x2.mul(q, t2));
        b3 = f64x2.add(b3, f64x2.mul(q, t3));
        at += PANEL;
      }
      const one = out + <usize>i * width + <usize>panel * PANEL;
      const two = one + width;
      v128.store(one, a0);
      v128.store(one, a1, 16);
      v128.store(one, a2, 32);
      v128.store(one, a3, 48);
      v128.store(two, b0);
      v128.store(two, b1, 16);
      v128.store(two, b2, 32);
      v128.store(two, b3, 48);
    }
  }
}

/** sum += x' image, [cols, 8 panels] in panels; `image` is what `project` has put out, `x` as there, cols an even number. */
export function pullBack(x: usize, stride: usize, rows: u32, cols: u32, image: usize, panels: u32, sum: usize): void {
  const width = <usize>panels * PANEL;
  for (let panel: u32 = 0; panel < panels; panel++) {
    const first = sum + <usize>panel * cols * PANEL;
    for (let c: usize = 0; c < cols; c += 2) {
      const one = first + c * PANEL;
      const two = one + PANEL;
      let a0 = v128.load(one);
      let a1 = v128.load(one, 16);
      let a2 = v128.load(one, 32);
      let a3 = v128.load(one, 48);
      let b0 = v128.load(two);
      let b1 = v128.load(two, 16);
      let b2 = v128.load(two, 32);
      let b3 = v128.load(two, 48);
      let row = x + (c << 3);
      let at = image + <usize>panel * PANEL;
      for (let i: u32 = 0; i < rows; i++) {
        const p = v128.load64_splat(row);
        const q = v128.load64_splat(row, 8);
        const t0 = v128.load(at);
        const t1 = v128.load(at, 16);
        const t2 = v128.load(at, 32);
        const t3 = v128.load(at, 48);
        a0 = f64x2.add(a0, f64x2.mul(p, t0));
        a1 = f64x2.add(a1, f64x2.mul(p, t1));
        a2 = f64x2.add(a2, f64x2.mul(p, t2));
        a3 = f64x2.add(a3, f64x2.mul(p, t3));
        b0 = f64x2.add(b0, f64x2.mul(q, t0));
        b1 = f64x2.add(b1, f64x2.mul(q, t1));
        b2 = f64x2.add(b2, f64x2.mul(q, t2));
        b3 = f64x2.add(b3, f64x2.mul(q, t3));
        row += stride;
        at += width;
      }
      v128.store(one, a0);
      v128.store(one, a1, 16);
      v128.store(one, a2, 32);
      v128.store(one, a3, 48);
      v128.store(two, b0);
      v128.store(two, b1, 16);
      v128.store(two, b2, 32);
      v128.store(two, b3, 48);
    }
  }
}
