/** The modes of a run: laws of its probe, their singular values, and how chi couples to them. */
import { SpectroscopeError } from "../../kernels/errors";
import { firstOf } from "../modes/basis";
import { countsLaw } from "../modes/counts-law";
import { CouplingMaker, type Couplings, type Pairs } from "../modes/couplings";
import type { Law } from "../modes/law";
import { clusterLoads } from "../modes/loads";
import { modelLaw } from "../modes/model-law";
import { type Modes, modesOf } from "../modes/modes";
import type { PairChi, PairColumn } from "../modes/pair-chi";
import { RandomContexts } from "../modes/random-shares";
import { type Variance, varianceOf } from "../modes/variance";
import type { Run } from "../store/run";
import { finalActivations } from "./activations";
import { openUnit } from "./chi-tables";
import { tokensOf } from "./corpus";
import { say, stopIfAsked } from "./events";
import { checkProbe } from "./fingerprint";
import { clusterModes, round } from "./mode-clusters";
import type { ClusterModes, LawFindings, LawName, ModeFindings } from "./mode-findings";
import { mapsOf, modeInfos, rounded, sharesOf } from "./mode-values";
import { bandsOf, wordsOf } from "./mode-words";
import { checkLosses, type LogitParts, pairColumn } from "./pair-columns";
import { type PairRunRequest, pairRun } from "./pair-run";
import { readLabels, readResults } from "./run-files";

/** A law beside the model's own: of known text, or of counts. */
export interface NamedLaw {
  readonly name: LawName;
  readonly source: string;
  readonly law: Law;
}

export interface ModesRequest extends PairRunRequest {
  /** Laws in the order in which they are told; the model's own and that of counts are made here where they are named. */
  readonly laws: readonly (NamedLaw | "model" | "counts")[];
  /** Modes of each law, the trivial one too; at most as many as there are. */
  readonly count: number;
  /** Modes of a map's side. */
  readonly mapSize: number;
  /** Modes whose coordinates are clustered. */
  readonly clustered: number;
  /** Ids of context of the law from counts. */
  readonly order: number;
}

/** Loads of a cluster that are told. */
const LOADS = 4;

/** Random bases and orders that modes are held against, and functions on either side of random and best bases. */
const COMPARED = { seeds: 10, functions: 16 } as const;

/** Columns are kept in memory up to this many values; else they are read again for every pass. */
const MOST_HELD = 2 ** 28;

/**
 * Modes of an analyzed run. @throws SpectroscopeError for a run that is not analyzed, for draws that cannot be had again, `interrupted`
 * when the signal asks to stop
 */
export async function findModes(request: ModesRequest): Promise<ModeFindings> {
  const { run, corpora, model, device, components } = request;
  const { probe } = corpora;
  checkComponents(run, components);
  await checkProbe(run, probe);
  const [results, labels] = [await readResults(run), await readLabels(run)];
  const source = await pairRun(request);
  const { hidden: width, vocab } = model.model.dims;
  const unembedding = Float64Array.from(await model.weights.read(model.model.unembedding, 0, vocab * width));
  const hidden = Float64Array.from((await finalActivations(device, model, probe)).data);
  const targets = Uint32Array.from(probe.ids.filter((_, i) => i % probe.columns > 0));
  const parts: LogitParts = { hidden, unembedding, targets, width };
  const first = await openUnit(source, components[0]);
  checkLosses(run, await first.baseline(), parts);
  const columns = columnsOf(source, components, parts);
  const pairs: Pairs = { contexts: targets.map((_, i) => i), tokens: targets };
  const made: { own: Omit<LawFindings, "clusterings" | "said">; found: Modes; couplings: Couplings[] }[] = [];
  const random = new RandomContexts();
  let agreed: number | null = null;
  for (const asked of request.laws) {
    const named = lawOf(asked, request, parts, vocab);
    say(request, `modes of the ${named.name} law`);
    stopIfAsked(request, "stopped before the modes were written", "run the same command again");
    const found = await modesOf(named.law, { count: request.count });
    // Variance is about the mean over all pairs, which the trivial pair of modes alone holds.
    const maker = new CouplingMaker(found);
    const variance = agreedOn(
      await varianceOf(centered(columns, found), found, {
        maker,
        random,
        measured: pairs,
        seeds: COMPARED.seeds,
        compared: COMPARED.functions,
      }),
    );
    const { noiseFree, plain } = variance.norms;
    agreed = noiseFree ? noiseFree.all / plain.all : null;
    stopIfAsked(request, "stopped before the modes were written", "run the same command again");
    const couplings = await couplingsOf(columns, maker);
    const own = {
      ...(await lawFacts(named, found, targets)),
      modes: modeInfos(found, probe),
      ...sharesOf(variance),
      measured: rounded(variance.measured?.noiseFree ?? variance.measured?.plain ?? []),
      bands: bandsOf(found, variance),
      ...mapsOf(couplings, found, request.mapSize),
      clusters: results.clusters.map(({ id, members }): ClusterModes => {
        const loads = clusterLoads(found, pairs, members).slice(0, LOADS);
        return { id, loads: loads.map(({ mean, z, ...one }) => ({ ...one, mean: round(mean), z: round(z) })) };
      }),
    };
    made.push({ own, found, couplings });
  }
  const clusterings = await clusterModes(request, made, pairs, labels);
  const laws = made.map(({ own, found }, i): LawFindings => {
    const whole = { ...own, clusterings: clusterings[i] };
    return { ...whole, said: wordsOf(whole, found, agreed) };
  });
  return {
    ...{ format: "spectroscope-modes", version: 1, labels: run.resultHash("labels.npy") ?? "" },
    ...{ contexts: tokensOf(probe), tokens: vocab, components: components.length },
    ...{ chains: first.chains, draws: first.draws, agreed: agreed === null ? null : round(agreed), laws },
  };
}

