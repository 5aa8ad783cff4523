// The K largest scores of each row as topk.wgsl has them, for GPUs: a workgroup reads a row together.
//
// values[t] = the K largest of values[t] and scores[t], largest first, ties by lower feature; indices[t] their features
//
// scores [T, F] of features first to first + F - 1, above -3e38; values [T, K], indices [T, K] u32, updated. Pieces come in order of
// their features. With `fresh` the lists are begun: a place that nothing takes holds -3e38 and 0xffffffff.
// A workgroup owns a row and compares 256 features at a time with the list's last; where some are larger, one invocation
// inserts them in order. That is rare once the list is full: K (1 + log(F / K)) times in all for scores in random order.
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
const LANES = 64u;

var<workgroup> worst: f32;
/// How many of the tile's features are larger than the list's last: a sum of whole numbers, the same in any order.
var<workgroup> larger: atomic<u32>;
var<workgroup> tile: array<f32, 256>;

@compute @workgroup_size(64)
fn main(
  @builtin(local_invocation_index) lane: u32,
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
) {
  let row = group.x + group.y * groups.x;
  if (row >= params.T) { return; }
  let list = row * params.K;
  if (lane == 0u) {
    if (params.fresh != 0u) {
      for (var i = 0u; i < params.K; i++) {
        values[list + i] = LOW;
        indices[list + i] = 0xffffffffu;
      }
    }
    worst = values[list + params.K - 1u];
  }
  let begin = row * params.F;
  for (var f = 0u; f < params.F; f += 4u * LANES) {
    let limit = workgroupUniformLoad(&worst);
    if (lane == 0u) { atomicStore(&larger, 0u); }
    workgroupBarrier();
    for (var i = lane; i < 4u * LANES; i += LANES) {
      let score = select(LOW, scores[begin + min(f + i, params.F - 1u)], f + i < params.F);
      tile[i] = score;
      if (score > limit) { atomicAdd(&larger, 1u); }
    }
    workgroupBarrier();
    if (lane == 0u && atomicLoad(&larger) > 0u) { insert_all(list, f); }
  }
}

/// Inserts those of the tile that belong into the list.
fn insert_all(list: u32, f: u32) {
  var last = worst;
  for (var i = 0u; i < 4u * LANES; i++) {
    let score = tile[i];
    if (!(score > last)) { continue; }
    var place = params.K - 1u;
    while (place > 0u && values[list + place - 1u] < score) {
      values[list + place] = values[list + place - 1u];
      indices[list + place] = indices[list + place - 1u];
      place--;
    }
    values[list + place] = score;
    indices[list + place] = params.first + f + i;
    last = values[list + params.K - 1u];
  }
  worst = last;
}
