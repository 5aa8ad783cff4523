// Measures the adapter's memory roof: a copy, four floats an invocation.
@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> y: array<vec4f>;
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  y[id.x + id.y * groups.x * 64u] = x[id.x + id.y * groups.x * 64u];
}
