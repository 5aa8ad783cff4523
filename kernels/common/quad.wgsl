enable subgroups;

// Loads that several lanes need, done once: on SwiftShader a scalar load costs as much as ten multiply-adds, because it is
// made lane by lane. Quads are consecutive subgroup invocations at any subgroup size, so nothing depends on that size.

// Column j is what lane j of the quad gave.
fn quad(mine: vec4f) -> mat4x4f {
  return mat4x4f(quadBroadcast(mine, 0u), quadBroadcast(mine, 1u), quadBroadcast(mine, 2u), quadBroadcast(mine, 3u));
}
