// Measures the adapter's arithmetic roof: independent chains of multiply-adds that fit in registers.
// out[i]: whatever the chains end at, so that nothing is optimized away. An invocation owns four vec4 chains of 64 rounds.
@group(0) @binding(0) var<storage, read_write> out: array<vec4f>;
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  var a = vec4f(f32(id.x & 7u)) * 0.125;
  var b = a + 0.1;
  var c = a + 0.2;
  var d = a + 0.3;
  let m = vec4f(0.999);
  let s = vec4f(0.001);
  for (var i = 0u; i < 64u; i++) {
    a = a * m + s;
    b = b * m + s;
    c = c * m + s;
    d = d * m + s;
  }
  out[id.x] = a + b + c + d;
}
