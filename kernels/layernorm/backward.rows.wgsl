// Gradient of layer normalization by its input, four rows at a time: the weight is loaded once for all four.
//
// xhat = (x - mean) rstd,  u = dy weight,  dx = rstd (u - mean_d(u) - xhat mean_d(u xhat)) + (use_add ? add : 0)
//
// dy [G, R, D], x [G?, R, D], mean [G, R], rstd [G, R], weight [G?, D], add [Ga, Ra, Da], dx [G, R, D]; add is as large as
// dx (Ga may be 1: shared by all groups) or, when use_add is 0, anything. D and the strides are multiples of 4.
// An invocation owns four neighboring rows, a workgroup 32 of one group.
// Deterministic: four sums over every fourth element, d ascending, then (x + y) + (z + w); bit-equal to plain4.
// xhat is recomputed from the saved mean and rstd, so that forward and backward agree on it to the bit. A row past the end
// is computed at the last one's place and not written.

struct Params {
  G: u32, R: u32, D: u32, Ga: u32, Ra: u32, Da: u32,
  stride_x: u32, stride_weight: u32,
  use_add: u32,
}

@group(0) @binding(0) var<storage, read> dy: array<vec4f>;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read> mean: array<f32>;
@group(0) @binding(3) var<storage, read> rstd: array<f32>;
@group(0) @binding(4) var<storage, read> weight: array<vec4f>;
@group(0) @binding(5) var<storage, read> add: array<vec4f>;
@group(0) @binding(6) var<storage, read_write> dx: array<vec4f>;
@group(0) @binding(7) var<uniform> params: Params;

fn total(v: vec4f) -> f32 { return (v.x + v.y) + (v.z + v.w); }

@compute @workgroup_size(8)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let r = (id.x + id.y * groups.x * 8u) * 4u;
  let g = id.z;
  if (r >= params.R) { return; }
  let last = params.R - 1u;
  let width = params.D / 4u;
  let start_x = g * (params.stride_x / 4u);
  let start_add = select(g, 0u, params.Ga == 1u) * params.R;
  let w = g * (params.stride_weight / 4u);
  let r_a = min(r + 0u, last);
  let row_a = (g * params.R + r_a) * width;
  let x_a = start_x + r_a * width;
  let m_a = mean[g * params.R + r_a];
  let s_a = rstd[g * params.R + r_a];
  var sum_a = vec4f(); var both_a = vec4f();
  let r_b = min(r + 1u, last);
  let row_b = (g * params.R + r_b) * width;
  let x_b = start_x + r_b * width;
  let m_b = mean[g * params.R + r_b];
  let s_b = rstd[g * params.R + r_b];
  var sum_b = vec4f(); var both_b = vec4f();
  let r_c = min(r + 2u, last);
  let row_c = (g * params.R + r_c) * width;
  let x_c = start_x + r_c * width;
  let m_c = mean[g * params.R + r_c];
  let s_c = rstd[g * params.R + r_c];
  var sum_c = vec4f(); var both_c = vec4f();
  let r_d = min(r + 3u, last);
  let row_d = (g * params.R + r_d) * width;
  let x_d = start_x + r_d * width;
  let m_d = mean[g * params.R + r_d];
  let s_d = rstd[g * params.R + r_d];
  var sum_d = vec4f(); var both_d = vec4f();
  for (var d = 0u; d < width; d++) {
    let scale = weight[w + d];
    let u_a = dy[row_a + d] * scale;
    sum_a += u_a;
    both_a += u_a * (x[x_a + d] - m_a) * s_a;
    let u_b = dy[row_b + d] * scale;
    sum_b += u_b;
    both_b += u_b * (x[x_b + d] - m_b) * s_b;
    let u_c = dy[row_c + d] * scale;
    sum_c += u_c;
    both_c += u_c * (x[x_c + d] - m_c) * s_c;
    let u_d = dy[row_d + d] * scale;
    sum_d += u_d;
    both_d += u_d * (x[x_d + d] - m_d) * s_d;
  }
  let mean_a = total(sum_a) / f32(params.D);
  let slope_a = total(both_a) / f32(params.D);
  let mean_b = total(sum_b) / f32(params.D);
  let slope_b = total(both_b) / f32(params.D);
  let mean_c = total(sum_c) / f32(params.D);
  let slope_c = total(both_c) / f32(params.D);
  let mean_d = total(sum_d) / f32(params.D);
  let slope_d = total(both_d) / f32(params.D);
  let rows = params.R - r;
  for (var d = 0u; d < width; d++) {
    let scale = weight[w + d];
    if (rows > 0u) {
      var v = s_a * (dy[row_a + d] * scale - mean_a - (x[x_a + d] - m_a) * s_a * slope_a);
      if (params.use_add != 0u) { v += add[(start_add + r_a) * width + d]; }
      dx[row_a + d] = v;
    }
    if (rows > 1u) {
      var v = s_b * (dy[row_b + d] * scale - mean_b - (x[x_b + d] - m_b) * s_b * slope_b);
      if (params.use_add != 0u) { v += add[(start_add + r_b) * width + d]; }
      dx[row_b + d] = v;
    }
    if (rows > 2u) {
      var v = s_c * (dy[row_c + d] * scale - mean_c - (x[x_c + d] - m_c) * s_c * slope_c);
      if (params.use_add != 0u) { v += add[(start_add + r_c) * width + d]; }
      dx[row_c + d] = v;
    }
    if (rows > 3u) {
      var v = s_d * (dy[row_d + d] * scale - mean_d - (x[x_d + d] - m_d) * s_d * slope_d);
      if (params.use_add != 0u) { v += add[(start_add + r_d) * width + d]; }
      dx[row_d + d] = v;
    }
  }
}
