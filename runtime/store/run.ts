/**
 * A run in a store: what it was asked to do (`manifest.json`), a Zarr store for each unit of work, and the results made from them.
 * Every value is there whole or not at all, and a unit is done when its store says so, so a run that was stopped anywhere can go
 * on.
 *
 *     manifest.json                  format, version, config, provenance, plan, state of each unit
 *     samples_l0h3.zarr              a unit (samples.ts); done when the `completed` of its root is 1
 *     checkpoints/l0h3.checkpoint    where its chains stand until then
 *     <result>.npy, <result>.json    anything else, by name
 */
import { SpectroscopeError } from "../../kernels/errors";
import { decodeText, type JsonObject, jsonText, type Plain, parseJson } from "../formats/json";
import { decodeNpy, encodeNpy, type NpyArray, type NpyInput } from "../formats/npy";
import { isFinished } from "./finished";
import {
  MANIFEST,
  type Manifest,
  manifestOf,
  type RunOptions,
  readManifest,
  type UnitPlan,
  type UnitState,
  writeManifest,
} from "./manifest";
import { checkpointName } from "./names";
import { need, type Store } from "./store";

const CHECKPOINTS = "checkpoints";

function fail(message: string, hint?: string): never {
  throw new SpectroscopeError(message, { code: "bad-input", hint });
}

export class Run {
  #manifest: Manifest;

  private constructor(
    readonly store: Store,
    manifest: Manifest,
  ) {
    this.#manifest = manifest;
  }

  /**
   * Begins a run, or takes up one that is there with the same config and units. What a killed process left and nobody goes on with
   * is removed. Two processes must not write one run at the same time: `store.exclusive` sees to it.
   * @throws SpectroscopeError when the store holds something else, or a run with another config: the differing keys with both
   *   values are listed
   */
  static async begin(store: Store, options: RunOptions): Promise<Run> {
    const present = await store.names("");
    let before: Manifest | undefined;
    if (present.includes(MANIFEST)) before = await readManifest(store);
    else if (present.length > 0) {
      fail(
        `${store.name}: holds ${present[0]} but no ${MANIFEST}, so it is not a run`,
        "choose an empty or a new directory",
      );
    }
    const run = new Run(store, manifestOf(store.name, options, before));
    await run.#takeUp();
    return run;
  }

  /** Opens an existing run for reading and for adding results, whatever its config. @throws SpectroscopeError */
  static async open(store: Store): Promise<Run> {
    if (!(await store.names("")).includes(MANIFEST)) {
      fail(`${store.name}: no ${MANIFEST}, so it is not a run`, "check the path");
    }
    return new Run(store, await readManifest(store));
  }

  /** For people and errors. */
  get name(): string {
    return this.store.name;
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

  /** The stores are the truth: finds what is done, and removes what nobody goes on with. */
  async #takeUp(): Promise<void> {
    const units: Record<string, UnitState> = {};
    for (const [name, unit] of Object.entries(this.#manifest.units)) {
      const done = await isFinished(this.store.below(unit.directory));
      units[name] = { ...unit, state: done ? "done" : "pending" };
      const checkpoint = checkpointName(name);
      if (done) await this.store.delete(checkpoint);
      // Without a checkpoint the unit begins anew.
      else if ((await this.store.size(checkpoint)) === undefined) await this.store.delete(unit.directory);
    }
    await this.store.names(CHECKPOINTS);
    await this.#saveManifest({ ...this.#manifest, units });
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

  /** Notes that a unit's store is finished; its checkpoint goes. @throws SpectroscopeError when it is not */
  async finishUnit(name: string): Promise<void> {
    const unit = this.#unit(name);
    if (!(await isFinished(this.samplesStore(name)))) {
      fail(`${this.samplesStore(name).name}: is not finished`, "run the command that began it again");
    }
    await this.store.delete(checkpointName(name));
    const units = { ...this.#manifest.units, [name]: { ...unit, state: "done" as const } };
    await this.#saveManifest({ ...this.#manifest, units });
    if (this.units("pending").length === 0) await this.store.delete(CHECKPOINTS);
  }

  /** Key of a result; its name may have folders and an extension ("clusters/chi.npy"). @throws SpectroscopeError */
  resultKey(name: string): string {
    if (!/^[\w-][\w.-]*(\/[\w-][\w.-]*)*$/.test(name) || name === MANIFEST || name.startsWith(`${CHECKPOINTS}/`)) {
      fail(`${JSON.stringify(name)} cannot name a result`, "use letters, digits, -, _, . and / for folders");
    }
    return name;
  }

  /** What a result is called for people and errors. */
  nameOf(name: string): string {
    return this.store.nameOf(this.resultKey(name));
  }

  /** Stores a result array as `<name>.npy`, over an earlier one. */
  async writeArray(name: string, array: NpyInput): Promise<void> {
    await this.store.set(this.resultKey(`${name}.npy`), encodeNpy(array));
  }

  async readArray(name: string): Promise<NpyArray> {
    return decodeNpy(await this.readFile(`${name}.npy`), this.nameOf(`${name}.npy`));
  }

  /** Stores a JSON value as `<name>.json`, over an earlier one. Equal values give equal bytes. */
  async writeJson<T>(name: string, value: T & Plain<T>): Promise<void> {
    await this.writeFile(`${name}.json`, jsonText(value, name));
  }

  async readJson(name: string): Promise<unknown> {
    const file = `${name}.json`;
    return parseJson(await this.readText(file), this.nameOf(file));
  }

  /** Stores any other file under its full name ("report.html", "clusters.jsonl"). */
  async writeFile(name: string, content: string | Uint8Array): Promise<void> {
    const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
    await this.store.set(this.resultKey(name), bytes);
  }

  /** Removes a result by its full name, if it is there. */
  async remove(name: string): Promise<void> {
    await this.store.delete(this.resultKey(name));
  }

  /** Bytes of a file by its full name. @throws SpectroscopeError */
  readFile(name: string): Promise<Uint8Array> {
    return need(this.store, this.resultKey(name));
  }

  /** Text of a file by its full name. @throws SpectroscopeError */
  async readText(name: string): Promise<string> {
    return decodeText(await this.readFile(name), this.nameOf(name));
  }

  /** Whether a result file of this full name is there. */
  async has(name: string): Promise<boolean> {
    return (await this.store.size(this.resultKey(name))) !== undefined;
  }
}
