// Exact k nearest neighbors as forward.wgsl has them, for GPUs: points go through workgroup memory.
//
// distance[i, j] = sum_d (x[i, d] - x[j, d])^2;  indices[i - first] = the Kn points j != i of least distance, ties by lower index
//
// x [N, D]; indices [Q, Kn] u32, distances [Q, Kn] squared, ascending. Kn < N, first + Q <= N.
// A workgroup owns 64 queries, an invocation one of them. 32 points are compared at a time, 16 columns at a time: the workgroup
// loads both, then each invocation adds to 32 sums in registers. Its list, kept sorted by insertion, lives in the outputs.
// Deterministic: candidates come in order of index, and one is inserted behind its equals.
// Numerics: differences are squared, never |a|^2 + |b|^2 - 2ab, which cancels; a relative error of D + 2 roundings.

struct Params { N: u32, D: u32, Q: u32, Kn: u32, first: u32 }

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> indices: array<u32>;
@group(0) @binding(2) var<storage, read_write> distances: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

const QUERIES = 64u;
const POINTS = 32u;
const COLUMNS = 16u;
const FAR = 3.0e38;

/// [COLUMNS, QUERIES] and [COLUMNS, POINTS / 4], four points side by side.
var<workgroup> query_tile: array<f32, 1024>;
var<workgroup> point_tile: array<array<vec4f, 8>, 16>;

@compute @workgroup_size(64)
fn main(
  @builtin(local_invocation_index) local: u32,
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
) {
  // Invocations past the end load and wait with the others, and keep nothing.
  let first_row = (group.x + group.y * groups.x) * QUERIES;
  let row = first_row + local;
  let live = row < params.Q;
  let query = params.first + row;
  let list = row * params.Kn;
  if (live) {
    for (var i = 0u; i < params.Kn; i++) {
      indices[list + i] = 0xffffffffu;
      distances[list + i] = FAR;
    }
  }
  var worst = FAR;
  for (var point = 0u; point < params.N; point += POINTS) {
    var sums = array<vec4f, 8>();
    for (var column = 0u; column < params.D; column += COLUMNS) {
      workgroupBarrier();
      load_tiles(local, first_row, point, column);
      workgroupBarrier();
      for (var c = 0u; c < COLUMNS; c++) {
        let here = query_tile[c * QUERIES + local];
        for (var p = 0u; p < 8u; p++) {
          let gap = here - point_tile[c][p];
          sums[p] += gap * gap;
        }
      }
    }
    if (live) { worst = keep(query, list, point, sums, worst); }
  }
}

/// Inserts those of points `point` to `point + 31` that are nearer than the list's last; returns the distance of the new last.
fn keep(query: u32, list: u32, point: u32, sums: array<vec4f, 8>, last: f32) -> f32 {
  var worst = last;
  for (var p = 0u; p < 8u; p++) {
    let found = sums[p];
    // One test for most fours: only few candidates enter a list.
    if (all(found >= vec4f(worst))) { continue; }
    for (var c = 0u; c < 4u; c++) {
      let candidate = point + 4u * p + c;
      let distance = found[c];
      if (candidate >= params.N || candidate == query || !(distance < worst)) { continue; }
      var place = params.Kn - 1u;
      while (place > 0u && distances[list + place - 1u] > distance) {
        distances[list + place] = distances[list + place - 1u];
        indices[list + place] = indices[list + place - 1u];
        place--;
      }
      distances[list + place] = distance;
      indices[list + place] = candidate;
      worst = distances[list + params.Kn - 1u];
    }
  }
  return worst;
}

/// Columns `column` to `column + 15` of this workgroup's queries and of points `point` to `point + 31`. Columns past the end are 0 in
/// both; rows past the end repeat the last.
fn load_tiles(local: u32, first_row: u32, point: u32, column: u32) {
  for (var i = local; i < QUERIES * COLUMNS; i += 64u) {
    // Neighboring invocations load neighboring columns.
    let c = i % COLUMNS;
    let row = params.first + min(first_row + i / COLUMNS, params.Q - 1u);
    query_tile[c * QUERIES + i / COLUMNS] = value(row, column + c);
  }
  for (var i = local; i < POINTS * COLUMNS; i += 64u) {
    let c = i % COLUMNS;
    let p = i / COLUMNS;
    point_tile[c][p / 4u][p % 4u] = value(min(point + p, params.N - 1u), column + c);
  }
}

fn value(row: u32, column: u32) -> f32 {
  return select(0.0, x[row * params.D + min(column, params.D - 1u)], column < params.D);
}
