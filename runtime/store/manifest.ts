/** `manifest.json` of a run: what it was asked to do, whole, so that nothing else is needed to go on with it or put it together. */
import { SpectroscopeError } from "../../kernels/errors";
import {
  decodeText,
  differences,
  type Json,
  type JsonObject,
  jsonText,
  normalizeJson,
  parseJson,
} from "../formats/json";
import { type Manifest, parseManifest, type UnitPlan, type UnitState } from "./manifest-form";
import { samplesName } from "./names";
import { isSealed, seal } from "./sealed";
import { need, type Store } from "./store";
import { Told } from "./told";

export type { Manifest, RiseMatch, UnitPlan, UnitState } from "./manifest-form";

const FORMAT = "spectroscope-run";
const VERSION = 5;
export const MANIFEST = "manifest.json";
/** What is to be done about a manifest that is not what was written. */
export const MANIFEST_REMEDY =
  "put it back, or delete it and give the command that began the run again: units that are done are kept";

/** What is said where none is: a run whose manifest alone is lost can be taken up again. */
export async function noManifest(store: Store): Promise<SpectroscopeError> {
  const units = (await store.names("")).some((name) => /^samples_.*\.zarr$/.test(name));
  return new SpectroscopeError(`${store.name}: no ${MANIFEST}, so it is not a run`, {
    code: "bad-input",
    hint: units
      ? "put it back, or give the command that began the run again: units that are done are kept"
      : "check the path",
  });
}

function fail(message: string, hint?: string, cause?: unknown): never {
  throw new SpectroscopeError(message, { code: "bad-input", hint, cause });
}

function short(value: Json | undefined): string {
  const text = value === undefined ? "absent" : JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 56)}...` : text;
}

/**
 * Reads and checks a manifest. @throws SpectroscopeError when the store holds no run or one of another version, and for one that is
 * not what was written: file and key
 */
export async function readManifest(store: Store): Promise<Manifest> {
  const name = store.nameOf(MANIFEST);
  const json = readJson(await need(store, MANIFEST), name);
  const { format, version } = (json ?? {}) as Record<string, unknown>;
  if (format !== FORMAT)
    fail(`${name}: not the manifest of a run (format ${JSON.stringify(format)})`, "choose another directory");
  if (version !== VERSION) {
    fail(
      `${name}: format version ${JSON.stringify(version)}, this program knows ${VERSION}`,
      "use the program that wrote it",
    );
  }
  const told = new Told(json, { file: name, hint: MANIFEST_REMEDY });
  const manifest = parseManifest(told);
  if (!(await isSealed(told.object())))
    fail(`${name}: altered or damaged: it is not what was written`, MANIFEST_REMEDY);
  return { format: FORMAT, version: VERSION, ...manifest };
}

function readJson(bytes: Uint8Array, name: string): unknown {
  try {
    return parseJson(decodeText(bytes, name), name);
  } catch (error) {
    if (error instanceof SpectroscopeError) fail(error.message, MANIFEST_REMEDY, error);
    throw error;
  }
}

/** Puts a manifest in its place, with a hash of itself. */
export async function writeManifest(store: Store, manifest: Manifest): Promise<void> {
  const sealed = await seal(normalizeJson(manifest, MANIFEST) as JsonObject);
  await store.set(MANIFEST, new TextEncoder().encode(jsonText(sealed, MANIFEST)));
}

/** What a run is begun with. */
export interface RunOptions {
  /** Its `inputs` are hashes of what the run reads. */
  readonly config: JsonObject;
  readonly provenance: JsonObject;
  /** Units of the whole run, in order. */
  readonly plan: readonly UnitPlan[];
  /** Those of a shard, with the chains that are sampled here; by default all. */
  readonly own?: readonly UnitPlan[];
  /** The clustering to come. What was analyzed keeps its own. */
  readonly cluster?: JsonObject;
  /** Names beside those of units that a run leaves: where a manifest was lost they do not make a directory another's. */
  readonly leaves?: readonly string[];
}

/**
 * The manifest of a run that begins, or goes on after `before`; what is done is still to be found. @throws SpectroscopeError for
 * another run than that of `before`: the differing keys with both values are listed
 */
export function manifestOf(name: string, options: RunOptions, before: Manifest | undefined): Manifest {
  const config = normalizeJson(options.config, "config") as JsonObject;
  const provenance = normalizeJson(options.provenance, "provenance") as JsonObject;
  const plan = structuredClone(options.plan);
  const units: Record<string, UnitState> = {};
  for (const { name: unit, chains } of options.own ?? plan) {
    if (Object.hasOwn(units, unit)) fail(`unit ${JSON.stringify(unit)} is named twice`);
    units[unit] = { state: "pending", directory: samplesName(unit), chains: [...chains] };
  }
  if (before) refuseAnother(name, before, { config, plan, units });
  const sources = [...(before?.provenance ?? [])];
  if (!sources.some((known) => differences(known, provenance).length === 0)) sources.push(provenance);
  const results = before?.results ?? {};
  const kept = Object.keys(results).length > 0 ? before?.cluster : (options.cluster ?? before?.cluster);
  const cluster = kept ? { cluster: normalizeJson(kept, "cluster") as JsonObject } : {};
  return { format: FORMAT, version: VERSION, config, ...cluster, provenance: sources, plan, units, results };
}

function refuseAnother(name: string, before: Manifest, now: Pick<Manifest, "config" | "plan" | "units">): void {
  const changed = differences(before.config, now.config);
  const chains = ({ units }: Pick<Manifest, "units">) =>
    Object.fromEntries(Object.entries(units).map(([unit, { chains: own }]) => [unit, own]));
  const [there, here] = [Object.keys(before.units), Object.keys(now.units)];
  if (there.join("\n") !== here.join("\n")) changed.push({ key: "units", before: there, now: here });
  // With another config they differ too, and that says it.
  else if (changed.length === 0) {
    changed.push(...differences(normalizeJson(before.plan), normalizeJson(now.plan), "plan"));
    changed.push(...differences(chains(before), chains(now), "chains"));
  }
  if (changed.length === 0) return;
  const read = changed.map(({ key }) => key.match(/^inputs\.(.+)$/)?.[1]);
  if (read.every((input) => input !== undefined)) {
    fail(
      `${name}: was begun with another ${read.join(" and ")} than what is read now`,
      "put the files back as they were, or choose another directory",
    );
  }
  const shown = changed.slice(0, 8).map((d) => `${d.key}: ${short(d.before)} there, ${short(d.now)} now`);
  const more = changed.length > shown.length ? `, and ${changed.length - shown.length} more` : "";
  fail(
    `${name}: holds a run with another config (${shown.join("; ")}${more})`,
    "choose another directory or the same config",
  );
}
