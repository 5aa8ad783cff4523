// Gradient of the row gather: every table row sums the gradients of the rows that read it. The table may be a part of a
// larger one.
//
// dtable[g, v, d] = sum over r with ids[g, r] = first + v of dy[g, r, d]
//
// ids [G?, R] u32, dy [G, R, D], dtable [G?, V, D].
// An invocation owns 16 neighboring columns of 64 table rows and looks at all R ids once: a table of many rows would be
// scanned V R times by rows that looked each for themselves. A workgroup owns 16 such pieces.
// Deterministic: r ascends and nobody else adds to an element; no atomics. Rows that no id names become 0.
// Plain f32 sums of at most R terms, kept in dtable itself. Ids of no row of this piece wrap past its end and add nothing.

struct Params { G: u32, R: u32, V: u32, D: u32, stride_ids: u32, stride_dtable: u32, first: u32 }

@group(0) @binding(0) var<storage, read> ids: array<u32>;
@group(0) @binding(1) var<storage, read> dy: array<f32>;
@group(0) @binding(2) var<storage, read_write> dtable: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

override ROWS: u32 = 64u;
override COLUMNS: u32 = 16u;

@compute @workgroup_size(16)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.x + id.y * groups.x * 16u;
  let g = id.z;
  let pieces = (params.D + COLUMNS - 1u) / COLUMNS;
  let top = i / pieces * ROWS;
  if (top >= params.V) { return; }
  let left = i % pieces * COLUMNS;
  let rows = min(ROWS, params.V - top);
  let columns = min(COLUMNS, params.D - left);
  let out = g * params.stride_dtable + top * params.D + left;
  for (var v = 0u; v < rows; v++) {
    for (var d = 0u; d < columns; d++) { dtable[out + v * params.D + d] = 0.0; }
  }
  for (var r = 0u; r < params.R; r++) {
    let v = ids[g * params.stride_ids + r] - params.first - top;
    if (v < rows) {
      let row = (g * params.R + r) * params.D + left;
      for (var d = 0u; d < columns; d++) { dtable[out + v * params.D + d] += dy[row + d]; }
    }
  }
}
