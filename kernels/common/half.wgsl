// Staged operands of half precision. Holds a directive, so it comes before anything that declares.
enable f16;

alias Operand = f16;

/// The nearest f16; what is larger than any f16 becomes the largest, for WGSL does not say what a conversion makes of it.
fn narrow(v: vec4f) -> vec4<f16> {
  return vec4<f16>(clamp(v, vec4f(-65504.0), vec4f(65504.0)));
}

/// What is left of a number once it was staged; compilers may leave out a conversion there and back.
fn rounded(v: vec4f) -> vec4f {
  return quantizeToF16(clamp(v, vec4f(-65504.0), vec4f(65504.0)));
}
