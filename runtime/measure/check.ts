/** Verifies every file of a run against the hashes that it is held to, and says what is to be done about each that is wrong. */
import { SpectroscopeError } from "../../kernels/errors";
import { exchanged, type FinishedRoot, readRoot } from "../store/finished";
import { MANIFEST, MANIFEST_REMEDY, noManifest } from "../store/manifest";
import { Run } from "../store/run";
import { isSealedText } from "../store/sealed";
import { sha256 } from "../store/sha256";
import { joinKeys, type Store } from "../store/store";
import { foreignKeys } from "../store/unit-identity";
import { METADATA } from "../store/zarr-files";
import { configOf, runConfig } from "./config";
import { type Attention, stopIfAsked } from "./events";
import {
  begunConfig,
  PAIR_RUN,
  RUN_LEAVES,
  readLabels,
  readModes,
  readResults,
  readSensitivity,
  readTiming,
  remedyOf,
} from "./run-files";
import { readComparisons } from "./sae-files";
import { savedFault } from "./unit-sampler";

/** A file that is not as it should be. */
export interface Fault {
  readonly file: string;
  readonly what: string;
  /** What to do about it. */
  readonly remedy: string;
}

/** What a check found. */
export interface CheckOutcome {
  readonly faults: readonly Fault[];
  /** What is no fault and worth knowing: what is not done yet. */
  readonly notes: readonly string[];
  /** Files that were read, with their bytes, and hashes that they were held to. */
  readonly files: number;
  readonly bytes: number;
  readonly hashes: number;
}

/** SHA-256 of a value, or undefined where none is: piece by piece where the engine can. */
export type HashOf = (store: Store, key: string) => Promise<string | undefined>;

const wholeHash: HashOf = async (store, key) => {
  const bytes = await store.get(key);
  return bytes && sha256(bytes);
};

/**
 * Verifies a run: its manifest, every file of every unit, results, checkpoints, runs of a sweep, and that nothing else lies there.
 * Writes nothing. @throws SpectroscopeError where there is no run, and `interrupted` when the signal asks to stop
 */
export async function checkRun(store: Store, attention: Attention = {}, hashOf = wholeHash): Promise<CheckOutcome> {
  const sizes = new Map<string, number>();
  // What cannot even be asked for its size is told when its turn comes.
  for (const key of await store.list("")) sizes.set(key, (await store.size(key).catch(() => 0)) ?? 0);
  if (!(await store.names("")).includes(MANIFEST)) throw await noManifest(store);
  const check = new Check(store, sizes, attention, hashOf);
  const manifest = await store.get(MANIFEST);
  if (!manifest) throw await noManifest(store);
  const before = await sha256(manifest);
  await check.run(store, "");
  if ((await hashOf(store, MANIFEST)) !== before) {
    check.fault(
      store.nameOf(MANIFEST),
      "was written meanwhile",
      "check it again when no other process writes this run",
    );
  }
  return check.outcome();
}

class Check {
  private readonly faults: Fault[] = [];
  private readonly notes: string[] = [];
  /** Keys that somebody accounts for. */
  private readonly known = new Set<string>();
  private readonly total: number;
  private files = 0;
  private bytes = 0;
  private hashes = 0;

  constructor(
    private readonly store: Store,
    private readonly sizes: ReadonlyMap<string, number>,
    private readonly attention: Attention,
    private readonly hashOf: HashOf,
  ) {
    this.total = [...sizes.values()].reduce((sum, size) => sum + size, 0);
  }

  outcome(): CheckOutcome {
    const { faults, notes, files, bytes, hashes } = this;
    return { faults, notes, files, bytes, hashes };
  }

  fault(file: string, what: string, remedy: string): void {
    this.faults.push({ file, what: what.startsWith(`${file}: `) ? what.slice(file.length + 2) : what, remedy });
  }

