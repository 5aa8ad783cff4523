/**
 * `goldens/manifest.json`: what the golden files hold, how far a result may be from them, and the hashes that show that
 * nobody changed one. Read strictly; `goldens/reference/make.py` writes it.
 */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { SpectroscopeError } from "../../kernels/errors";
import type { Dims, Params, Tolerance } from "../../kernels/kernel";
import type { SafetensorsTensor } from "../../models/formats/safetensors";
import { readSafetensors } from "../../models/hub/safetensors-file";
import { readBytes, readJson } from "../../runtime/node/files";
import { projectRoot } from "../../runtime/node/root";

/** |error|_2 <= relative_l2 * |expected|_2 over a tensor. */
export interface ToleranceL2 {
  readonly relative_l2: number;
  readonly reason: string;
}

/** One case of a golden file. Its tensors are named `<case>/<name>`. */
export interface GoldenEntry {
  /** Kernel of a kernel golden; other goldens say what they are by `case`. */
  readonly kernel?: string;
  readonly case: string;
  readonly dims: Dims;
  readonly params: Params;
  /** Bindings given without a group axis. */
  readonly shared: readonly string[];
  /** By output. */
  readonly tolerances: Readonly<Record<string, Tolerance | ToleranceL2>>;
  /** Settings of a run, for goldens of runs. */
  readonly settings?: Readonly<Record<string, unknown>>;
}

export interface GoldenFile {
  /** Path below the folder of the manifest, with `/`. */
  readonly file: string;
  readonly sha256: string;
  readonly bytes: number;
  readonly entries: readonly GoldenEntry[];
}

export interface Manifest {
  readonly folder: string;
  readonly date: string;
  /** Versions of the packages that computed the goldens. */
  readonly madeWith: Readonly<Record<string, string>>;
  readonly files: readonly GoldenFile[];
}

const FORMAT = 1;
const REMEDY = "restore it with git, or make all goldens anew with goldens/reference/make.py";

/** Folder of the committed goldens. */
export function goldensFolder(): string {
  return join(projectRoot(), "goldens");
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isNumbers(value: unknown): value is Record<string, number> {
  return isObject(value) && Object.values(value).every((entry) => typeof entry === "number");
}

function isTolerance(value: unknown): value is Tolerance | ToleranceL2 {
  if (!isObject(value) || typeof value.reason !== "string") return false;
  const numbers = Object.keys(value).filter((key) => key !== "reason");
  const known = numbers.join() === "relative_l2" || numbers.sort().join() === "absolute,relative";
  return known && numbers.every((key) => Number.isFinite(value[key]) && (value[key] as number) >= 0);
}

function isEntry(value: unknown): value is GoldenEntry {
  return (
    isObject(value) &&
    (value.kernel === undefined || typeof value.kernel === "string") &&
    typeof value.case === "string" &&
    isNumbers(value.dims) &&
    isNumbers(value.params) &&
    Array.isArray(value.shared) &&
    value.shared.every((name) => typeof name === "string") &&
    isObject(value.tolerances) &&
    Object.values(value.tolerances).every(isTolerance) &&
    (value.settings === undefined || isObject(value.settings))
  );
}

/** Reads the manifest; the golden files themselves are not touched. @throws SpectroscopeError naming file and place */
export async function readManifest(folder = goldensFolder()): Promise<Manifest> {
  const path = join(folder, "manifest.json");
  const json = await readJson(path);
  const fail = (what: string): never => {
    throw new SpectroscopeError(`${path}: ${what}`, { code: "bad-input", hint: REMEDY });
  };
  if (!isObject(json)) return fail("not a JSON object");
  if (json.format !== FORMAT) return fail(`format ${JSON.stringify(json.format)}, expected ${FORMAT}`);
  const { date, made_with: madeWith, files } = json;
  if (typeof date !== "string" || !isObject(madeWith) || !Array.isArray(files)) {
    return fail("date, made_with or files is missing");
  }
  const checked = files.map((file, i): GoldenFile => {
    const named =
      isObject(file) &&
      typeof file.file === "string" &&
      /^[\w.-]+(\/[\w.-]+)*$/.test(file.file) &&
      !file.file.split("/").includes("..") &&
      typeof file.sha256 === "string" &&
      /^[0-9a-f]{64}$/.test(file.sha256) &&
      typeof file.bytes === "number" &&
      Array.isArray(file.entries);
    if (!named) return fail(`files[${i}] lacks a file, sha256, bytes or entries`);
    const bad = (file.entries as unknown[]).findIndex((entry) => !isEntry(entry));
    if (bad >= 0) return fail(`entry ${bad} of ${file.file} is not as it should be`);
    return file as unknown as GoldenFile;
  });
  const twice = checked.find((file, i) => checked.findIndex((other) => other.file === file.file) !== i);
  if (twice) return fail(`${twice.file} is listed twice`);
  return { folder, date, madeWith: madeWith as Record<string, string>, files: checked };
}

/** Bytes of a golden file, its hash checked. */
async function checkedBytes(manifest: Manifest, file: GoldenFile): Promise<void> {
  const path = join(manifest.folder, file.file);
  const bytes = await readBytes(path).catch((cause) => {
    throw new SpectroscopeError(`golden ${path} cannot be read`, { code: "bad-input", hint: REMEDY, cause });
  });
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  if (sha256 === file.sha256) return;
  const size = bytes.length === file.bytes ? "" : `, ${bytes.length} bytes instead of ${file.bytes}`;
  throw new SpectroscopeError(
    `golden ${path} was changed: SHA-256 ${sha256.slice(0, 12)}..., the manifest says ${file.sha256.slice(0, 12)}...${size}`,
    { code: "bad-input", hint: REMEDY },
  );
}

/** Checks that every file is there with the right hash. @throws SpectroscopeError naming the first one that is not */
export async function checkFiles(manifest: Manifest): Promise<void> {
  for (const file of manifest.files) await checkedBytes(manifest, file);
}

/** A golden file's tensors by name. */
export type Tensors = ReadonlyMap<string, SafetensorsTensor>;

/** Tensors of a golden file, after its hash was checked. @throws SpectroscopeError */
export async function readGolden(manifest: Manifest, file: GoldenFile): Promise<Tensors> {
  await checkedBytes(manifest, file);
  return readSafetensors(join(manifest.folder, file.file));
}
