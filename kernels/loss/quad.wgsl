enable subgroups;

// On software adapters a load costs as much as ten multiply-adds, so the four lanes of a quad share theirs. Quads are
// consecutive subgroup invocations whatever the subgroup size, so nothing here depends on it.

/// Columns i = 0..3: the vector that lane i of the quad holds.
fn quad_gather(mine: vec4f) -> mat4x4f {
  return mat4x4f(quadBroadcast(mine, 0u), quadBroadcast(mine, 1u), quadBroadcast(mine, 2u), quadBroadcast(mine, 3u));
}
