// Weights in the gradients of the losses: what softmax gives an entry, less 1 where it is the target, times scale.

const FOUR = vec4u(0u, 1u, 2u, 3u);

/// Of a tile whose column j is row rows[j] and whose components are four vocabulary entries; rows past R weigh nothing.
/// Entries count from `first`: the target of another part meets none.
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
  let p = probability(logits - lse[g * params.R + row]);
  let hit = vec4f(entries == vec4u(targets[g * params.stride_targets + row] - params.first));
  return select(0.0, params.scale, r < params.R) * (p - hit);
}

/// Of a tile whose column j is vocabulary entry entries[j] and whose components are four rows, with their log-sum-exps and
/// targets; entries past V weigh nothing.
fn weigh_entries(logits: mat4x4f, entries: vec4u, sums: vec4f, y: vec4u) -> mat4x4f {
  return mat4x4f(
    weigh_entry(logits[0], entries.x, sums, y),
    weigh_entry(logits[1], entries.y, sums, y),
    weigh_entry(logits[2], entries.z, sums, y),
    weigh_entry(logits[3], entries.w, sums, y),
  );
}

fn weigh_entry(logits: vec4f, v: u32, sums: vec4f, y: vec4u) -> vec4f {
  let hit = vec4f(vec4u(v) == y);
  return select(0.0, params.scale, v < params.V) * (probability(logits - sums) - hit);
}

/// exp of what should be at most 0; clamped, because no implementation may return NaN or infinity for it.
fn probability(a: vec4f) -> vec4f {
  return exp(clamp(a, vec4f(-80.0), vec4f(80.0)));
}
