/** Whether the samples in a store are those of a unit of a run: what they say of themselves against what the run's plan says. */
import { differences, type Json, type JsonObject, normalizeJson } from "../formats/json";
import { samplerConfig } from "./samples";

/** What a unit's samples must say. */
export interface UnitIdentity {
  readonly unit: string;
  readonly restriction: string;
  /** Those that are sampled here. */
  readonly chains: readonly number[];
  readonly settings: Parameters<typeof samplerConfig>[0];
  /** Hashes of what the run reads, where its config has them. */
  readonly inputs?: Json;
}

/** Keys of a store's attributes that are not those of a unit; none where it is that unit's. */
export function foreignKeys(attributes: JsonObject, { settings, ...unit }: UnitIdentity): string[] {
  const { config, spectroscope } = (attributes.metadata ?? {}) as { config?: JsonObject; spectroscope?: JsonObject };
  const { unit: name, restriction, chains, inputs } = spectroscope ?? {};
  const there = { sampler: config?.sampler, unit: name, restriction, chains, inputs };
  const wanted = { sampler: samplerConfig({ ...settings, num_chains: unit.chains.length }), ...unit };
  return differences(normalizeJson(there), normalizeJson(wanted) as Json).map(({ key }) => key);
}
