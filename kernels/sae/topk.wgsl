// The K largest scores of each row and their features, over any number of pieces of features: each call merges one piece.
//
// values[t] = the K largest of values[t] and scores[t], largest first, ties by lower feature; indices[t] their features
//
// scores [T, F] of features first to first + F - 1, above -3e38; values [T, K], indices [T, K] u32, updated. Pieces come in order of
// their features. With `fresh` the lists are begun: a place that nothing takes holds -3e38 and 0xffffffff.
// An invocation owns a row, a workgroup 16; the list, kept sorted by insertion, lives in the outputs, so that any K works.
// Deterministic and exact: no arithmetic; features come in order, and one is inserted behind its equals.
struct Params {
  T: u32, F: u32, K: u32,
  first: u32, fresh: u32,
}
@group(0) @binding(0) var<storage, read> scores: array<f32>;
@group(0) @binding(1) var<storage, read_write> values: array<f32>;
@group(0) @binding(2) var<storage, read_write> indices: array<u32>;
@group(0) @binding(3) var<uniform> params: Params;

const LOW = -3.0e38;

@compute @workgroup_size(16)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let row = id.x + id.y * groups.x * 16u;
  if (row >= params.T) { return; }
  let list = row * params.K;
  if (params.fresh != 0u) {
    for (var i = 0u; i < params.K; i++) {
      values[list + i] = LOW;
      indices[list + i] = 0xffffffffu;
    }
  }
  let begin = row * params.F;
  var worst = values[list + params.K - 1u];
  for (var f = 0u; f < params.F; f++) {
    let score = scores[begin + f];
    if (!(score > worst)) { continue; }
    var place = params.K - 1u;
    while (place > 0u && values[list + place - 1u] < score) {
      values[list + place] = values[list + place - 1u];
      indices[list + place] = indices[list + place - 1u];
      place--;
    }
    values[list + place] = score;
    indices[list + place] = params.first + f;
    worst = values[list + params.K - 1u];
  }
}
