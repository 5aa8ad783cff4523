// Targets where the vocabulary lies in parts: this one holds the ids `first` to `first + V - 1`.

/// No entry of any part: tiles end at most 63 entries past V.
const NOBODY = 0xffffffffu;

/// Places in this part of the targets of four rows; NOBODY where another part holds them. An id below `first` wraps past V.
fn targets_of(g: u32, rows: vec4u) -> vec4u {
  let i = vec4u(g * params.stride_targets) + rows;
  let y = vec4u(targets[i.x], targets[i.y], targets[i.z], targets[i.w]) - vec4u(params.first);
  return select(vec4u(NOBODY), y, y < vec4u(params.V));
}
