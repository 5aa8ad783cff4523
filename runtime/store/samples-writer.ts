/** Writes the samples of one restricted run, draws as they come; the layout is in `samples.ts`. */
import { SpectroscopeError } from "../../kernels/errors";
import { differences, type JsonObject, normalizeJson } from "../formats/json";
import type { PairSums } from "../sampler/pairs";
import type { DrawSums, Sums } from "../sampler/sums";
import { gridIndices, transposed } from "./box";
import { beginAgain, finishStore, firstFault, isFinished } from "./finished";
import { type ObservableId, type SamplesSpec, samplesMetadata } from "./samples";
import type { Store } from "./store";
import { ZarrGroup } from "./zarr";
import type { ZarrArray } from "./zarr-array";
import { type Hashes, METADATA } from "./zarr-files";

/** What is known of a restricted run when its last draw is done. */
export interface SamplesResults {
  /** Mean loss at w* over the sampling task's fixed batch, by position, nats, [positions]. */
  readonly initLoss: ArrayLike<number>;
  /** l(w*) of the probe, nats, [tokens]. */
  readonly baseline: ArrayLike<number>;
  readonly sums: Sums;
  /** Log acceptance ratios, [checks, chains]; may be infinite. */
  readonly logAcceptance?: ArrayLike<number>;
  /** Kinetic temperatures, [checks, chains]. */
  readonly kineticTemperature?: ArrayLike<number>;
  /** What chi on all pairs follows from. */
  readonly pairs?: PairSums;
  /** Anything else worth knowing: sampler, weights, FLOPs, acceptance; becomes `metadata.spectroscope`. */
  readonly facts: JsonObject;
}

function fail(message: string, hint?: string): never {
  throw new SpectroscopeError(message, { code: "bad-input", hint });
}

/** Refuses another number of values than expected, and with `finite` values that a reader would take for absent. */
function check(name: string, values: ArrayLike<number>, expected: number, finite = true): void {
  if (values.length !== expected) fail(`${name} has ${values.length} values, expected ${expected}`);
  if (!finite) return;
  for (let i = 0; i < values.length; i++) {
    if (Number.isFinite(values[i])) continue;
    throw new SpectroscopeError(`${name}: element ${i} is ${values[i]}`, { code: "non-finite" });
  }
}

/** What the last axis of a kind of pairs holds. */
const PAIR_AXIS = { hidden: "hidden", unembedding: "vocab_hidden", logits: "vocab" } as const;

/** Losses (nats, not their rises) of one draw by text, [chains, tokens] each. */
export type DrawLosses = Readonly<Partial<Record<ObservableId, ArrayLike<number>>>>;

export class SamplesWriter {
  private readonly traces = new Map<ObservableId, ZarrArray<"f32">>();

  private constructor(
    readonly store: Store,
    private readonly spec: SamplesSpec,
    private readonly group: ZarrGroup,
  ) {}

  /**
   * Begins the store of a restricted run, over whatever lies there; or goes on with one that a killed process left: `written` are the
   * hashes of what was there at its last checkpoint, which stays. What else lies there is not believed and goes; its draws come
   * again. @throws SpectroscopeError when the store is finished, what is there belongs to another run (the differing keys are
   * named), or (code `damaged`) a file is not what was written
   */
  static async open(store: Store, spec: SamplesSpec, written?: Hashes): Promise<SamplesWriter> {
    if (await isFinished(store)) fail(`${store.name}: is there already`, "read it, or delete it");
    const metadata = samplesMetadata(spec);
    if (written) {
      const fault = await firstFault(store, written);
      if (fault)
        throw new SpectroscopeError(fault, { code: "damaged", hint: "delete its checkpoint: its unit begins anew" });
      await checkSame(await ZarrGroup.open(store, written), metadata, spec);
      for (const key of await store.list("")) if (!written.has(key)) await store.delete(key);
    } else if ((await store.names("")).length > 0) await beginAgain(store);
    const group = await ZarrGroup.create(store, { metadata });
    for (const [key, hash] of written ?? []) if (key !== METADATA) group.files.written.set(key, hash);
    const writer = new SamplesWriter(store, spec, group);
    for (const { id, ids } of spec.observables) await writer.begin(id, ids);
    return writer;
  }

