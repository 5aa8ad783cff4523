// Exact k nearest neighbors of points first to first + Q - 1 among all others, nearest first.
//
// distance[i, j] = sum_d (x[i, d] - x[j, d])^2;  indices[i - first] = the Kn points j != i of least distance, ties by lower index
//
// x [N, D]; indices [Q, Kn] u32, distances [Q, Kn] squared, ascending. Kn < N, first + Q <= N.
// An invocation owns a query and compares it with 4 candidates at a time; its list, kept sorted by insertion, lives in the
// outputs, so that any Kn works. A workgroup owns 16 queries.
// Deterministic: candidates come in order of index, and one is inserted behind its equals.
// Numerics: differences are squared, never |a|^2 + |b|^2 - 2ab, which cancels; a relative error of D/4 + 3 roundings.

struct Params { N: u32, D: u32, Q: u32, Kn: u32, first: u32 }

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> indices: array<u32>;
@group(0) @binding(2) var<storage, read_write> distances: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

const FAR = 3.0e38;

@compute @workgroup_size(16)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let row = id.x + id.y * groups.x * 16u;
  if (row >= params.Q) { return; }
  let query = params.first + row;
  let list = row * params.Kn;
  for (var i = 0u; i < params.Kn; i++) {
    indices[list + i] = 0xffffffffu;
    distances[list + i] = FAR;
  }
  var worst = FAR;
  for (var first = 0u; first < params.N; first += 4u) {
    let found = four_distances(query, first);
    // One test for most tiles: only few candidates enter a list.
    if (all(found >= vec4f(worst))) { continue; }
    for (var c = 0u; c < 4u; c++) {
      let candidate = first + c;
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
}

/// Squared distances of a query to candidates first to first + 3; those past the end repeat the last point.
fn four_distances(query: u32, first: u32) -> vec4f {
  let q = query * params.D;
  let c = min(vec4u(first, first + 1u, first + 2u, first + 3u), vec4u(params.N - 1u)) * params.D;
  var sum = vec4f();
  var k = 0u;
  for (; k + 4u <= params.D; k += 4u) {
    let here = x4(q + k);
    let a = here - x4(c.x + k);
    let b = here - x4(c.y + k);
    let d = here - x4(c.z + k);
    let e = here - x4(c.w + k);
    sum += vec4f(dot(a, a), dot(b, b), dot(d, d), dot(e, e));
  }
  for (; k < params.D; k++) {
    let a = x[q + k] - vec4f(x[c.x + k], x[c.y + k], x[c.z + k], x[c.w + k]);
    sum += a * a;
  }
  return sum;
}

fn x4(i: u32) -> vec4f {
  return vec4f(x[i], x[i + 1u], x[i + 2u], x[i + 3u]);
}
