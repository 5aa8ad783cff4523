/**
 * The run directory: what a run was asked to do (`manifest.json`), a Zarr store for each finished unit of work, and the
 * results made from them. Every file and every unit is there whole or not at all, so a run that was stopped anywhere can go
 * on. Node only.
 *
 *     manifest.json                  format, version, config, provenance, state of each unit
 *     samples_l0h3.zarr              a unit (samples.ts); it gets this name when it is whole
 *     samples_l0h3.zarr.partial      one that is being sampled
 *     checkpoints/l0h3.checkpoint    where its chains stand
 *     <result>.npy, <result>.json    anything else, by name
 */
import { readdir, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { SpectroscopeError } from "../../kernels/errors";
import { fileError, parseJson, readJson, readText, systemCode, TEMPORARY_SUFFIX, writeAtomic } from "../node/files";
import { readNpy, writeNpy } from "../node/npy-file";
import { differences, type Json, type JsonObject, normalizeJson } from "./json";
import { safeName } from "./names";
import type { NpyArray, NpyInput } from "./npy";
import { PARTIAL, samplesName } from "./samples";

const FORMAT = "spectroscope-run";
const VERSION = 2;
const MANIFEST = "manifest.json";
const CHECKPOINTS = "checkpoints";
const CHECKPOINT = ".checkpoint";

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
      names.map((name) => [name, { state: "pending" as const, directory: samplesName(name) }]),
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

  /** How many units the plan has. */
  get count(): number {
    return Object.keys(this.#manifest.units).length;
  }

  isDone(unit: string): boolean {
    return this.#unit(unit).state === "done";
  }

  #unit(name: string): Manifest["units"][string] {
    if (!Object.hasOwn(this.#manifest.units, name)) {
      const names = Object.keys(this.#manifest.units);
      fail(`${this.path}: no unit ${JSON.stringify(name)} in this run`, `there are ${names.join(", ") || "none"}`);
    }
    return this.#manifest.units[name];
  }

  /** Remove what a killed process left half written and nobody goes on with. */
  async #clean(): Promise<void> {
    const present = await list(this.path);
    const garbage = (name: string) => name.startsWith(".") && name.endsWith(TEMPORARY_SUFFIX);
    for (const name of present) if (garbage(name)) await rm(join(this.path, name), { force: true });
    const folder = join(this.path, CHECKPOINTS);
    const checkpoints = await list(folder);
    for (const unit of Object.keys(this.#manifest.units)) {
      const checkpoint = `${safeName(unit)}${CHECKPOINT}`;
      const [samples, partial] = [this.samplesPath(unit), this.partialPath(unit)];
      if (present.includes(basename(samples))) await rm(join(folder, checkpoint), { force: true });
      // Without a checkpoint the unit begins anew.
      else if (!checkpoints.includes(checkpoint)) await rm(partial, { recursive: true, force: true });
    }
    for (const name of checkpoints) if (garbage(name)) await rm(join(folder, name), { force: true });
  }

  /** The disk is the truth: a unit is done when its store is there, because it got its name when it was whole. */
  async #reconcile(): Promise<void> {
    const present = new Set(await list(this.path));
    const units = Object.entries(this.#manifest.units).map(([name, unit]) => {
      const state = present.has(unit.directory) ? ("done" as const) : ("pending" as const);
      return [name, { ...unit, state }] as const;
    });
    await this.#saveManifest({ ...this.#manifest, units: Object.fromEntries(units) });
  }

  async #saveManifest(manifest: Manifest): Promise<void> {
    await writeAtomic(join(this.path, MANIFEST), text(manifest as unknown as Json));
    this.#manifest = manifest;
  }

  /** Where a unit's store is when it is whole. */
  samplesPath(unit: string): string {
    return join(this.path, this.#unit(unit).directory);
  }

  /** Where it is while it is being written. */
  partialPath(unit: string): string {
    return this.samplesPath(unit) + PARTIAL;
  }

  /** Where its chains' state is kept between draws. */
  checkpointPath(unit: string): string {
    this.#unit(unit);
    return join(this.path, CHECKPOINTS, `${safeName(unit)}${CHECKPOINT}`);
  }

  /** Notes that a unit's store has got its name; its checkpoint goes. @throws SpectroscopeError when the store is not there */
  async finishUnit(name: string): Promise<void> {
    const { directory } = this.#unit(name);
    await stat(this.samplesPath(name)).catch((error) => {
      throw fileError("read", this.samplesPath(name), error);
    });
    await rm(this.checkpointPath(name), { force: true });
    const units = { ...this.#manifest.units, [name]: { state: "done" as const, directory } };
    await this.#saveManifest({ ...this.#manifest, units });
    if (this.units("pending").length === 0) await rm(join(this.path, CHECKPOINTS), { recursive: true, force: true });
  }

  /** Path of a finished unit's store. @throws SpectroscopeError when it is not done yet */
  finishedPath(unit: string): string {
    if (!this.isDone(unit)) {
      fail(`${this.path}: ${JSON.stringify(unit)} is not done yet`, "run the command that began it again");
    }
    return this.samplesPath(unit);
  }

  /** Path of a result file; `name` may have folders and an extension ("clusters/chi.npy"). */
  resultPath(name: string): string {
    if (!/^[\w-][\w.-]*(\/[\w-][\w.-]*)*$/.test(name) || name === MANIFEST || name.startsWith(`${CHECKPOINTS}/`)) {
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
