// Loads for the variants that take any D: four columns of a row, from column k.

/// Columns past D repeat the last one; they meet a zero of `w4`.
fn x4(row: u32, k: u32) -> vec4f {
  let last = params.D - 1u;
  return vec4f(x[row + k], x[row + min(k + 1u, last)], x[row + min(k + 2u, last)], x[row + min(k + 3u, last)]);
}

/// Columns past D are zero.
fn w4(row: u32, k: u32) -> vec4f {
  let last = params.D - 1u;
  let columns = vec4f(w[row + k], w[row + min(k + 1u, last)], w[row + min(k + 2u, last)], w[row + min(k + 3u, last)]);
  return select(vec4f(), columns, vec4u(k, k + 1u, k + 2u, k + 3u) < vec4u(params.D));
}
