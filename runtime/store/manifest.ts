/** `manifest.json` of a run: what it was asked to do, whole, so that nothing else is needed to go on with it or put it together. */
import { SpectroscopeError } from "../../kernels/errors";
import type { SamplerSettings } from "../config/sampler";
import {
  decodeText,
  differences,
  type Json,
  type JsonObject,
  jsonText,
  normalizeJson,
  parseJson,
} from "../formats/json";
import { samplesName } from "./names";
import { need, type Store } from "./store";

const FORMAT = "spectroscope-run";
const VERSION = 4;
export const MANIFEST = "manifest.json";

/** Units that stand before this one in the plan and have its chains and draws. */
export interface RiseMatch {
  /** Its chains have the rises that are wanted. */
  readonly chains: string;
  /** The same draws at the localization of the settings. */
  readonly prior: string;
}

/** One piece of a run that is stored whole: the chains of one component under one sampler. */
export interface UnitPlan {
  readonly name: string;
  readonly restriction: string;
  readonly settings: SamplerSettings;
  /** Whose mean rise its chains are given, by a localization that is found when its turn comes. */
  readonly match?: RiseMatch;
  /** Numbers of the chains that run here, ascending. */
  readonly chains: readonly number[];
}

export interface Manifest {
  readonly format: typeof FORMAT;
  readonly version: number;
  /** What the run computes. Two runs with equal configs may share a store. */
  readonly config: JsonObject;
  /** Who computed it: adapter, versions, host. One entry for each time the run was begun by another. */
  readonly provenance: readonly JsonObject[];
  /** Every unit of the whole run, in order. */
  readonly plan: readonly UnitPlan[];
  /** What of it is sampled here, all or a shard's part, in the order of the plan. `directory`: key of its store. */
  readonly units: Readonly<Record<string, UnitState>>;
}

export interface UnitState {
  readonly state: "pending" | "done";
  readonly directory: string;
  readonly chains: readonly number[];
}

function fail(message: string, hint?: string, cause?: unknown): never {
  throw new SpectroscopeError(message, { code: "bad-input", hint, cause });
}

function short(value: Json | undefined): string {
  const text = value === undefined ? "absent" : JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 56)}...` : text;
}

function isManifest(value: unknown): value is Manifest {
  const object = (item: unknown) => typeof item === "object" && item !== null && !Array.isArray(item);
  if (!object(value)) return false;
  const { config, provenance, plan, units } = value as Record<string, unknown>;
  return object(config) && Array.isArray(provenance) && Array.isArray(plan) && object(units);
}

/** Reads and checks a manifest. @throws SpectroscopeError when the store holds no run or one of another version */
export async function readManifest(store: Store): Promise<Manifest> {
  const name = store.nameOf(MANIFEST);
  const json = parseJson(decodeText(await need(store, MANIFEST), name), name);
  const { format, version } = (json ?? {}) as Record<string, unknown>;
  if (format !== FORMAT)
    fail(`${name}: not the manifest of a run (format ${JSON.stringify(format)})`, "choose another directory");
  if (version !== VERSION) {
    fail(
      `${name}: format version ${JSON.stringify(version)}, this program knows ${VERSION}`,
      "use the program that wrote it",
    );
  }
  if (!isManifest(json)) fail(`${name}: config, provenance, plan or units are missing`, "choose another directory");
  return json;
}

/** Puts a manifest in its place. */
export async function writeManifest(store: Store, manifest: Manifest): Promise<void> {
  await store.set(MANIFEST, new TextEncoder().encode(jsonText(manifest, MANIFEST)));
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
  return { format: FORMAT, version: VERSION, config, provenance: sources, plan, units };
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
