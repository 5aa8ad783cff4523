// A product with operands of half precision, tiled through workgroup memory, for GPUs; needs shader-f16.
//
// out[row, column] = store(sum_k f16(left[row, k]) f16(right[k, column])), operands and store() by *.operands.wgsl
//
// Shapes: those of the operands' file; f32 in buffers, f16 in workgroup memory alone.
// A workgroup owns 64 x 64 outputs and walks k in slices of 32 that it stages; each of its 16 x 16 invocations owns 4 x 4
// neighboring outputs: two loads of 8 bytes for 16 multiply-adds.
// Deterministic: k ascends, one term after another, whatever the workgroups.
// Operands are rounded to f16 (2^-11 of their size, nothing left below 3e-8, held at 65504); a product of two f16 is exact in
// f32, and sums are in f32. Twice the tile in the same memory, at an error far above that of f32: chosen only when asked for.

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  let row0 = group.x * TILE;
  let column0 = group.y * TILE;
  let g = group.z;
  let across = local % 16u;
  let down = local / 16u;
  var sums = array<vec4f, 4>();
  for (var k0 = 0u; k0 < depth(); k0 += DEPTH) {
    stage(g, row0, column0, k0, local, 256u);
    workgroupBarrier();
    for (var k = 0u; k < DEPTH; k++) {
      let a = vec4f(left[k * PITCH + down]);
      let b = vec4f(right[k * PITCH + across]);
      for (var i = 0u; i < 4u; i++) { sums[i] += a[i] * b; }
    }
    workgroupBarrier();
  }
  for (var i = 0u; i < 4u; i++) {
    for (var j = 0u; j < 4u; j++) { store(g, row0 + 4u * down + i, column0 + 4u * across + j, sums[i][j]); }
  }
}
