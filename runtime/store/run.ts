/**
 * A run in a store: what it was asked to do (`manifest.json`), a Zarr store for each unit of work, and the results made from them.
 * Every value is there whole or not at all, and a unit is done when its store says so, so a run that was stopped anywhere can go
 * on. Whatever a result depends on is held to a hash when it is read: `run-reader.ts` reads results.
 *
 *     manifest.json                  format, version, config, provenance, plan, state of each unit with the hash of its store's root,
 *                                    hashes of results, and one of itself
 *     samples_l0h3.zarr              a unit (samples.ts); done when the `completed` of its root is 1
 *     checkpoints/l0h3.checkpoint    where its chains stand until then
 *     <result>.npy, <result>.json    anything else, by name
 */
import { SpectroscopeError } from "../../kernels/errors";
import { differences, type JsonObject, jsonText, normalizeJson, type Plain } from "../formats/json";
import { encodeNpy, type NpyInput } from "../formats/npy";
import { exchanged, type FinishedRoot, readRoot } from "./finished";
import {
  MANIFEST,
  type Manifest,
  manifestOf,
  noManifest,
  type RunOptions,
  readManifest,
  type UnitPlan,
  type UnitState,
  writeManifest,
} from "./manifest";
import { isResultName } from "./manifest-form";
import { checkpointName, samplesName } from "./names";
import { seal } from "./sealed";
import { joinBytes, sha256 } from "./sha256";
import type { Store } from "./store";
import { foreignKeys, type UnitIdentity } from "./unit-identity";
import { METADATA } from "./zarr-files";

const CHECKPOINTS = "checkpoints";

function fail(message: string, hint?: string): never {
  throw new SpectroscopeError(message, { code: "bad-input", hint });
}

export class Run {
  #manifest: Manifest;
  /** Hashes of results that were written and are not in the manifest yet. */
  readonly #written = new Map<string, string>();
  readonly #remarks: string[] = [];

  private constructor(
    readonly store: Store,
    manifest: Manifest,
  ) {
    this.#manifest = manifest;
  }

