/**
 * Goldens of true checkpoints, which `goldens/reference/make.py --model` makes: a folder each below `goldens/models`, with a
 * manifest of its own. The hashes of the weight files say which checkpoint a golden is of.
 */
import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { SpectroscopeError } from "../../kernels/errors";
import { parseModel } from "../../models/families/registry";
import type { FolderModel } from "../../models/hub/open";
import type { LoadedModel } from "../../models/weights";
import { hashFile } from "../../runtime/node/hash";
import type { Device } from "../../runtime/plan/device";
import { checkpointRows } from "./checkpoint";
import { Golden, type OnRow } from "./golden";
import type { Row } from "./kernels";
import { type GoldenEntry, goldensFolder, readManifest } from "./manifest";

/** SHA-256 of every weight file of a directory, by name. */
async function weightHashes({ directory, source }: FolderModel): Promise<Map<string, string>> {
  const hashes = new Map<string, string>();
  for (const file of source.files) hashes.set(file, await hashFile(join(directory, file), "sha256"));
  return hashes;
}

/** A checkpoint's golden. */
export interface CheckpointGolden {
  readonly golden: Golden;
  readonly entry: GoldenEntry;
}

/**
 * The golden of exactly these weights.
 * @param name how the person called the model, for the remedy
 * @throws SpectroscopeError when there is none, with the command that makes one
 */
export async function findCheckpointGolden(
  model: FolderModel,
  name: string,
  folder = join(goldensFolder(), "models"),
): Promise<CheckpointGolden> {
  const listed = (await readdir(folder).catch(() => [])).sort();
  // A run of make.py that was cut off leaves a folder without a manifest.
  const present = listed.filter((label) => existsSync(join(folder, label, "manifest.json")));
  const hashes = await weightHashes(model);
  for (const label of present) {
    const manifest = await readManifest(join(folder, label));
    const [entry] = manifest.files.find(({ file }) => file === "checkpoint.safetensors")?.entries ?? [];
    const weights = Object.entries((entry?.settings?.weights ?? {}) as Record<string, string>);
    if (!entry || weights.length !== hashes.size || weights.some(([file, hash]) => hashes.get(file) !== hash)) continue;
    checkConfig(model, entry, name, join(folder, label));
    return { golden: await Golden.open(manifest, "checkpoint"), entry };
  }
  if (name === "nano") {
    throw new SpectroscopeError("nano is held to goldens of its own", {
      code: "bad-input",
      hint: "npx spectroscope verify --only nano",
    });
  }
  const others = present.length > 0 ? `; those of ${present.join(", ")} are of other weights` : "";
  throw new SpectroscopeError(`no golden for the weights of ${name}${others}`, {
    code: "bad-input",
    hint: `make it, with Python: python goldens/reference/make.py --model ${"origin" in model ? name : model.directory}`,
  });
}

/** @throws SpectroscopeError when a golden of these weights was made with another `config.json` */
function checkConfig(
  { model: { config } }: LoadedModel,
  { settings }: GoldenEntry,
  name: string,
  golden: string,
): void {
  const { config: expected } = parseModel(settings?.config, `golden ${golden}`);
  const key = Object.keys(config).find((key) => config[key] !== expected[key]);
  if (key === undefined) return;
  throw new SpectroscopeError(
    `the golden of the weights of ${name} was made with another config.json: ${key} is ${expected[key]} there, ${config[key]} here`,
    { code: "bad-input", hint: `restore config.json, or remove ${golden}` },
  );
}

/** Losses, logits and gradients of a checkpoint. */
export async function verifyCheckpoint(
  device: Device,
  model: LoadedModel,
  { golden, entry }: CheckpointGolden,
  onRow: OnRow = () => {},
): Promise<Row[]> {
  return checkpointRows(device, golden, entry, model, onRow);
}
