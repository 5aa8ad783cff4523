// Staged operands as they are: the counterpart of half.wgsl.

alias Operand = f32;

fn narrow(v: vec4f) -> vec4f {
  return v;
}

fn rounded(v: vec4f) -> vec4f {
  return v;
}
