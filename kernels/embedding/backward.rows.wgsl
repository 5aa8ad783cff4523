// Gradient of the row gather, a table row an invocation: the fewest looks at ids, for adapters that run few lanes at once.
//
// dtable[g, v, d] = sum over r with ids[g, r] = v of dy[g, r, d]
//
// ids [G?, R] u32, dy [G, R, D], dtable [G?, V, D]; D and the stride of dtable are multiples of 4.
// An invocation owns one table row and looks at all R ids; a workgroup owns 64 rows of one group.
// Deterministic: r ascends and nobody else adds to an element; bit-equal to plain. Rows that no id names become 0.
// Plain f32 sums of at most R terms, kept in dtable itself because D is not known. Ids past the end count as V - 1.

struct Params { G: u32, R: u32, V: u32, D: u32, stride_ids: u32, stride_dtable: u32 }

@group(0) @binding(0) var<storage, read> ids: array<u32>;
@group(0) @binding(1) var<storage, read> dy: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> dtable: array<vec4f>;
@group(0) @binding(3) var<uniform> params: Params;

fn add_row(from_row: u32, to_row: u32, width: u32) {
  for (var d = 0u; d < width; d++) {
    dtable[to_row + d] += dy[from_row + d];
  }
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let v = id.x + id.y * groups.x * 64u;
  let g = id.z;
  if (v >= params.V) { return; }
  let width = params.D / 4u;
  let out = g * (params.stride_dtable / 4u) + v * width;
  for (var d = 0u; d < width; d++) {
    dtable[out + d] = vec4f();
  }
  let last = params.V - 1u;
  let first_id = g * params.stride_ids;
  var r = 0u;
  // Most ids are another row's: four are looked at before the first branch.
  for (; r + 4u <= params.R; r += 4u) {
    let at = first_id + r;
    let four = min(vec4u(ids[at], ids[at + 1u], ids[at + 2u], ids[at + 3u]), vec4u(last));
    if (any(four == vec4u(v))) {
      for (var k = 0u; k < 4u; k++) {
        if (four[k] == v) { add_row((g * params.R + r + k) * width, out, width); }
      }
    }
  }
  for (; r < params.R; r++) {
    if (min(ids[first_id + r], last) == v) { add_row((g * params.R + r) * width, out, width); }
  }
}
