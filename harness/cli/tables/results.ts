/** What a run found, for people and for programs. */
import type { PriorComparison, ScoreRow } from "../../../runtime/measure/report-data";
import type { Results } from "../../../runtime/measure/results";
import { DRAWN_HEAD, DRAWN_NOTE, drawnCells } from "./drawn";

/** Advice, a line each. */
export function adviceLines(advice: readonly string[]): string {
  return advice.map((line) => `advice: ${line}\n`).join("");
}

/** What comparisons with the priors say, a line each. */
export function comparisonLines(comparisons: readonly PriorComparison[]): string {
  return comparisons.flatMap(({ said }) => said.map((sentence) => `${sentence}.\n`)).join("");
}

/** The machine-readable summary of results. */
export function summary(results: Results): Record<string, unknown> {
  const { model, scores, clusters, roles } = results;
  const components = results.components.map((component) => ({
    name: component.name,
    weights: component.weights,
    mean_rise: component.meanRise,
    r_hat: component.rHat ?? null,
    ess_bulk: component.effectiveDraws ?? null,
    lag_1: component.lag1 ?? null,
    acceptance: component.acceptance ?? null,
    step_error: component.stepError ?? null,
    kinetic_temperature: component.temperature ?? null,
    reliability: component.reliability ?? null,
    llc: component.llc?.value ?? null,
    llc_error: component.llc?.error ?? null,
    prior_rise: component.prior?.meanRise ?? null,
    equal_rise: component.prior?.equalRise?.meanRise ?? null,
    equal_rise_localization: component.prior?.equalRise?.localization ?? null,
  }));
  return {
    model,
    tokens: results.tokens.length,
    clusters: clusters.length,
    roles: roles ?? null,
    advice: results.advice,
    components,
    scores: scores.map((row) => ({
      features: row.features,
      control: row.control,
      chains: row.drawn?.chains ?? null,
      draws: row.drawn?.draws ?? null,
      mean_rise: row.drawn?.meanRise ?? null,
      reliability: row.drawn?.reliability ?? null,
      clusters: row.clusters,
      covered: row.covered,
      mean_best_f1: row.meanBestF1,
      roles_above_half: row.rolesAboveHalf,
      ari_roles: row.ariRoles,
      ari_modes: row.ariModes,
      nmi_roles: row.nmiRoles,
      knn_accuracy: row.knnAccuracy ?? null,
      knn_purity: row.knnPurity ?? null,
    })),
    comparisons: results.comparisons,
  };
}

/** Characters of a line up to what needs known roles. */
const COUNTS = 92;

/** The score table for people. */
export function scoreTable(results: Results): string {
  const line = (row: ScoreRow) =>
    [
      `${row.features}${row.control ? " (control)" : ""}`.padEnd(50),
      drawnCells(row),
      String(row.clusters).padStart(8),
      `${(100 * row.covered).toFixed(0)} %`.padStart(8),
      row.meanBestF1.toFixed(3).padStart(8),
      String(row.rolesAboveHalf).padStart(10),
      row.ariRoles.toFixed(3).padStart(9),
      row.ariModes.toFixed(3).padStart(9),
      (row.knnAccuracy?.toFixed(3) ?? "-").padStart(6),
    ].join(" ");
  const names = ["clusters", " covered", " best F1", "roles>0.5", "ARI roles", "ARI modes", "   kNN"];
  const head = ["features".padEnd(50), DRAWN_HEAD, ...names].join(" ");
  if (results.roles === undefined) {
    const counts = (row: ScoreRow) => line(row).slice(0, COUNTS);
    const title = `${results.clusters.length} clusters of ${results.tokens.length} tokens (no known roles to score against)`;
    return [title, head.slice(0, COUNTS), ...results.scores.map(counts), DRAWN_NOTE].join("\n");
  }
  return [
    `${results.clusters.length} clusters of ${results.tokens.length} tokens, held against ${results.roles} known roles`,
    head,
    ...results.scores.map(line),
    DRAWN_NOTE,
  ].join("\n");
}
