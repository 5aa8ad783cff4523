// Exports of the graph module. Addresses are read by name, so that the host never guesses the layout.
import * as layout from "./layout";

export { configure, prepare } from "./layout";
export { push, reachedCount, pushCount } from "./push";
export { conductance, sweep, sweptCount, chosenSize } from "./sweep";
export { moveCount, polish, polishedConductance, polishedSize } from "./polish";
export { candidateCount, cover, heads } from "./cover";

export function offsets(): usize { return layout.offsets; }
export function neighbors(): usize { return layout.neighbors; }
export function weights(): usize { return layout.weights; }
export function degrees(): usize { return layout.degrees; }
export function records(): usize { return layout.records; }
export function nodes(): usize { return layout.nodes; }
export function seeds(): usize { return layout.seeds; }
export function order(): usize { return layout.order; }
export function members(): usize { return layout.members; }
export function body(): usize { return layout.body; }
export function profile(): usize { return layout.profile; }
export function volumes(): usize { return layout.volumes; }
export function scales(): usize { return layout.scales; }
