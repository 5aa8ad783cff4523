// Weights of rows in the gradient of an unembedding.

const FOUR = vec4u(0u, 1u, 2u, 3u);

/// scale * (exp(logit - lse) - [entry is the target]) of a tile whose column j is row rows[j] and whose components are
/// four vocabulary entries; rows past R weigh nothing.
fn weigh_tile(logits: mat4x4f, g: u32, rows: vec4u, entries: vec4u) -> mat4x4f {
  return mat4x4f(
    weigh_row(logits[0], g, rows.x, entries),
    weigh_row(logits[1], g, rows.y, entries),
    weigh_row(logits[2], g, rows.z, entries),
    weigh_row(logits[3], g, rows.w, entries),
  );
}

fn weigh_row(logits: vec4f, g: u32, r: u32, entries: vec4u) -> vec4f {
  let row = min(r, params.R - 1u);
  let p = exp(clamp(logits - lse[g * params.R + row], vec4f(-80.0), vec4f(80.0)));
  let hit = vec4f(entries == vec4u(targets[g * params.stride_targets + row]));
  return select(0.0, params.scale, r < params.R) * (p - hit);
}
