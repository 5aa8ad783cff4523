/** What `manifest.json` of a run holds, and how it is read: key by key, whoever wrote it. */
import type { SamplerSettings } from "../config/sampler";
import { samplerSchema } from "../config/sampler";
import { accepts, expectation, type Field } from "../config/schema";
import type { JsonObject } from "../formats/json";
import { samplesName } from "./names";
import type { Told } from "./told";

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

export interface UnitState {
  readonly state: "pending" | "done";
  /** Key of its store, which follows from its name. */
  readonly directory: string;
  readonly chains: readonly number[];
  /** Of a unit that is done: the hash of its store's root, which holds those of all its files. */
  readonly sha256?: string;
}

export interface Manifest {
  readonly format: string;
  readonly version: number;
  /** What the run computes. Two runs with equal configs may share a store. */
  readonly config: JsonObject;
  /**
   * The clustering that it was begun with, or that its results were last made with, for whoever goes on with it or makes them
   * again: sampling does not depend on it.
   */
  readonly cluster?: JsonObject;
  /** Who computed it: adapter, versions, host. One entry for each time the run was begun by another. */
  readonly provenance: readonly JsonObject[];
  /** Every unit of the whole run, in order. */
  readonly plan: readonly UnitPlan[];
  /** What of it is sampled here, all or a shard's part, in the order of the plan. */
  readonly units: Readonly<Record<string, UnitState>>;
  /** Hashes of the results by name, of a Zarr store that of its root. What is not named here was not written whole. */
  readonly results: Readonly<Record<string, string>>;
}

/** A result's name: no path out of the run, and none of the run's own files. */
export const isResultName = (name: string) => /^[\w-][\w.-]*(\/[\w-][\w.-]*)*$/.test(name);

/** Reads a manifest but for format, version and its own hash. @throws SpectroscopeError naming file and key */
export function parseManifest(told: Told): Omit<Manifest, "format" | "version"> {
  const cluster = told.at("cluster");
  const shard = told.at("config").at("shard");
  if (!shard.absent) shard.text();
  const inputs = told.at("config").at("inputs");
  if (!inputs.absent) for (const [, hash] of inputs.entries()) hash.text();
  const plan = told.at("plan").list().map(parsePlan);
  const planned = new Map(plan.map((unit) => [unit.name, unit]));
  if (planned.size !== plan.length) told.at("plan").refuse("units of different names");
  for (const [i, { match }] of plan.entries()) {
    if (!match || (planned.has(match.chains) && planned.has(match.prior))) continue;
    told.at("plan").list()[i].at("match").refuse("names of units of the plan");
  }
  const units = told
    .at("units")
    .entries()
    .map(([name, unit]) => [name, parseState(name, unit, planned)] as const);
  const results = told
    .at("results")
    .entries()
    .map(([name, hash]) => {
      if (!isResultName(name)) hash.refuse("no entry: its key cannot name a result");
      return [name, hash.hash()] as const;
    });
  return {
    config: told.at("config").object(),
    ...(cluster.absent ? {} : { cluster: cluster.object() }),
    provenance: told
      .at("provenance")
      .list()
      .map((one) => one.object()),
    plan,
    units: Object.fromEntries(units),
    results: Object.fromEntries(results),
  };
}

function parsePlan(told: Told): UnitPlan {
  const name = told.at("name").text();
  if (name === "" || name.length > 200) told.at("name").refuse("a name of 1 to 200 characters");
  const settings = told.at("settings");
  for (const [key, field] of Object.entries(samplerSchema) as [string, Field][]) {
    const value = settings.at(key);
    if (!accepts(field, value.json())) value.refuse(expectation(field));
  }
  const match = told.at("match");
  return {
    name,
    restriction: told.at("restriction").text(),
    settings: settings.object() as unknown as SamplerSettings,
    ...(match.absent ? {} : { match: { chains: match.at("chains").text(), prior: match.at("prior").text() } }),
    chains: told.at("chains").chains(),
  };
}

function parseState(name: string, told: Told, planned: ReadonlyMap<string, UnitPlan>): UnitState {
  const unit = planned.get(name) ?? told.refuse("no entry: the plan has no such unit");
  const state = told.at("state").choice(["pending", "done"] as const);
  const directory = told.at("directory").choice([samplesName(name)]);
  const chains = told.at("chains").chains();
  if (!chains.every((chain) => unit.chains.includes(chain))) told.at("chains").refuse("chains of the plan's unit");
  return { state, directory, chains, ...(state === "done" ? { sha256: told.at("sha256").hash() } : {}) };
}