  /** Hashes of what was written so far, for whoever goes on with it after this process. */
  get written(): Hashes {
    return this.group.files.written;
  }

  private async begin(id: ObservableId, ids: ArrayLike<number>): Promise<void> {
    const { settings, positions, traces, drawsPerChunk } = this.spec;
    const sequences = sequencesOf(this.spec, id);
    const batch = `batch_${id}`;
    await this.group.write(
      { name: `input_ids_${id}`, dtype: "i64", dims: [batch, "token"], shape: [sequences, positions + 1] },
      ids,
    );
    if (!traces) return;
    const array = await this.group.add({
      name: `loss_${id}`,
      dtype: "f32",
      dims: ["chain", "draw", batch, "token_pos"],
      shape: [settings.num_chains, settings.num_draws, sequences, positions],
      chunks: [1, drawsPerChunk, sequences, positions],
    });
    this.traces.set(id, array);
  }

  /**
   * Writes the losses of a block of draws. Blocks begin at multiples of `drawsPerChunk` and are whole, but for the run's last.
   * @throws SpectroscopeError for another block
   */
  async writeDraws(first: number, draws: readonly DrawLosses[]): Promise<void> {
    const { settings, drawsPerChunk, positions } = this.spec;
    const { num_chains: chains, num_draws } = settings;
    const count = Math.min(drawsPerChunk, num_draws - first);
    const { name } = this.store;
    if (!(first >= 0 && first % drawsPerChunk === 0 && count > 0)) {
      fail(`${name}: no block of draws begins at ${first}`, `blocks have ${drawsPerChunk} of ${num_draws} draws`);
    }
    if (draws.length !== count) fail(`${name}: ${draws.length} draws from draw ${first} on, expected ${count}`);
    for (const [id, array] of this.traces) {
      const tokens = sequencesOf(this.spec, id) * positions;
      const losses = draws.map((draw, s) => {
        const values = draw[id] ?? fail(`${name}: draw ${first + s} has no losses of ${id}`);
        check(`losses of ${id} of draw ${first + s}`, values, chains * tokens);
        return values;
      });
      for (let m = 0; m < chains; m++) {
        const chunk = new Float32Array(count * tokens);
        for (const [s, values] of losses.entries()) {
          for (let i = 0; i < tokens; i++) chunk[s * tokens + i] = values[m * tokens + i];
        }
        await array.writeChunk([m, first / drawsPerChunk, 0, 0], chunk);
      }
    }
  }

  /**
   * Writes all that is known at the end; last of all, that the store is complete. Returns the hash of its root.
   * @throws SpectroscopeError for values that are missing or not finite, for draws that were never written, and (code `damaged`)
   *   for a file that is not what was written any more
   */
  async finish(results: SamplesResults): Promise<string> {
    const { settings, positions } = this.spec;
    const { num_chains: chains, num_draws: draws } = settings;
    const sequences = sequencesOf(this.spec, "probe");
    const tokens = sequences * positions;
    const { initLoss, baseline, logAcceptance, kineticTemperature } = results;
    const { phi, shifted } = results.sums;
    check("initLoss", initLoss, positions);
    check("baseline", baseline, tokens);
    check("phi", phi, draws * chains);
    this.checkDraws();

    const { group } = this;
    const repeated = Float32Array.from({ length: chains * positions }, (_, i) => initLoss[i % positions]);
    await group.write(
      { name: "init_loss", dtype: "f32", dims: ["chain", "token_pos"], shape: [chains, positions] },
      repeated,
    );
    await group.write(
      { name: "phi", dtype: "f32", dims: ["chain", "draw"], shape: [chains, draws] },
      transposed(phi, draws, chains),
    );
    const text = ["batch_probe", "token_pos"];
    await group.write({ name: "baseline_probe", dtype: "f32", dims: text, shape: [sequences, positions] }, baseline);
    const sum = async (name: string, values: ArrayLike<number>, attributes: JsonObject) => {
      check(name, values, chains * tokens);
      const shape = [chains, sequences, positions];
      await group.write({ name, dtype: "f64", dims: ["chain", ...text], shape, attributes }, values);
    };
    const both = async ({ sumD, sumPhiD }: DrawSums, suffix = "", attributes: JsonObject = {}) => {
      await sum(`sum_d${suffix}`, sumD, attributes);
      await sum(`sum_phi_d${suffix}`, sumPhiD, attributes);
    };
    await both(results.sums);
    await sum("m2", results.sums.m2, {});
    if (shifted) await both(shifted, "_shifted", { lag: shifted.lag });
    const checked = async (name: string, values: ArrayLike<number>, finite: boolean) => {
      const checks = Math.floor(values.length / chains);
      check(name, values, checks * chains, finite);
      const spec = { name, dtype: "f32", dims: ["chain", "check"], shape: [chains, checks] } as const;
      await group.write(spec, transposed(values, checks, chains));
    };
    if (logAcceptance) await checked("log_acceptance", logAcceptance, false);
    if (kineticTemperature) await checked("kinetic_temperature", kineticTemperature, true);
    if (results.pairs) await this.writePairs(results.pairs);
    const metadata = samplesMetadata(this.spec);
    return finishStore(group, {
      metadata: { ...metadata, spectroscope: { ...results.facts, ...metadata.spectroscope } },
    });
  }

