// Exports of the graph module. Addresses of scratch are read by name, so that the host need not repeat its layout.
import * as layout from "./layout";

export { attach } from "./layout";
export { begin, grow, pushCount, reachedCount } from "./walk";
export { chosenSize, closed, conductance, sweep, sweptCount } from "./sweep";
export { moveCount, polish, polishedCapped, polishedConductance, polishedSize, polishedVolume } from "./polish";
export { beginRelabel, foresee, placeRows, relabelCount, relabelFlags, relabelRound, tieRows } from "./relabel";
export { pieces } from "./pieces";
export { work } from "./search";

/** Where the host's part of the memory begins. */
export function heap(): usize { return (__heap_base + 15) & ~15; }
export function records(): usize { return layout.records; }
export function ranks(): usize { return layout.ranks; }
export function nodes(): usize { return layout.nodes; }
export function order(): usize { return layout.order; }
export function members(): usize { return layout.members; }
export function profile(): usize { return layout.profile; }
export function volumes(): usize { return layout.volumes; }
