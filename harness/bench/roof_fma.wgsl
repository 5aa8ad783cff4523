// Measures the adapter's arithmetic roof: independent chains of multiply-adds that stay in registers.
// out[i]: whatever the chains end at, so that nothing is optimized away. An invocation owns eight vec4 chains; a round has 32
// multiply-adds, so that the loop itself costs little where loops are dear.
@group(0) @binding(0) var<storage, read_write> out: array<vec4f>;

const m = vec4f(0.999);
const s = vec4f(0.001);

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  var a = vec4f(f32(id.x & 7u)) * 0.125;
  var b = a + 0.1;
  var c = a + 0.2;
  var d = a + 0.3;
  var e = a + 0.4;
  var f = a + 0.5;
  var g = a + 0.6;
  var h = a + 0.7;
  for (var i = 0u; i < 32u; i++) {
    a = a * m + s; b = b * m + s; c = c * m + s; d = d * m + s;
    e = e * m + s; f = f * m + s; g = g * m + s; h = h * m + s;
    a = a * m + s; b = b * m + s; c = c * m + s; d = d * m + s;
    e = e * m + s; f = f * m + s; g = g * m + s; h = h * m + s;
    a = a * m + s; b = b * m + s; c = c * m + s; d = d * m + s;
    e = e * m + s; f = f * m + s; g = g * m + s; h = h * m + s;
    a = a * m + s; b = b * m + s; c = c * m + s; d = d * m + s;
    e = e * m + s; f = f * m + s; g = g * m + s; h = h * m + s;
  }
  out[id.x] = a + b + c + d + e + f + g + h;
}