  private async writePairs({ kind, elements, mean, covariance }: PairSums): Promise<void> {
    const { settings, positions } = this.spec;
    const sequences = sequencesOf(this.spec, "probe");
    const text = kind === "unembedding" ? [] : [sequences, positions];
    const rows = text.reduce((a, b) => a * b, 1);
    const width = elements / rows;
    // Only the unembedding has rows that are no contexts: its store tells its size by one axis.
    const shape = [settings.num_chains, ...text, width];
    const dims = ["chain", ...(text.length > 0 ? ["batch_probe", "token_pos"] : []), PAIR_AXIS[kind]];
    for (const [what, values] of [
      ["mean", mean],
      ["cov_phi", covariance],
    ] as const) {
      const name = `${what}_${kind}`;
      check(name, values, settings.num_chains * elements);
      await this.group.write({ name, dtype: "f32", dims, shape }, values);
    }
  }

  private checkDraws(): void {
    for (const [id, array] of this.traces) {
      for (const index of gridIndices(array.grid)) {
        if (array.isWritten(index)) continue;
        const first = index[1] * this.spec.drawsPerChunk;
        fail(
          `${this.store.name}: losses of ${id} of chain ${index[0]} from draw ${first} were never written`,
          "delete its checkpoint, or the run's folder checkpoints: the unit begins anew",
        );
      }
    }
  }
}

/** Sequences of a text. @throws SpectroscopeError when its ids are no whole rows */
function sequencesOf({ observables, positions }: SamplesSpec, id: ObservableId): number {
  const text = observables.find((observable) => observable.id === id);
  const sequences = (text?.ids.length ?? 0) / (positions + 1);
  if (!Number.isInteger(sequences) || sequences === 0) {
    fail(`${id} has ${text?.ids.length ?? 0} token ids, which are no rows of ${positions + 1}`);
  }
  return sequences;
}

/** Refuses to go on with another run's store. */
async function checkSame(before: ZarrGroup, metadata: JsonObject, spec: SamplesSpec): Promise<void> {
  const [there, now] = [before.attributes.metadata as JsonObject, normalizeJson(metadata) as JsonObject];
  const changed = differences(there?.config, now.config).map(({ key }) => key);
  const ours = there?.spectroscope as JsonObject | undefined;
  for (const key of ["restriction", "traces"] as const) {
    if (ours?.[key] !== (now.spectroscope as JsonObject)[key]) changed.push(key);
  }
  for (const { id, ids } of spec.observables) {
    const name = `input_ids_${id}`;
    const known = (await before.has(name)) ? await (await before.array(name, "i64")).read() : [];
    if (known.length !== ids.length || known.some((value, i) => value !== ids[i])) changed.push(name);
  }
  if (changed.length > 0) {
    fail(`${before.name}: belongs to another run: ${changed.join(", ")} differ`, "delete it, or use its settings");
  }
}
