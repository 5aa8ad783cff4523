// Layer normalization of rows, four rows at a time: weight and bias are loaded once for all four.
//
// mean = 1/D sum_d x,  var = 1/D sum_d (x - mean)^2,  rstd = 1 / sqrt(var + eps),  y = (x - mean) rstd weight + bias
//
// x [G?, R, D], weight [G?, D], bias [G?, D], y [G, R, D], mean [G, R], rstd [G, R]; D and the strides are multiples of 4.
// An invocation owns four neighboring rows, a workgroup 32 of one group.
// Deterministic: four running means over every fourth element, d ascending, then joined in pairs.
// Means and variances by Welford's recurrence, in one pass over the row (a load costs more than its arithmetic where this
// variant is chosen): a mean of squares would lose all digits of a row with a large mean. A row past the end is computed
// at the last one's place and not written.

struct Params {
  G: u32, R: u32, D: u32,
  stride_x: u32, stride_weight: u32, stride_bias: u32,
  eps: f32,
}

@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read> weight: array<vec4f>;
@group(0) @binding(2) var<storage, read> bias: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> mean: array<f32>;
@group(0) @binding(5) var<storage, read_write> rstd: array<f32>;
@group(0) @binding(6) var<uniform> params: Params;

// Mean and reciprocal deviation of a row from the running means and squares of its four lanes, `count` elements each.
fn join(m: vec4f, squares: vec4f, count: f32) -> vec2f {
  let whole = ((m.x + m.y) + (m.z + m.w)) * 0.25;
  let apart = m - whole;
  let s = squares + count * apart * apart;
  return vec2f(whole, 1.0 / sqrt(((s.x + s.y) + (s.z + s.w)) / (4.0 * count) + params.eps));
}

@compute @workgroup_size(8)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let r = (id.x + id.y * groups.x * 8u) * 4u;
  let g = id.z;
  if (r >= params.R) { return; }
  let last = params.R - 1u;
  let width = params.D / 4u;
  let start = g * (params.stride_x / 4u);
  let at_a = start + min(r + 0u, last) * width;
  let at_b = start + min(r + 1u, last) * width;
  let at_c = start + min(r + 2u, last) * width;
  let at_d = start + min(r + 3u, last) * width;
  var mean_a = vec4f(); var squares_a = vec4f();
  var mean_b = vec4f(); var squares_b = vec4f();
  var mean_c = vec4f(); var squares_c = vec4f();
  var mean_d = vec4f(); var squares_d = vec4f();
  for (var d = 0u; d < width; d++) {
    let share = 1.0 / f32(d + 1u);
    let x_a = x[at_a + d];
    let off_a = x_a - mean_a;
    mean_a += off_a * share;
    squares_a += off_a * (x_a - mean_a);
    let x_b = x[at_b + d];
    let off_b = x_b - mean_b;
    mean_b += off_b * share;
    squares_b += off_b * (x_b - mean_b);
    let x_c = x[at_c + d];
    let off_c = x_c - mean_c;
    mean_c += off_c * share;
    squares_c += off_c * (x_c - mean_c);
    let x_d = x[at_d + d];
    let off_d = x_d - mean_d;
    mean_d += off_d * share;
    squares_d += off_d * (x_d - mean_d);
  }
  let count = f32(width);
  let norm_a = join(mean_a, squares_a, count);
  let norm_b = join(mean_b, squares_b, count);
  let norm_c = join(mean_c, squares_c, count);
  let norm_d = join(mean_d, squares_d, count);
  let out = (g * params.R + r) * width;
  let scales = g * (params.stride_weight / 4u);
  let shifts = g * (params.stride_bias / 4u);
  let rows = params.R - r;
  for (var d = 0u; d < width; d++) {
    let scale = weight[scales + d];
    let shift = bias[shifts + d];
    y[out + d] = (x[at_a + d] - norm_a.x) * norm_a.y * scale + shift;
    if (rows > 1u) { y[out + width + d] = (x[at_b + d] - norm_b.x) * norm_b.y * scale + shift; }
    if (rows > 2u) { y[out + 2u * width + d] = (x[at_c + d] - norm_c.x) * norm_c.y * scale + shift; }
    if (rows > 3u) { y[out + 3u * width + d] = (x[at_d + d] - norm_d.x) * norm_d.y * scale + shift; }
  }
  let i = g * params.R + r;
  mean[i] = norm_a.x; rstd[i] = norm_a.y;
  if (rows > 1u) { mean[i + 1u] = norm_b.x; rstd[i + 1u] = norm_b.y; }
  if (rows > 2u) { mean[i + 2u] = norm_c.x; rstd[i + 2u] = norm_c.y; }
  if (rows > 3u) { mean[i + 3u] = norm_d.x; rstd[i + 3u] = norm_d.y; }
}