  /** Reads something that throws what is wrong with it. */
  private async tried<T>(file: string, remedy: string, work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof SpectroscopeError) || error.code === "interrupted") throw error;
      this.fault(file, error.message, remedy || (error.hint ?? ""));
      return undefined;
    }
  }

  /** Counts a file as read. */
  private read(key: string, label: string): void {
    this.known.add(key);
    this.files++;
    this.hashes++;
    this.bytes += this.sizes.get(key) ?? 0;
    this.attention.on?.({ kind: "work", task: "check", label, done: this.bytes, total: this.total });
    stopIfAsked(this.attention, "stopped", "nothing was changed");
  }

  private below(prefix: string): string[] {
    return [...this.sizes.keys()].filter((key) => key.startsWith(`${prefix}/`));
  }

  private accountFor(prefix: string): void {
    for (const key of this.below(prefix)) this.known.add(key);
  }

  /** A run below the store: the run itself, one of a sweep, or its components drawn once more. */
  async run(store: Store, prefix: string): Promise<void> {
    const at = (key: string) => joinKeys(prefix, key);
    this.read(at(MANIFEST), `checking ${store.name}`);
    const run = await this.tried(store.nameOf(MANIFEST), "", () => Run.open(store));
    // Without a manifest stores answer for themselves, and nobody can say what is missing or foreign.
    if (!run) {
      for (const name of await store.names("")) {
        if (/^samples_.*\.zarr$/.test(name))
          await this.zarr(store.below(name), at(name), anew(store.below(name), store));
      }
      return;
    }
    for (const unit of Object.keys(run.manifest.units)) await this.unit(run, unit, at);
    for (const key of this.below(at("checkpoints"))) {
      if (this.known.has(key)) continue;
      this.known.add(key);
      this.fault(this.store.nameOf(key), "left over: its unit is done, or none of this run", "delete it");
    }
    await this.results(run, at);
    const others = [PAIR_RUN, ...(await store.names("sweep")).map((name) => `sweep/${name}`)];
    for (const name of others) {
      if (this.sizes.has(at(`${name}/${MANIFEST}`))) await this.run(store.below(name), at(name));
    }
    for (const key of this.sizes.keys()) {
      if (this.known.has(key) || !(prefix === "" || key.startsWith(`${prefix}/`))) continue;
      this.known.add(key);
      this.fault(this.store.nameOf(key), "no file of this run", "move it away, or delete it");
    }
    const [pending] = [run.units("pending").length];
    if (pending > 0) this.notes.push(`${run.name}: ${pending} of ${run.count} units are not done: ${resume(run.name)}`);
  }

  private async unit(run: Run, name: string, at: (key: string) => string): Promise<void> {
    const { directory } = run.manifest.units[name];
    const store = run.samplesStore(name);
    const remedy = anew(store, run.store);
    const file = store.nameOf(METADATA);
    if (run.isDone(name)) {
      const root = await this.zarr(store, at(directory), remedy);
      if (!root) return;
      if (root.hash !== run.rootHash(name)) this.fault(file, exchanged(store).message, remedy);
      const keys = foreignKeys(root.attributes, run.identityOf(name));
      if (keys.length > 0) this.fault(file, `not as the manifest plans it: ${keys.join(", ")} differ`, remedy);
      return;
    }
    this.accountFor(at(directory));
    const checkpoint = at(run.checkpointKey(name));
    if (!this.sizes.has(checkpoint)) return;
    this.read(checkpoint, `checking ${name}`);
    const unit = run.plan.find((one) => one.name === name)!;
    const own = { ...unit, chains: run.manifest.units[name].chains };
    const fault = await savedFault({ run, unit: own });
    if (fault) this.fault(run.store.nameOf(run.checkpointKey(name)), fault, `${resume(run.name)}: ${name} begins anew`);
  }

  /** A finished Zarr store, file by file. Gives its root where that is what was written. */
  private async zarr(store: Store, prefix: string, remedy: string): Promise<FinishedRoot | undefined> {
    const root = `${prefix}/${METADATA}`;
    const file = store.nameOf(METADATA);
    if (!this.sizes.has(root)) {
      this.accountFor(prefix);
      this.fault(file, "is lost", remedy);
      return undefined;
    }
    this.read(root, `checking ${store.name}`);
    const faults = this.faults.length;
    const found = await this.tried(file, remedy, () => readRoot(store));
    if (!found) {
      this.accountFor(prefix);
      if (faults === this.faults.length) this.fault(file, "does not say that the store is finished", remedy);
      return undefined;
    }
    for (const [key, hash] of found.hashes) await this.file(store, key, `${prefix}/${key}`, hash, remedy);
    for (const key of this.below(prefix)) {
      if (this.known.has(key)) continue;
      this.known.add(key);
      this.fault(this.store.nameOf(key), "no file of its store", "move it away, or delete it");
    }
    return found;
  }

  /** A file that has a hash elsewhere; whether it has it. */
  private async file(store: Store, key: string, place: string, expected: string, remedy: string): Promise<boolean> {
    this.read(place, `checking ${store.name}`);
    const name = store.nameOf(key);
    if ((await store.size(key).catch(() => undefined)) === undefined) {
      const there = await isThere(store, key);
      this.accountFor(place);
      if (there) this.fault(name, "is there and is no file", `move it away, then: ${remedy}`);
      else this.fault(name, "is lost", remedy);
      return false;
    }
    const before = this.faults.length;
    const found = await this.tried(name, remedy, () => this.hashOf(store, key));
    if (this.faults.length > before) return false;
    if (found === expected) return true;
    this.fault(name, `altered or damaged: SHA-256 ${found?.slice(0, 12)}, expected ${expected.slice(0, 12)}`, remedy);
    return false;
  }

  /** Comparisons with autoencoders: their form, and whether they are of the clusters that are there. */
  private async comparisons(run: Run): Promise<void> {
    const file = run.store.nameOf("sae.json");
    const all = await this.tried(file, remedyOf(run, "sae.json"), () => readComparisons(run));
    for (const { sae, hook, at, current } of all ?? []) {
      if (!current)
        this.notes.push(`${file}: ${sae.name}, ${hook}, ${at}: is of an earlier clustering; \`sae\` makes it again`);
    }
  }

  private async results(run: Run, at: (key: string) => string): Promise<void> {
    const { store } = run;
    const before = this.faults.length;
    for (const [name, hash] of Object.entries(run.manifest.results)) {
      const remedy = remedyOf(run, name);
      if (!name.endsWith(".zarr")) {
        await this.file(store, name, at(name), hash, remedy);
        continue;
      }
      const own = store.below(name);
      const root = await this.zarr(own, at(name), remedy);
      if (root && root.hash !== hash) this.fault(own.nameOf(METADATA), exchanged(own).message, remedy);
    }
    const present = await store.names("");
    const loose = ["timing.json", "report.html", "sweep", PAIR_RUN];
    for (const name of RUN_LEAVES) {
      if (loose.includes(name) || run.resultHash(name) !== undefined || !present.includes(name)) continue;
      this.known.add(at(name));
      this.accountFor(at(name));
      this.fault(
        store.nameOf(name),
        "half-written: its process died before the results were whole",
        remedyOf(run, name),
      );
    }
    if (this.faults.length === before && run.resultHash("results.json") !== undefined) {
      const results = await this.tried(store.nameOf("results.json"), remedyOf(run), () => readResults(run));
      const labels = await this.tried(store.nameOf("labels.npy"), remedyOf(run), () => readLabels(run));
      if (results && labels && results.tokens.length !== labels.length) {
        const what = `has ${labels.length} labels of ${results.tokens.length} tokens`;
        this.fault(store.nameOf("labels.npy"), what, remedyOf(run));
      }
      const file = store.nameOf(MANIFEST);
      const known = await this.tried(file, MANIFEST_REMEDY, async () => runConfig(configOf(run), file));
      if (known) await this.tried(store.nameOf("cluster-config.json"), remedyOf(run), () => begunConfig(run));
      await this.tried(store.nameOf("sensitivity.json"), remedyOf(run, "sensitivity.json"), () => readSensitivity(run));
      await this.tried(store.nameOf("modes.json"), remedyOf(run, "modes.json"), () => readModes(run));
      await this.comparisons(run);
    }
    if (present.includes("timing.json")) {
      this.read(at("timing.json"), `checking ${run.name}`);
      await this.tried(store.nameOf("timing.json"), "", () => readTiming(run));
    }
    if (present.includes("report.html")) {
      this.read(at("report.html"), `checking ${run.name}`);
      if (!(await isSealedText((await store.get("report.html"))!))) {
        const remedy = `run \`npx spectroscope report ${run.name}\` to have it made again`;
        this.fault(store.nameOf("report.html"), "altered or damaged: it is not what was written", remedy);
      }
    }
  }
}

/** Whether a name is taken, by whatever. */
async function isThere(store: Store, key: string): Promise<boolean> {
  const end = key.lastIndexOf("/");
  return (await store.names(key.slice(0, Math.max(0, end)))).includes(key.slice(end + 1));
}

const resume = (run: string) => `\`npx spectroscope sample --resume --out ${run}\` goes on`;

/** How a unit is computed again. */
const anew = (store: Store, run: Store) =>
  `delete ${store.name} to have it computed again: \`npx spectroscope sample --resume --out ${run.name}\``;
