// Values of common/erf.wgsl for its tests. x [N] -> y [3, N]: erf, GELU, derivative of GELU. One element an invocation.

struct Params { N: u32 }

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.x + id.y * groups.x * 64u;
  if (i >= params.N) { return; }
  y[i] = erf_f32(x[i]);
  y[params.N + i] = gelu_exact(x[i]);
  y[2u * params.N + i] = gelu_exact_derivative(x[i]);
}
