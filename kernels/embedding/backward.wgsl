// Gradient of the row gather: every table row sums the gradients of the rows that read it.
//
// dtable[g, v, d] = sum over r with ids[g, r] = v of dy[g, r, d]
//
// ids [G?, R] u32, dy [G, R, D], dtable [G?, V, D].
// An invocation owns 8 neighboring elements of one table row and looks at all R ids; a workgroup owns 64 such pieces.
// Deterministic: r ascends and nobody else adds to an element; no atomics. Rows that no id names become 0.
// Plain f32 sums of at most R terms. Ids past the end count as V - 1, as in forward.

struct Params { G: u32, R: u32, V: u32, D: u32, stride_ids: u32, stride_dtable: u32 }

@group(0) @binding(0) var<storage, read> ids: array<u32>;
@group(0) @binding(1) var<storage, read> dy: array<f32>;
@group(0) @binding(2) var<storage, read_write> dtable: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

// Up to four elements from `first` on; zeros past `count`, which a ragged row must not read.
fn load(first: u32, count: u32) -> vec4f {
  var v = vec4f();
  if (count > 0u) { v.x = dy[first]; }
  if (count > 1u) { v.y = dy[first + 1u]; }
  if (count > 2u) { v.z = dy[first + 2u]; }
  if (count > 3u) { v.w = dy[first + 3u]; }
  return v;
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.x + id.y * groups.x * 64u;
  let g = id.z;
  let pieces = (params.D + 7u) / 8u;
  if (i >= params.V * pieces) { return; }
  let v = i / pieces;
  let d = (i - v * pieces) * 8u;
  let count = min(8u, params.D - d);
  var low = vec4f();
  var high = vec4f();
  for (var r = 0u; r < params.R; r++) {
    if (min(ids[g * params.stride_ids + r], params.V - 1u) == v) {
      let at = (g * params.R + r) * params.D + d;
      low += load(at, count);
      high += load(at + 4u, max(count, 4u) - 4u);
    }
  }
  let out = g * params.stride_dtable + v * params.D + d;
  for (var k = 0u; k < count; k++) {
    dtable[out + k] = select(low[k & 3u], high[k & 3u], k > 3u);
  }
}