/** Where chains agree about nothing, shares of what they agree about mean nothing: those with noise are left. */
function agreedOn(variance: Variance): Variance {
  const { norms, modes, randomOrder, randomBases, best, principal, measured } = variance;
  if (!norms.noiseFree || norms.noiseFree.all > 0) return variance;
  return {
    ...variance,
    ...{ modes: { plain: modes.plain }, randomOrder: { plain: randomOrder.plain } },
    ...{
      randomBases: { plain: randomBases.plain },
      best: { plain: best.plain },
      principal: { plain: principal.plain },
    },
    ...(measured ? { measured: { plain: measured.plain } } : {}),
  };
}

/** Columns as often as they are asked for: held where they are few, else read anew. */
function columnsOf(run: Run, components: readonly string[], parts: LogitParts): AsyncIterable<PairColumn> {
  const held = new Map<string, PairColumn>();
  let values = 0;
  return {
    async *[Symbol.asyncIterator]() {
      for (const component of components) {
        const known = held.get(component) ?? (await pairColumn(run, component, parts));
        if (!held.has(component)) {
          const { all, without, chains = [] } = known;
          values += all.left.length * (1 + without.length + chains.length);
          if (values < MOST_HELD) held.set(component, known);
        }
        yield known;
      }
    },
  };
}

/** Columns less their means over all pairs of a context and a token. */
function centered(columns: AsyncIterable<PairColumn>, modes: Modes): AsyncIterable<PairColumn> {
  const maker = new CouplingMaker(firstOf(modes, 1));
  const made = new WeakMap<PairChi, PairChi>();
  const less = (chi: PairChi): PairChi => {
    let own = made.get(chi);
    if (!own) {
      const [mean] = maker.of(chi);
      own = { ...chi, offset: chi.offset.map((value) => value - mean) };
      made.set(chi, own);
    }
    return own;
  };
  return {
    async *[Symbol.asyncIterator]() {
      for await (const { name, all, without, chains } of columns) {
        yield { name, all: less(all), without: without.map(less), ...(chains ? { chains: chains.map(less) } : {}) };
      }
    },
  };
}

function lawOf(
  asked: NamedLaw | "model" | "counts",
  { corpora, order }: ModesRequest,
  { hidden, unembedding, width }: LogitParts,
  tokens: number,
): NamedLaw {
  if (typeof asked === "object") return asked;
  if (asked === "model") {
    const law = modelLaw({ hidden, unembedding, width });
    return { name: "model", source: "the model's own predictions at its trained weights", law };
  }
  const { pool, probe } = corpora;
  const ids = `${order === 0 ? "no context" : order === 1 ? "the last id" : `the last ${order} ids`}`;
  const source = `counts of the pool after ${ids}, smoothed (Witten and Bell)`;
  return { name: "counts", source, law: countsLaw({ pool, probe, tokens, order }) };
}

async function lawFacts({ name, source, law }: NamedLaw, modes: Modes, targets: Uint32Array) {
  let loss = 0;
  const block = 64;
  for (let from = 0; from < law.contexts; from += block) {
    const to = Math.min(law.contexts, from + block);
    const rows = await law.rows(from, to);
    for (let i = from; i < to; i++) loss -= Math.log(rows[(i - from) * law.tokens + targets[i]]) / law.contexts;
  }
  return { law: name, source, loss: round(loss), values: rounded(modes.values), held: round(modes.held) };
}

async function couplingsOf(columns: AsyncIterable<PairColumn>, maker: CouplingMaker): Promise<Couplings[]> {
  const all: Couplings[] = [];
  for await (const column of columns) all.push(maker.ofColumn(column));
  return all;
}

/** @throws SpectroscopeError where a run has no component to expand */
export function checkComponents(run: Run, components: readonly string[]): void {
  if (components.length > 0) return;
  throw new SpectroscopeError(`${run.name}: has no component whose chi could be expanded`, {
    hint: "sample weight_restrictions beside full",
  });
}