  /**
   * Begins a run, or takes up one that is there with the same config and units. What a killed process left and nobody goes on with
   * is removed. Where the manifest alone is lost it is made again. Two processes must not write one run at the same time:
   * `store.exclusive` sees to it.
   * @throws SpectroscopeError when the store holds something else, a run with another config (the differing keys with both values
   *   are listed), or a unit that is not what was written
   */
  static async begin(store: Store, options: RunOptions): Promise<Run> {
    const present = await store.names("");
    let before: Manifest | undefined;
    if (present.includes(MANIFEST)) before = await readManifest(store);
    else if (present.length > 0) checkLeft(store, present, options);
    const run = new Run(store, manifestOf(store.name, options, before));
    await run.#takeUp(before);
    if (!before && present.length > 0) {
      run.#remarks.push(
        `${store.name}: had no ${MANIFEST}, which is made again; ${run.units("done").length} units are whole`,
      );
    }
    return run;
  }

  /** Opens an existing run for reading and for adding results, whatever its config. @throws SpectroscopeError */
  static async open(store: Store): Promise<Run> {
    if (!(await store.names("")).includes(MANIFEST)) throw await noManifest(store);
    return new Run(store, await readManifest(store));
  }

  /** For people and errors. */
  get name(): string {
    return this.store.name;
  }

  /** What was found when it was begun that a person should know: units that begin anew though they were done. */
  get remarks(): readonly string[] {
    return this.#remarks;
  }

  get manifest(): Manifest {
    return this.#manifest;
  }

  get config(): JsonObject {
    return this.#manifest.config;
  }

  /** Units of the whole run, in order: of a shard those of all shards. */
  get plan(): readonly UnitPlan[] {
    return this.#manifest.plan;
  }

  /** Units that are sampled here, by state, in the order of the plan. */
  units(state: "pending" | "done"): string[] {
    return Object.entries(this.#manifest.units)
      .filter(([, unit]) => unit.state === state)
      .map(([name]) => name);
  }

  /** How many units are sampled here. */
  get count(): number {
    return Object.keys(this.#manifest.units).length;
  }

  isDone(unit: string): boolean {
    return this.#unit(unit).state === "done";
  }

  #unit(name: string): UnitState {
    if (!Object.hasOwn(this.#manifest.units, name)) {
      const names = Object.keys(this.#manifest.units);
      fail(`${this.name}: no unit ${JSON.stringify(name)} in this run`, `there are ${names.join(", ") || "none"}`);
    }
    return this.#manifest.units[name];
  }

  /**
   * Finds what is done, and removes what nobody goes on with. A store that is finished and that the manifest does not know yet is
   * taken when it is this unit's: its process died between the two. @throws SpectroscopeError, before anything is changed, for a
   * store that is not the one that the manifest knows
   */
  async #takeUp(before: Manifest | undefined): Promise<void> {
    const units: [string, UnitState][] = [];
    for (const [name, unit] of Object.entries(this.#manifest.units)) {
      const store = this.store.below(unit.directory);
      const known = before?.units[name]?.sha256;
      const root = await readRoot(store);
      if (root && known === undefined) this.#checkOwn(name, root);
      if (root && known !== undefined && root.hash !== known) throw exchanged(store);
      if (!root && known !== undefined && (await store.size(METADATA)) !== undefined) {
        this.#remarks.push(
          `${store.nameOf(METADATA)}: does not say any more that ${name} is done: it is computed again`,
        );
      }
      units.push([name, { ...unit, state: root ? "done" : "pending", ...(root ? { sha256: root.hash } : {}) }]);
    }
    for (const [name, { state, directory }] of units) {
      const checkpoint = checkpointName(name);
      if (state === "done") await this.store.delete(checkpoint);
      // Without a checkpoint the unit begins anew.
      else if ((await this.store.size(checkpoint)) === undefined) await this.store.delete(directory);
    }
    await this.store.names(CHECKPOINTS);
    await this.#saveManifest({ ...this.#manifest, units: Object.fromEntries(units) });
  }

  /** What the samples of a unit say of themselves. */
  identityOf(name: string): UnitIdentity {
    const { restriction, settings } = this.plan.find((one) => one.name === name)!;
    const { chains } = this.#unit(name);
    const { inputs } = this.config;
    return { unit: name, restriction, settings, chains, ...(inputs === undefined ? {} : { inputs }) };
  }

  /** Refuses the finished store of another unit or run. */
  #checkOwn(name: string, { attributes }: FinishedRoot): void {
    const keys = foreignKeys(attributes, this.identityOf(name));
    if (keys.length === 0) return;
    const store = this.samplesStore(name);
    fail(
      `${store.name}: holds samples of another unit or run: ${keys.join(", ")} differ`,
      `move it away, or delete ${store.name} to have it computed again`,
    );
  }

  async #saveManifest(manifest: Manifest): Promise<void> {
    await writeManifest(this.store, manifest);
    this.#manifest = manifest;
  }

  /** A unit's store, which says itself whether it is finished. */
  samplesStore(unit: string): Store {
    return this.store.below(this.#unit(unit).directory);
  }

  /** A finished unit's store. @throws SpectroscopeError when it is not done yet */
  finishedStore(unit: string): Store {
    if (!this.isDone(unit)) {
      fail(`${this.name}: ${JSON.stringify(unit)} is not done yet`, "run the command that began it again");
    }
    return this.samplesStore(unit);
  }

  /** Key of what a unit's chains stand at between draws. */
  checkpointKey(unit: string): string {
    this.#unit(unit);
    return checkpointName(unit);
  }

  /** Notes that a unit's store is finished; its checkpoint goes. @throws SpectroscopeError when it is not, or is another unit's */
  async finishUnit(name: string): Promise<void> {
    const unit = this.#unit(name);
    const root = await readRoot(this.samplesStore(name));
    if (!root) {
      fail(`${this.samplesStore(name).name}: is not finished`, "run the command that began it again");
    }
    this.#checkOwn(name, root);
    await this.store.delete(checkpointName(name));
    const units = { ...this.#manifest.units, [name]: { ...unit, state: "done" as const, sha256: root.hash } };
    await this.#saveManifest({ ...this.#manifest, units });
    if (this.units("pending").length === 0) await this.store.delete(CHECKPOINTS);
  }

  /** Hash of the root of a finished unit's store. @throws SpectroscopeError when it is not done yet */
  rootHash(unit: string): string {
    this.finishedStore(unit);
    return this.#unit(unit).sha256!;
  }

  /** Has a unit begin anew: neither its checkpoint nor its store is left. */
  async dropUnit(name: string): Promise<void> {
    await this.store.delete(checkpointName(name));
    await this.samplesStore(name).delete("");
  }

  /** Key of a result; its name may have folders and an extension ("clusters/chi.npy"). @throws SpectroscopeError */
  resultKey(name: string): string {
    if (!isResultName(name) || name === MANIFEST || name.startsWith(`${CHECKPOINTS}/`)) {
      fail(`${JSON.stringify(name)} cannot name a result`, "use letters, digits, -, _, . and / for folders");
    }
    return name;
  }

  /** What a result is called for people and errors. */
  nameOf(name: string): string {
    return this.store.nameOf(this.resultKey(name));
  }

  /**
   * Replaces results, all of them or none: the manifest forgets them before `write` writes them, and knows their new hashes when all
   * are there. Whoever reads them in between, or after a kill, finds them half-written, and in the manifest the clustering that
   * makes them again. Needs the run's store for itself.
   * @throws SpectroscopeError
   */
  async replaceResults(names: readonly string[], write: () => Promise<void>, cluster?: JsonObject): Promise<void> {
    const { config } = this;
    this.#manifest = await readManifest(this.store);
    if (differences(normalizeJson(config), this.config).length > 0) {
      fail(`${this.name}: another run took its place meanwhile`, "run the same command again");
    }
    const others = Object.entries(this.#manifest.results).filter(([name]) => !names.includes(name));
    const made = cluster ? { cluster: normalizeJson(cluster, "cluster") as JsonObject } : {};
    if (others.length < Object.keys(this.#manifest.results).length) {
      await this.#saveManifest({ ...this.#manifest, ...made, results: Object.fromEntries(others) });
      await this.store.flush();
    }
    this.#written.clear();
    await write();
    const hashes = names.map((name): [string, string] => {
      const hash = this.#written.get(this.resultKey(name)) ?? fail(`${this.nameOf(name)}: was not written`);
      return [name, hash];
    });
    const results = [...others, ...hashes].sort(([a], [b]) => (a < b ? -1 : 1));
    await this.store.flush();
    await this.#saveManifest({ ...this.#manifest, ...made, results: Object.fromEntries(results) });
    await this.store.flush();
  }

  /** Hash of a result that was written whole: of a file, or of the root of a store. */
  resultHash(name: string): string | undefined {
    const { results } = this.#manifest;
    return Object.hasOwn(results, name) ? results[name] : undefined;
  }

  /** Notes the hash of the root of a store that was written as a result. */
  noteStore(name: string, hash: string): void {
    this.#written.set(this.resultKey(name), hash);
  }

  /** Writes a result array as `<name>.npy`, over an earlier one. */
  async writeArray(name: string, array: NpyInput): Promise<void> {
    await this.writeFile(`${name}.npy`, joinBytes(encodeNpy(array)));
  }

  /** Writes a JSON value as `<name>.json`, over an earlier one. Equal values give equal bytes. */
  async writeJson<T>(name: string, value: T & Plain<T>): Promise<void> {
    await this.writeFile(`${name}.json`, jsonText(value, name));
  }

  /** The same with a hash of itself, for what is no result: the manifest does not know it. */
  async writeSealed(name: string, value: JsonObject): Promise<void> {
    await this.writeFile(`${name}.json`, jsonText(await seal(value), name));
  }

  /** Writes any other file under its full name ("report.html", "clusters.jsonl"). */
  async writeFile(name: string, content: string | Uint8Array): Promise<void> {
    const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
    const hash = await sha256(bytes);
    await this.store.set(this.resultKey(name), bytes);
    this.#written.set(name, hash);
  }

  /** Removes a result by its full name, if it is there. */
  async remove(name: string): Promise<void> {
    await this.store.delete(this.resultKey(name));
  }

  /** Whether a file of this full name is there, written whole or not. */
  async has(name: string): Promise<boolean> {
    return (await this.store.size(this.resultKey(name))) !== undefined;
  }
}

/** Refuses a directory without a manifest, but for one that holds what a run of this plan leaves and nothing else. */
function checkLeft(store: Store, present: readonly string[], { plan, own = plan, leaves = [] }: RunOptions): void {
  const units = new Set(own.map(({ name }) => samplesName(name)));
  const begun = present.some((name) => name === CHECKPOINTS || units.has(name));
  const other = present.find((name) => !units.has(name) && name !== CHECKPOINTS && !leaves.includes(name));
  if (begun && other === undefined) return;
  fail(
    `${store.name}: holds ${other ?? present[0]} but no ${MANIFEST}, so it is not a run`,
    "choose an empty or a new directory",
  );
}
