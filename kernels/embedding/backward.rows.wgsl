// Gradient of the row gather, many table rows an invocation: the fewest looks at ids, for adapters that run few lanes at
// once. The table may be a part of a larger one.
//
// dtable[g, v, d] = sum over r with ids[g, r] = first + v of dy[g, r, d]
//
// ids [G?, R] u32, dy [G, R, D], dtable [G?, V, D]; D and the stride of dtable are multiples of 4.
// An invocation owns 32 neighboring columns of 128 table rows and looks at all R ids once; a workgroup owns 16 such pieces.
// Deterministic: r ascends and nobody else adds to an element; bit-equal to plain. Rows that no id names become 0.
// Plain f32 sums of at most R terms, kept in dtable itself. Ids of no row of this piece wrap past its end and add nothing.

struct Params { G: u32, R: u32, V: u32, D: u32, stride_ids: u32, stride_dtable: u32, first: u32 }

@group(0) @binding(0) var<storage, read> ids: array<u32>;
@group(0) @binding(1) var<storage, read> dy: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> dtable: array<vec4f>;
@group(0) @binding(3) var<uniform> params: Params;

override ROWS: u32 = 128u;
override COLUMNS: u32 = 8u; // of four elements

fn add_row(from_row: u32, to_row: u32, columns: u32) {
  for (var d = 0u; d < columns; d++) {
    dtable[to_row + d] += dy[from_row + d];
  }
}

@compute @workgroup_size(16)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.x + id.y * groups.x * 16u;
  let g = id.z;
  let width = params.D / 4u;
  let pieces = (width + COLUMNS - 1u) / COLUMNS;
  let top = i / pieces * ROWS;
  if (top >= params.V) { return; }
  let left = i % pieces * COLUMNS;
  let rows = min(ROWS, params.V - top);
  let columns = min(COLUMNS, width - left);
  let out = g * (params.stride_dtable / 4u) + top * width + left;
  for (var v = 0u; v < rows; v++) {
    for (var d = 0u; d < columns; d++) { dtable[out + v * width + d] = vec4f(); }
  }
  let named = params.first + top;
  let first_id = g * params.stride_ids;
  let first_row = g * params.R * width + left;
  var r = 0u;
  // Most ids are another piece's: four are looked at before the first branch.
  for (; r + 4u <= params.R; r += 4u) {
    let at = first_id + r;
    let four = vec4u(ids[at], ids[at + 1u], ids[at + 2u], ids[at + 3u]) - vec4u(named);
    if (any(four < vec4u(rows))) {
      for (var k = 0u; k < 4u; k++) {
        if (four[k] < rows) { add_row(first_row + (r + k) * width, out + four[k] * width, columns); }
      }
    }
  }
  for (; r < params.R; r++) {
    let v = ids[first_id + r] - named;
    if (v < rows) { add_row(first_row + r * width, out + v * width, columns); }
  }
}
