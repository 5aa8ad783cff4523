/** How neighbors may be asked for. */
export const NEIGHBOR_RULES = ["auto", "exact", "approximate"] as const;
export type NeighborRule = (typeof NEIGHBOR_RULES)[number];
