/** Reads the samples of one restricted run; the layout is in `samples.ts`. */
import { SpectroscopeError } from "../../kernels/errors";
import { isObject } from "../config/schema";
import type { JsonObject } from "../formats/json";
import { PAIR_KINDS, type PairSums } from "../sampler/pairs";
import type { DrawSums, Sums } from "../sampler/sums";
import { transposed } from "./box";
import { openFinished } from "./finished";
import type { ObservableId } from "./samples";
import type { Store } from "./store";
import { Told } from "./told";
import type { ZarrGroup } from "./zarr";
import type { ZarrArray } from "./zarr-array";
import { METADATA } from "./zarr-files";

/** Draws of a run. */
export interface DrawRange {
  readonly from: number;
  /** Past the last. */
  readonly to: number;
}

export class Samples {
  private constructor(
    /** For people and errors. */
    readonly name: string,
    private readonly group: ZarrGroup,
    /** devinterp's `metadata.config`. */
    readonly config: JsonObject,
    /** `metadata.spectroscope`: restriction, traces, and the facts its writer gave. */
    readonly facts: JsonObject,
    readonly chains: number,
    readonly draws: number,
    /** Of the probe. */
    readonly sequences: number,
    readonly positions: number,
  ) {}

  /**
   * `known`: the hash of its root, where a run noted that. @throws SpectroscopeError when there is no store, it is not finished, not
   * the known one, or not one of samples
   */
  static async open(store: Store, known?: string): Promise<Samples> {
    const group = await openFinished(store, known);
    const place = { file: store.nameOf(METADATA), hint: "choose a samples_<restriction>.zarr" };
    if (!isObject(group.attributes.metadata)) {
      throw new SpectroscopeError(`${store.name}: has no metadata of samples`, { hint: place.hint });
    }
    const metadata = new Told(group.attributes.metadata, place, "metadata");
    const [config, facts] = [metadata.at("config"), metadata.at("spectroscope")];
    const sampler = config.at("sampler");
    for (const key of ["lr", "n_beta", "num_chains", "num_draws"]) sampler.at(key).number();
    config.at("chain_buffer_size").whole(1);
    const observables = config.at("observables").list();
    for (const one of observables) one.at("obs_id").choice<ObservableId>(["probe", "pool"]);
    facts.at("restriction").text();
    facts.at("traces").flag();
    const axes = async (name: string): Promise<readonly number[]> => {
      const { shape } = await group.array(name, "f32");
      if (shape.length === 2) return shape;
      throw new SpectroscopeError(`${store.name}: ${name} has shape [${shape}], expected 2 axes`, { hint: place.hint });
    };
    const [chains, draws] = await axes("phi");
    const [sequences, positions] = await axes("baseline_probe");
    return new Samples(store.name, group, config.object(), facts.object(), chains, draws, sequences, positions);
  }

  get restriction(): string {
    return String(this.facts.restriction);
  }

  /** Probe tokens, sequences * positions. */
  get tokens(): number {
    return this.sequences * this.positions;
  }

  /** Texts that this run measured. */
  get observables(): ObservableId[] {
    return (this.config.observables as readonly JsonObject[]).map(({ obs_id }) => obs_id as ObservableId);
  }

  /** Whether the losses of every draw were kept. */
  get hasTraces(): boolean {
    return this.facts.traces === true;
  }

  /** Draws of a chunk of the traces: to read traces in blocks of as many is cheapest. */
  get drawsPerChunk(): number {
    return Number(this.config.chain_buffer_size);
  }

  private async values(name: string): Promise<Float32Array> {
    return (await this.group.array(name, "f32")).read();
  }

  private checkShape(name: string, shape: readonly number[], expected: readonly number[]): void {
    if (shape.length === expected.length && shape.every((size, axis) => size === expected[axis])) return;
    throw new SpectroscopeError(`${this.name}: ${name} has shape [${shape}], expected [${expected}]`, {
      hint: `delete ${this.name} to have it computed again`,
    });
  }

  /** phi of every draw, [draws, chains]. */
  async phi(): Promise<Float32Array> {
    return transposed(await this.values("phi"), this.chains, this.draws);
  }

  /** l(w*) of the probe, nats, [tokens]. */
  baseline(): Promise<Float32Array> {
    return this.values("baseline_probe");
  }

  /** Mean loss at w* over the sampling task's fixed batch, nats, [positions]. */
  async initLoss(): Promise<Float32Array> {
    return (await this.values("init_loss")).slice(0, this.positions);
  }

  /** Token ids of a text, [sequences, positions + 1]. */
  async ids(id: ObservableId = "probe"): Promise<Float64Array> {
    return (await this.group.array(`input_ids_${id}`, "i64")).read();
  }

  /** Log acceptance ratios, [checks, chains], where they were measured. */
  logAcceptance(): Promise<Float32Array | undefined> {
    return this.checks("log_acceptance");
  }

