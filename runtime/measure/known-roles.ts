import type { KnownLabels } from "../cluster/neighbor-score";
import type { Labels } from "./corpus";

/** Roles with fewer tokens are not scored: an F1 over a handful says nothing. */
export const MIN_ROLE_TOKENS = 10;

/** The roles that scores are about. */
export function scoredRoles(labels: Labels | undefined): KnownLabels | undefined {
  return labels && { numbers: labels.roles.numbers, minCount: MIN_ROLE_TOKENS };
}
