// Gradient of an activation function, element by element.
//
// dx = dy f'(x), f one of the chunks gelu.wgsl, gelu_tanh.wgsl, relu.wgsl
//
// x [N], dy [N], dx [N].
// An invocation owns one element, a workgroup 64 neighbors.
// Deterministic: no sums.
// Any finite x: far out the factor is 0 or 1 exactly, never NaN.

struct Params { N: u32 }

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> dy: array<f32>;
@group(0) @binding(2) var<storage, read_write> dx: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.x + id.y * groups.x * 64u;
  if (i >= params.N) { return; }
  dx[i] = dy[i] * activation_slope(x[i]);
}