  /** Kinetic temperatures, [checks, chains], where they were measured. */
  kineticTemperature(): Promise<Float32Array | undefined> {
    return this.checks("kinetic_temperature");
  }

  private async checks(name: string): Promise<Float32Array | undefined> {
    if (!(await this.group.has(name))) return undefined;
    const array = await this.group.array(name, "f32");
    return transposed(await array.read(), this.chains, array.shape[1]);
  }

  /** The streaming sums over the probe's tokens. @throws SpectroscopeError for a store of before there were sums of squares */
  async sums(): Promise<Sums> {
    const { chains, draws, tokens, group } = this;
    const sum = async (name: string) => {
      const array = await group.array(name, "f64");
      this.checkShape(name, array.shape, [chains, this.sequences, this.positions]);
      return array.read();
    };
    if (!(await group.has("m2"))) {
      throw new SpectroscopeError(`${this.name}: has no sums of squares (m2)`, {
        hint: "it is of an earlier version: sample the component anew",
      });
    }
    const both = async (suffix = ""): Promise<DrawSums> => ({
      sumD: await sum(`sum_d${suffix}`),
      sumPhiD: await sum(`sum_phi_d${suffix}`),
    });
    const own = { chains, draws, tokens, ...(await both()), m2: await sum("m2"), phi: await this.phi() };
    if (!(await group.has("sum_d_shifted"))) return own;
    const lag = Number((await group.array("sum_d_shifted", "f64")).attributes.lag);
    return { ...own, shifted: { lag, ...(await both("_shifted")) } };
  }

  /** Whether what chi on all pairs follows from was kept. */
  async keepsPairs(): Promise<boolean> {
    for (const kind of PAIR_KINDS) if (await this.group.has(`mean_${kind}`)) return true;
    return false;
  }

  /** What chi on all pairs follows from: [chains, elements]; nothing where the run kept none. @throws SpectroscopeError */
  async pairs(): Promise<PairSums | undefined> {
    for (const kind of PAIR_KINDS) {
      if (!(await this.group.has(`mean_${kind}`))) continue;
      const arrays = await Promise.all(
        ["mean", "cov_phi"].map(async (what) => this.group.array(`${what}_${kind}`, "f32")),
      );
      const [mean, covariance] = await Promise.all(arrays.map((array) => array.read()));
      const elements = mean.length / this.chains;
      if (kind !== "unembedding") {
        const width = elements / this.tokens;
        for (const { shape } of arrays)
          this.checkShape(kind, shape, [this.chains, this.sequences, this.positions, width]);
      }
      return { kind, elements, mean, covariance };
    }
    return undefined;
  }

  /**
   * Losses of a text, nats, [draws, chains, tokens]: of all draws, or of some. One chunk of them is in memory at a time beside
   * the result. @throws SpectroscopeError when this run kept no traces
   */
  async traces(id: ObservableId = "probe", range: DrawRange = { from: 0, to: this.draws }): Promise<Float32Array> {
    if (!this.hasTraces) {
      throw new SpectroscopeError(`${this.name}: keeps no losses of single draws`, {
        hint: "sample again into another directory with --keep-traces",
      });
    }
    const array = await this.group.array(`loss_${id}`, "f32");
    if (id === "probe")
      this.checkShape(`loss_${id}`, array.shape, [this.chains, this.draws, this.sequences, this.positions]);
    const tokens = array.shape[2] * array.shape[3];
    const out = new Float32Array(Math.max(0, range.to - range.from) * this.chains * tokens);
    for (let from = range.from; from < range.to; ) {
      const to = Math.min(range.to, from - (from % this.drawsPerChunk) + this.drawsPerChunk);
      await this.gather(array, { from, to }, out, (from - range.from) * this.chains * tokens);
      from = to;
    }
    return out;
  }

  private async gather(array: ZarrArray<"f32">, range: DrawRange, out: Float32Array, start: number): Promise<void> {
    const block = await array.read({ axis: 1, ...range });
    const count = range.to - range.from;
    const tokens = array.shape[2] * array.shape[3];
    for (let m = 0; m < this.chains; m++) {
      for (let s = 0; s < count; s++) {
        const row = (m * count + s) * tokens;
        out.set(block.subarray(row, row + tokens), start + (s * this.chains + m) * tokens);
      }
    }
  }

  /** d = l(w) - l(w*) of the probe, [draws, chains, tokens], in f32, as `traces`. */
  async rises(range?: DrawRange): Promise<Float32Array> {
    const [values, baseline] = [await this.traces("probe", range), await this.baseline()];
    for (let i = 0; i < values.length; i++) values[i] -= baseline[i % baseline.length];
    return values;
  }
}

/** Opens the finished samples of one restricted run. */
export const openSamples = (store: Store, known?: string): Promise<Samples> => Samples.open(store, known);
