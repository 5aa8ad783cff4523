/** What `cluster` asks of its files before long work. */
import { resolve } from "node:path";
import { SpectroscopeError } from "../../../kernels/errors";
import { usage } from "../../../runtime/config/schema";
import type { GivenLabels } from "../../../runtime/formats/labels";
import { checkOutput, finalPlace } from "../../../runtime/node/output-file";

/** @throws SpectroscopeError unless there is a label for each of so many rows */
export function checkLabels(labels: GivenLabels | undefined, path: string | undefined, rows: number): void {
  if (labels && labels.numbers.length !== rows)
    throw new SpectroscopeError(`${path}: ${labels.numbers.length} labels for ${rows} rows`, {
      hint: "give one a row; an empty line for none",
    });
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
  await checkOutput(out);
  const place = await finalPlace(out);
  for (const [name, path] of Object.entries(others))
    if (path !== undefined && (await finalPlace(path).catch(() => resolve(path))) === place)
      throw usage(`--${option} ${out} is the file of --${name}`, `give --${option} another file`);
}
