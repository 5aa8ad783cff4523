// Gradient of the row gather, 16 elements an invocation, summed in registers: for adapters that run many lanes at once. The
// table may be a part of a larger one.
//
// dtable[g, v, d] = sum over r with ids[g, r] = first + v of dy[g, r, d]
//
// ids [G?, R] u32, dy [G, R, D], dtable [G?, V, D]; D is a multiple of 16, the stride of dtable one of 4.
// An invocation owns 16 neighboring elements of one table row and looks at all R ids; a workgroup owns 64 such pieces.
// Deterministic: r ascends and nobody else adds to an element; bit-equal to plain. Rows that no id names become 0.
// Plain f32 sums of at most R terms. Ids of no row of this part add nothing.

struct Params { G: u32, R: u32, V: u32, D: u32, stride_ids: u32, stride_dtable: u32, first: u32 }

@group(0) @binding(0) var<storage, read> ids: array<u32>;
@group(0) @binding(1) var<storage, read> dy: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> dtable: array<vec4f>;
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.x + id.y * groups.x * 64u;
  let g = id.z;
  let pieces = params.D / 16u;
  if (i >= params.V * pieces) { return; }
  let v = i / pieces;
  let d = (i - v * pieces) * 4u;
  let width = params.D / 4u;
  var a = vec4f();
  var b = vec4f();
  var c = vec4f();
  var e = vec4f();
  for (var r = 0u; r < params.R; r++) {
    if (ids[g * params.stride_ids + r] - params.first == v) {
      let at = (g * params.R + r) * width + d;
      a += dy[at];
      b += dy[at + 1u];
      c += dy[at + 2u];
      e += dy[at + 3u];
    }
  }
  let out = g * (params.stride_dtable / 4u) + v * width + d;
  dtable[out] = a;
  dtable[out + 1u] = b;
  dtable[out + 2u] = c;
  dtable[out + 3u] = e;
}
