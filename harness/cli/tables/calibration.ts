import type { Calibration } from "../../../runtime/measure/calibrate";
import type { ScaleCalibration } from "../../../runtime/measure/calibrate-scales";

/** The table for people. */
export function calibrationTable({ components, trials, recommended }: Calibration): string {
  const number = (value: number | undefined, digits: number) => (value === undefined ? "-" : value.toFixed(digits));
  const lines = trials.map(({ lr, n_beta, components: found, score, against }) => {
    const rises = found.map(({ meanRise }) => number(meanRise, 3).padStart(8)).join("");
    const steps = found.flatMap(({ stepError }) => (stepError === undefined ? [] : [stepError]));
    const step = number(steps.length > 0 ? Math.max(...steps) : undefined, 2).padStart(10);
    const start = `${String(lr).padStart(9)} ${String(n_beta).padStart(8)}${rises} ${step}`;
    return `${start}  ${score.toFixed(2).padStart(11)}  ${against ?? ""}`.trimEnd();
  });
  const names = components.map((name) => name.slice(-8).padStart(8)).join("");
  return [
    `mean rise (nats) of ${components.join(", ")}`,
    `${"lr".padStart(9)} ${"n_beta".padStart(8)}${names} step error  independent  against it`,
    ...lines,
    "step error: the largest of the components, above 0.3 too large; independent: share of draws as good as independent ones",
    recommended
      ? `recommended: ${recommended.map((set) => `--set ${set}`).join(" ")}`
      : "nothing on this grid samples well: begin from a smaller lr or a larger localization",
  ].join("\n");
}

/** What every component's trials found. */
export function scalesTable({ wanted, components }: ScaleCalibration): string {
  const width = Math.max(9, ...components.map(({ component }) => component.length));
  const lines = components.map(({ component, trials, scale, rise, saturated }) => {
    const steps = trials.map((one) => `${one.scale.toPrecision(2)}: ${one.rise?.toFixed(3) ?? "flew off"}`).join(", ");
    return `${component.padEnd(width)} ${String(scale).padStart(8)} ${(rise?.toFixed(3) ?? "-").padStart(8)}  ${steps}${saturated ? "; saturates" : ""}`;
  });
  return [
    `scales for a mean rise of ${wanted} nats`,
    `${"component".padEnd(width)} ${"scale".padStart(8)} ${"rise".padStart(8)}  scale: rise of each trial`,
    ...lines,
  ].join("\n");
}
