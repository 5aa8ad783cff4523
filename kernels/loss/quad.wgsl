enable subgroups;

// On software adapters a load costs as much as ten multiply-adds, so the four lanes of a quad share theirs. Quads are
// consecutive subgroup invocations whatever the subgroup size, so nothing here depends on it.

/// Column j: the vector that lane `lane ^ j` of the quad holds. Swaps cost less than broadcasts; sums over the four columns
/// are the same bits in every lane if they are taken in pairs, (0 + 1) + (2 + 3).
fn quad_gather(mine: vec4f) -> mat4x4f {
  return mat4x4f(mine, quadSwapX(mine), quadSwapY(mine), quadSwapDiagonal(mine));
}

/// Sums over the four columns w[j] with weights p[i][j], in pairs.
fn quad_mix(w: mat4x4f, p: mat4x4f) -> mat4x4f {
  return mat4x4f(mix_row(w, p[0]), mix_row(w, p[1]), mix_row(w, p[2]), mix_row(w, p[3]));
}

fn mix_row(w: mat4x4f, p: vec4f) -> vec4f {
  return (w[0] * p.x + w[1] * p.y) + (w[2] * p.z + w[3] * p.w);
}
