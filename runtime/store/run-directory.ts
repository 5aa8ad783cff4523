/**
 * The run directory: what a run was asked to do (`manifest.json`), one directory for each finished unit of work under
 * `components/`, and the results made from them. Every file and every unit is there whole or not at all, so a run that was
 * stopped anywhere can go on. Node only.
 *
 *     manifest.json                  format, version, config, provenance, state of each unit
 *     components/l0h3/unit.json      name, facts, arrays with shapes and SHA-256; written last
 *     components/l0h3/<array>.npy
 *     <result>.npy, <result>.json    anything else, by name
 */
import { createHash } from "node:crypto";
import { mkdir, readdir, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { SpectroscopeError } from "../../kernels/errors";
import {
  fileError,
  parseJson,
  readBytes,
  readJson,
  readText,
  systemCode,
  TEMPORARY_SUFFIX,
  writeAtomic,
} from "./files";
import { differences, type Json, type JsonObject, normalizeJson } from "./json";
import { safeName } from "./names";
import { decodeNpy, encodeNpy, type NpyArray, type NpyInput, type NpyType, npyType } from "./npy";
import { readNpy, writeNpy } from "./npy-file";

const FORMAT = "spectroscope-run";
const VERSION = 1;
const MANIFEST = "manifest.json";
const UNITS = "components";
const UNIT_FILE = "unit.json";
const PARTIAL = ".partial";

export interface Manifest {
  readonly format: typeof FORMAT;
  readonly version: number;
  /** What the run computes. Two runs with equal configs may share a directory. */
  readonly config: JsonObject;
  /** Who computed it: adapter, versions, host. One entry for each time the directory was opened by another. */
  readonly provenance: readonly JsonObject[];
  /** Units in the order of the plan. */
  readonly units: Readonly<Record<string, { readonly state: "pending" | "done"; readonly directory: string }>>;
}

/** A finished unit: arrays by name, and facts (settings, diagnostics, times) as JSON. */
export interface Unit {
  readonly arrays: ReadonlyMap<string, NpyArray>;
  readonly facts: JsonObject;
}

export interface UnitInput {
  readonly arrays: Readonly<Record<string, NpyInput>>;
  readonly facts?: JsonObject;
}

interface UnitFile {
  name: string;
  facts: JsonObject;
  arrays: Record<string, { file: string; dtype: NpyType; shape: number[]; sha256: string }>;
}

function fail(message: string, hint?: string, cause?: unknown): never {
  throw new SpectroscopeError(message, { code: "bad-input", hint, cause });
}

const text = (value: Json) => `${JSON.stringify(value, null, 2)}\n`;
const short = (value: Json | undefined) => (value === undefined ? "absent" : JSON.stringify(value).slice(0, 60));

function isManifest(value: unknown): value is Manifest {
  const object = (item: unknown) => typeof item === "object" && item !== null && !Array.isArray(item);
  if (!object(value)) return false;
  const { config, provenance, units } = value as Record<string, unknown>;
  return object(config) && Array.isArray(provenance) && object(units);
}

async function list(path: string): Promise<string[]> {
  try {
    return (await readdir(path)).sort();
  } catch (error) {
    if (systemCode(error) === "ENOENT") return [];
    throw fileError("list", path, error);
  }
}

/** Read and check a manifest. @throws SpectroscopeError when the directory is no run or of another version */
async function readManifest(directory: string): Promise<Manifest> {
  const path = join(directory, MANIFEST);
  const json = await readJson(path);
  const { format, version } = (json ?? {}) as Record<string, unknown>;
  if (format !== FORMAT)
    fail(`${path}: not the manifest of a run (format ${JSON.stringify(format)})`, "choose another directory");
  if (version !== VERSION) {
    fail(
      `${path}: format version ${JSON.stringify(version)}, this program knows ${VERSION}`,
      "use the program that wrote it",
    );
  }
  if (!isManifest(json)) fail(`${path}: config, provenance or units are missing`, "choose another directory");
  return json;
}

export interface OpenOptions {
  readonly config: JsonObject;
  readonly provenance: JsonObject;
  /** Names of the units of work, in order, for example the components. */
  readonly units: readonly string[];
}

export class RunDirectory {
  #manifest: Manifest;

  private constructor(
    readonly path: string,
    manifest: Manifest,
  ) {
    this.#manifest = manifest;
  }

  /**
   * Make a run directory, or take up an existing one with the same config and units. Leftovers of a killed process are
   * removed. Two processes must not write one directory at the same time; nothing here stops them.
   * @throws SpectroscopeError when the directory holds something else, or a run with another config: the differing keys with
   *   both values are listed
   */
  static async open(path: string, options: OpenOptions): Promise<RunDirectory> {
    const config = normalizeJson(options.config, "config") as JsonObject;
    const provenance = normalizeJson(options.provenance, "provenance") as JsonObject;
    const names = options.units;
    const twice = names.find((name, i) => names.indexOf(name) !== i);
    if (twice !== undefined) fail(`unit ${JSON.stringify(twice)} is named twice`);

    const present = (await list(path)).filter((name) => !name.endsWith(TEMPORARY_SUFFIX));
    let before: Manifest | undefined;
    if (present.includes(MANIFEST)) before = await readManifest(path);
    else if (present.length > 0) {
      fail(`${path}: holds ${present[0]} but no ${MANIFEST}, so it is not a run`, "choose an empty or a new directory");
    }
    if (before) {
      const changed = differences(before.config, config);
      const unitsBefore = Object.keys(before.units);
      if (unitsBefore.join("\n") !== names.join("\n"))
        changed.push({ key: "units", before: unitsBefore, now: [...names] });
      if (changed.length > 0) {
        const shown = changed.slice(0, 8).map((d) => `${d.key}: ${short(d.before)} there, ${short(d.now)} now`);
        const more = changed.length > shown.length ? `, and ${changed.length - shown.length} more` : "";
        fail(
          `${path}: holds a run with another config (${shown.join("; ")}${more})`,
          "choose another directory or the same config",
        );
      }
    }

    const sources = [...(before?.provenance ?? [])];
    if (!sources.some((known) => differences(known, provenance).length === 0)) sources.push(provenance);
    const units = Object.fromEntries(
      names.map((name) => [name, { state: "pending" as const, directory: `${UNITS}/${safeName(name)}` }]),
    );
    const run = new RunDirectory(path, { format: FORMAT, version: VERSION, config, provenance: sources, units });
    await run.#clean();
    await run.#reconcile();
    return run;
  }

  /** Open an existing run for reading and for adding results, whatever its config. @throws SpectroscopeError */
  static async openExisting(path: string): Promise<RunDirectory> {
    if (!(await list(path)).includes(MANIFEST)) fail(`${path}: no ${MANIFEST}, so it is not a run`, "check the path");
    return new RunDirectory(path, await readManifest(path));
  }

  get manifest(): Manifest {
    return this.#manifest;
  }

  get config(): JsonObject {
    return this.#manifest.config;
  }

  /** Units by state, in the order of the plan. */
  units(state: "pending" | "done"): string[] {
    return Object.entries(this.#manifest.units)
      .filter(([, unit]) => unit.state === state)
      .map(([name]) => name);
  }

  isDone(unit: string): boolean {
    return this.#unit(unit).state === "done";
  }

  #unit(name: string): Manifest["units"][string] {
    if (!Object.hasOwn(this.#manifest.units, name)) fail(`${this.path}: no unit ${JSON.stringify(name)} in this run`);
    return this.#manifest.units[name];
  }

  /** Remove what a killed process left half written. */
  async #clean(): Promise<void> {
    for (const name of await list(this.path)) {
      if (name.startsWith(".") && name.endsWith(TEMPORARY_SUFFIX)) await rm(join(this.path, name), { force: true });
    }
    for (const name of await list(join(this.path, UNITS))) {
      if (name.endsWith(PARTIAL)) await rm(join(this.path, UNITS, name), { recursive: true, force: true });
    }
  }

  /** The disk is the truth: a unit is done when its directory is there, because it got its name when it was whole. */
  async #reconcile(): Promise<void> {
    const present = new Set(await list(join(this.path, UNITS)));
    const units = Object.entries(this.#manifest.units).map(([name, unit]) => {
      const state = present.has(safeName(name)) ? ("done" as const) : ("pending" as const);
      return [name, { ...unit, state }] as const;
    });
    await this.#saveManifest({ ...this.#manifest, units: Object.fromEntries(units) });
  }

  async #saveManifest(manifest: Manifest): Promise<void> {
    await writeAtomic(join(this.path, MANIFEST), text(manifest as unknown as Json));
    this.#manifest = manifest;
  }

  /**
   * Store a finished unit whole: arrays and facts go to `<unit>.partial`, which is renamed when everything is there.
   * @throws SpectroscopeError when the unit is unknown or already done
   */
  async writeUnit(name: string, input: UnitInput): Promise<void> {
    const { state, directory } = this.#unit(name);
    if (state === "done") fail(`${this.path}: unit ${JSON.stringify(name)} is already done`);
    const final = join(this.path, directory);
    const partial = final + PARTIAL;
    await rm(partial, { recursive: true, force: true });
    const arrays: UnitFile["arrays"] = {};
    for (const [arrayName, array] of Object.entries(input.arrays)) {
      const file = `${safeName(arrayName)}.npy`;
      const parts = encodeNpy(array);
      const hash = createHash("sha256");
      for (const part of parts) hash.update(part);
      await writeAtomic(join(partial, file), parts);
      const dtype = array.dtype ?? npyType(array.data);
      arrays[arrayName] = { file, dtype, shape: [...array.shape], sha256: hash.digest("hex") };
    }
    const facts = normalizeJson(input.facts ?? {}, `facts of ${name}`) as JsonObject;
    await writeAtomic(join(partial, UNIT_FILE), text({ name, facts, arrays }));
    try {
      await mkdir(join(this.path, UNITS), { recursive: true });
      await rename(partial, final);
    } catch (error) {
      throw fileError("write", final, error);
    }
    const units = { ...this.#manifest.units, [name]: { state: "done" as const, directory } };
    await this.#saveManifest({ ...this.#manifest, units });
  }

  /** Read a finished unit and check every byte of its arrays. @throws SpectroscopeError when it is absent or was altered */
  async readUnit(name: string): Promise<Unit> {
    const { directory, state } = this.#unit(name);
    if (state === "pending") {
      fail(`${this.path}: ${JSON.stringify(name)} is not done yet`, "run the command that began it again");
    }
    const folder = join(this.path, directory);
    const path = join(folder, UNIT_FILE);
    const again = `delete ${folder} to have it computed again`;
    const json = (await readJson(path)) as Partial<UnitFile> | null;
    if (json?.name !== name || !json.arrays || !json.facts)
      fail(`${path}: does not describe ${JSON.stringify(name)}`, again);
    const arrays = new Map<string, NpyArray>();
    for (const [arrayName, { file, sha256 }] of Object.entries(json.arrays)) {
      const arrayPath = join(folder, file);
      const bytes = await readBytes(arrayPath);
      const found = createHash("sha256").update(bytes).digest("hex");
      if (found !== sha256) {
        fail(`${arrayPath}: altered or damaged: SHA-256 ${found.slice(0, 12)}, expected ${sha256.slice(0, 12)}`, again);
      }
      arrays.set(arrayName, decodeNpy(bytes, arrayPath));
    }
    return { arrays, facts: json.facts };
  }

  /** Path of a result file; `name` may have folders and an extension ("clusters/chi.npy"). */
  resultPath(name: string): string {
    if (!/^[\w-][\w.-]*(\/[\w-][\w.-]*)*$/.test(name) || name === MANIFEST || name.startsWith(`${UNITS}/`)) {
      fail(`${JSON.stringify(name)} cannot name a result`, "use letters, digits, -, _, . and / for folders");
    }
    return join(this.path, name);
  }

  /** Store a result array as `<name>.npy`, over an earlier one. */
  async writeArray(name: string, array: NpyInput): Promise<void> {
    await writeNpy(this.resultPath(`${name}.npy`), array);
  }

  async readArray(name: string): Promise<NpyArray> {
    return readNpy(this.resultPath(`${name}.npy`));
  }

  /** Store a JSON value as `<name>.json`, over an earlier one. Equal values give equal bytes. */
  async writeJson(name: string, value: Json): Promise<void> {
    await writeAtomic(this.resultPath(`${name}.json`), text(normalizeJson(value, name)));
  }

  async readJson(name: string): Promise<Json> {
    const path = this.resultPath(`${name}.json`);
    return parseJson(await readText(path), path) as Json;
  }

  /** Store any other file under its full name ("report.html", "clusters.jsonl"). */
  async writeFile(name: string, content: string | Uint8Array): Promise<void> {
    await writeAtomic(this.resultPath(name), content);
  }

  /** Whether a result file of this full name is there. */
  async has(name: string): Promise<boolean> {
    const path = this.resultPath(name);
    return (await list(dirname(path))).includes(basename(path));
  }
}
