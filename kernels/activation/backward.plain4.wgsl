// Gradient of an activation function, four elements at a time: whole 16-byte accesses.
//
// dx = dy f'(x), f one of the chunks gelu.wgsl, gelu_tanh.wgsl, relu.wgsl
//
// x [N], dy [N], dx [N], N a multiple of 4.
// An invocation owns four neighboring elements, a workgroup 256.
// Deterministic: no sums; the operations of plain in the same order.
// Any finite x: far out the factor is 0 or 1 exactly, never NaN.

struct Params { N: u32 }

@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read> dy: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> dx: array<vec4f>;
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.x + id.y * groups.x * 64u;
  if (i * 4u >= params.N) { return; }
  let v = x[i];
  let slopes = vec4f(
    activation_slope(v.x), activation_slope(v.y), activation_slope(v.z), activation_slope(v.w)
  );
  dx[i] = dy[i] * slopes;
}
