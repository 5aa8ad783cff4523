// Counter-based random numbers: a value depends on what it is for, never on who computes it.
//
// Philox4x32-10 (Salmon, Moraes, Dror, Shaw: Parallel random numbers, as easy as 1, 2, 3; SC 2011), then Box-Muller.
// Element e of a step is word or normal e mod 4 of the block with counter (e / 4, step, 0, 0).
// u = ((word >> 9) + 0.5) * 2^-23 lies in (0, 1) and is exact in f32 (24 bits of word and a half would not be).
// z[0], z[1] = sqrt(-2 ln u0) * (cos, sin)(2 pi u1); z[2], z[3] the same from u2, u3.
//
// Numerics: WGSL allows sin and cos an absolute error of 2^-11, and log one of 2^-21 near 1, where sqrt would turn it into
// 1e-3. So all three are written out: the angle is reduced exactly in turns, and the logarithm keeps its relative accuracy
// up to u = 1 - 2^-24. Normals differ from exact ones by less than 2e-6 on any conforming adapter; |z| < 5.8.

/// Low and high word of a * b, from 16-bit halves: WGSL has no wide product.
fn philox_product(a: u32, b: u32) -> vec2u {
  let a0 = a & 0xffffu;
  let a1 = a >> 16u;
  let b0 = b & 0xffffu;
  let b1 = b >> 16u;
  let low = a0 * b0;
  let cross = a1 * b0 + (low >> 16u);
  let middle = a0 * b1 + (cross & 0xffffu);
  return vec2u(a * b, a1 * b1 + (cross >> 16u) + (middle >> 16u));
}

fn philox(key: vec2u, counter: vec4u) -> vec4u {
  var c = counter;
  var k = key;
  for (var round = 0u; round < 10u; round++) {
    let p0 = philox_product(0xD2511F53u, c.x);
    let p1 = philox_product(0xCD9E8D57u, c.z);
    c = vec4u(p1.y ^ c.y ^ k.x, p1.x, p0.y ^ c.w ^ k.y, p0.x);
    k += vec2u(0x9E3779B9u, 0xBB67AE85u);
  }
  return c;
}

/// Natural logarithm of 0 < u < 1 (normal numbers), relative error below 4e-7.
fn philox_log(u: vec2f) -> vec2f {
  // u = 2^e * m with m in [1/sqrt 2, sqrt 2), so that ln u never cancels: m - 1 is exact, and e = 0 near u = 1.
  let bits = bitcast<vec2u>(u) - vec2u(0x3f3504f3u);
  let e = vec2f(bitcast<vec2i>(bits) >> vec2u(23u));
  let f = bitcast<vec2f>((bits & vec2u(0x007fffffu)) + vec2u(0x3f3504f3u)) - 1.0;
  // ln(1 + f) = 2 artanh(s), s = f / (2 + f), |s| < 0.172.
  let s = f / (2.0 + f);
  let s2 = s * s;
  let tail = s2 * (0.6666666667 + s2 * (0.4 + s2 * (0.2857142857 + s2 * 0.2222222222)));
  return e * 0.6931471806 + s * (2.0 + tail);
}

/// cos and sin of 2 pi u, 0 <= u < 1.
fn philox_turn(u: f32) -> vec2f {
  let quarter = floor(4.0 * u + 0.5);
  let a = (u - 0.25 * quarter) * 6.283185307; // |a| <= pi / 4; the difference is exact
  let b = a * a;
  let s = a * (1.0 + b * (-0.1666666667 + b * (8.333333333e-3 + b * (-1.984126984e-4 + b * 2.755731922e-6))));
  let c = 1.0 + b * (-0.5 + b * (4.166666667e-2 + b * (-1.388888889e-3 + b * 2.480158730e-5)));
  let q = u32(quarter);
  let swapped = select(vec2f(c, s), vec2f(s, c), (q & 1u) == 1u);
  let negative = (vec2u(q + 1u, q) & vec2u(2u)) == vec2u(2u);
  return select(swapped, -swapped, negative);
}

/// The four normals of a block: elements 4 * part to 4 * part + 3 of a step.
fn philox_normals(key: vec2u, part: u32, step: u32) -> vec4f {
  let words = philox(key, vec4u(part, step, 0u, 0u)) >> vec4u(9u);
  let u = (vec4f(words) + 0.5) * 1.1920928955078125e-7;
  let radius = sqrt(-2.0 * philox_log(u.xz));
  return vec4f(radius.x * philox_turn(u.y), radius.y * philox_turn(u.w));
}
