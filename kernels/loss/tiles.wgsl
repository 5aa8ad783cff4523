// Loads of the variants with tiles in workgroup memory, for any R, V and D: rows and entries past the end repeat the last
// one, columns past D are zero.

/// Column k of four rows of x.
fn column_x(g: u32, row: u32, k: u32) -> vec4f {
  if (k >= params.D) { return vec4f(); }
  let i = vec4u(g * params.stride_x + k)
    + min(vec4u(row, row + 1u, row + 2u, row + 3u), vec4u(params.R - 1u)) * params.D;
  return vec4f(x[i.x], x[i.y], x[i.z], x[i.w]);
}

/// Column k of four entries of w.
fn column_w(g: u32, v: u32, k: u32) -> vec4f {
  if (k >= params.D) { return vec4f(); }
  let i = vec4u(g * params.stride_w + k) + min(vec4u(v, v + 1u, v + 2u, v + 3u), vec4u(params.V - 1u)) * params.D;
  return vec4f(w[i.x], w[i.y], w[i.z], w[i.w]);
}

/// Four columns from k of one entry of w.
fn row_w(g: u32, v: u32, k: u32) -> vec4f {
  let i = g * params.stride_w + min(v, params.V - 1u) * params.D;
  let c = vec4u(k, k + 1u, k + 2u, k + 3u);
  let j = vec4u(i) + min(c, vec4u(params.D - 1u));
  return select(vec4f(), vec4f(w[j.x], w[j.y], w[j.z], w[j.w]), c < vec4u(params.D));
}
