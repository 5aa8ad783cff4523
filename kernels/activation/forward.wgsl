// An activation function, element by element.
//
// y = f(x), f one of the chunks gelu.wgsl, gelu_tanh.wgsl, relu.wgsl
//
// x [N], y [N].
// An invocation owns one element, a workgroup 64 neighbors.
// Deterministic: no sums.
// Any finite x: huge arguments give x or 0, never NaN.

struct Params { N: u32 }

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.x + id.y * groups.x * 64u;
  if (i >= params.N) { return; }
  y[i] = activation(x[i]);
}
