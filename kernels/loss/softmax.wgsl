// Pieces of an online softmax over tiles of logits. A tile is a mat4x4f: column j is vocabulary entry entries[j], its
// four components are four token rows. Maxima start at LOWEST, which is finite: no -inf, no NaN.

const LOWEST = -3.0e38;
const FOUR = vec4u(0u, 1u, 2u, 3u);

/// exp with its argument kept above -80: 1e-35 stands for 0, and no implementation may return NaN for it.
fn safe_exp(a: vec4f) -> vec4f {
  return exp(max(a, vec4f(-80.0)));
}

/// Puts LOWEST where the vocabulary has ended.
fn mask_tile(a: mat4x4f, entries: vec4u, size: u32) -> mat4x4f {
  let none = vec4f(LOWEST);
  return mat4x4f(
    select(none, a[0], entries.x < size),
    select(none, a[1], entries.y < size),
    select(none, a[2], entries.z < size),
    select(none, a[3], entries.w < size),
  );
}

fn max_tile(a: mat4x4f) -> vec4f {
  return max(max(a[0], a[1]), max(a[2], a[3]));
}

/// exp(a - m) for rows with maximum m.
fn exp_tile(a: mat4x4f, m: vec4f) -> mat4x4f {
  return mat4x4f(safe_exp(a[0] - m), safe_exp(a[1] - m), safe_exp(a[2] - m), safe_exp(a[3] - m));
}

fn sum_tile(a: mat4x4f) -> vec4f {
  return (a[0] + a[1]) + (a[2] + a[3]);
}

/// The targets' logits where this tile holds them, else `old`.
fn pick_tile(old: vec4f, a: mat4x4f, entries: vec4u, y: vec4u) -> vec4f {
  var t = select(old, a[0], y == vec4u(entries.x));
  t = select(t, a[1], y == vec4u(entries.y));
  t = select(t, a[2], y == vec4u(entries.z));
  return select(t, a[3], y == vec4u(entries.w));
}
