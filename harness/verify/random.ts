/** Holds losses and gradients of random models in directories that transformers saved, one of every kind, to the goldens. */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { SpectroscopeError } from "../../kernels/errors";
import { openFolder } from "../../models/hub/open";
import { hashFile } from "../../runtime/node/hash";
import type { Device } from "../../runtime/plan/device";
import { Golden, lossRows, type OnRow } from "./golden";
import type { Row } from "./kernels";
import type { GoldenEntry, Manifest } from "./manifest";

/** Names of the goldens of random models: `random/00`. */
export function randomModels(manifest: Manifest): string[] {
  const names = manifest.files.map(({ file }) => file.replace(/\.safetensors$/, ""));
  return names.filter((name) => /^random\/\d+$/.test(name)).sort();
}

/** The directory of a golden's model, its files checked against the hashes in the manifest. */
export async function randomDirectory(manifest: Manifest, entry: GoldenEntry): Promise<string> {
  const { directory, files } = (entry.settings ?? {}) as { directory?: string; files?: Record<string, string> };
  const fail = (what: string): never => {
    throw new SpectroscopeError(`goldens/random, case ${entry.case}: ${what}`, {
      code: "bad-input",
      hint: "restore it with git, or make it anew with goldens/reference/make.py --only random",
    });
  };
  if (typeof directory !== "string" || !/^random\/\d+$/.test(directory) || !files) {
    return fail("the manifest names no directory and files");
  }
  const path = join(manifest.folder, directory);
  const present = (await readdir(path).catch(() => [])).sort();
  if (present.join() !== Object.keys(files).sort().join()) return fail(`${directory} holds other files`);
  for (const [file, sha256] of Object.entries(files)) {
    if ((await hashFile(join(path, file), "sha256")) !== sha256) return fail(`${directory}/${file} was changed`);
  }
  return path;
}

/** One random model. @throws SpectroscopeError when its files were changed */
export async function verifyRandomModel(
  device: Device,
  manifest: Manifest,
  name: string,
  onRow: OnRow = () => {},
): Promise<Row[]> {
  const golden = await Golden.open(manifest, name);
  const rows: Row[] = [];
  for (const entry of golden.entries) {
    const model = await openFolder(await randomDirectory(manifest, entry));
    rows.push(...(await lossRows(device, golden, entry, model, onRow)));
  }
  return rows;
}

/** Every random model. */
export async function verifyRandom(device: Device, manifest: Manifest, onRow: OnRow = () => {}): Promise<Row[]> {
  const rows: Row[] = [];
  for (const name of randomModels(manifest)) rows.push(...(await verifyRandomModel(device, manifest, name, onRow)));
  return rows;
}
