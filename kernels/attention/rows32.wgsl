// Rows of a head of width 32, as ../attention/*.quad32.wgsl hold them: eight vec4, in registers throughout.

// A row of a head, and four rows side by side: column j of each matrix is of row j.
struct Row { a: vec4f, b: vec4f, c: vec4f, d: vec4f, e: vec4f, f: vec4f, g: vec4f, h: vec4f }
struct Rows { a: mat4x4f, b: mat4x4f, c: mat4x4f, d: mat4x4f, e: mat4x4f, f: mat4x4f, g: mat4x4f, h: mat4x4f }

fn dots(row: Row, rows: Rows) -> vec4f {
  return row.a * rows.a + row.b * rows.b + row.c * rows.c + row.d * rows.d
    + row.e * rows.e + row.f * rows.f + row.g * rows.g + row.h * rows.h;
}

fn scaled(row: Row, s: f32) -> Row {
  return Row(row.a * s, row.b * s, row.c * s, row.d * s, row.e * s, row.f * s, row.g * s, row.h * s);
}

// row + rows p
fn gather(row: Row, rows: Rows, p: vec4f) -> Row {
  return Row(
    row.a + rows.a * p, row.b + rows.b * p, row.c + rows.c * p, row.d + rows.d * p,
    row.e + rows.e * p, row.f + rows.f * p, row.g + rows.g * p, row.h + rows.h * p,
  );
}
