/** What `cluster` asks of its files before long work. */
import { resolve } from "node:path";
import { usage } from "../../../runtime/config/schema";
import { fitLabels, type GivenLabels, type LabelFile, type LabelTargets } from "../../../runtime/formats/labels";
import { checkOutput, finalPlace } from "../../../runtime/node/output-file";
import type { Progress } from "../progress";
import { checkInputs } from "./read-input";

/**
 * Labels for each row or node, and what was made of their file.
 * @throws SpectroscopeError when they do not fit, or when it is not said whose they are
 */
export function labelsFor(
  file: LabelFile | undefined,
  targets: LabelTargets,
  progress: Progress,
): GivenLabels | undefined {
  if (!file) return undefined;
  const { labels, said } = fitLabels(file, targets);
  for (const line of said) progress.say(line);
  return labels;
}

/**
 * Asked before long work. `option` is the one that named `out`.
 * @throws SpectroscopeError when the result would lie over an input or another result, or cannot be written
 */
export async function checkOut(
  out: string,
  others: Readonly<Record<string, string | undefined>>,
  option = "out",
): Promise<void> {
  checkInputs(others);
  await checkOutput(out);
  const place = await finalPlace(out);
  for (const [name, path] of Object.entries(others))
    if (path !== undefined && path !== "-" && (await finalPlace(path).catch(() => resolve(path))) === place)
      throw usage(`--${option} ${out} is the file of --${name}`, `give --${option} another file`);
}
