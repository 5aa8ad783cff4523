/** Small runs of nano over its own text, on the processor, that modes are found of. */
import { generate, vocabulary } from "../../models/nano/corpus";
import { preset } from "../../models/nano/preset";
import type { Corpus } from "../../runtime/measure/corpus";
import { measure } from "../../runtime/measure/measure";
import type { ModeFindings } from "../../runtime/measure/mode-findings";
import { findModes, type ModesRequest } from "../../runtime/measure/modes";
import type { MeasureRequest } from "../../runtime/measure/request";
import { writeModes } from "../../runtime/measure/run-files";
import type { Device } from "../../runtime/plan/device";
import { MemoryStore } from "../../runtime/store/memory-store";
import type { Run } from "../../runtime/store/run";
import { quickSubject } from "./quick-run";

/** Targets of a row, and draws of a chain. */
export const [CONTEXT, DRAWS] = [12, 16];
/** Hidden states move, and the unembedding. */
export const COMPONENTS = ["l0h1", "l1h2", "unembed"];

export const nameOf = (id: number) => vocabulary[id];
const textOf = (seed: number, rows: number): Corpus => {
  const { ids } = generate({ seed, sequences: rows, context: CONTEXT });
  return { ids, rows, columns: CONTEXT + 1, nameOf };
};
const pool = textOf(6, 16);
export const corpus = textOf(5, 6);
/** Measured ids, [contexts]. */
export const targets = corpus.ids.filter((_, i) => i % (CONTEXT + 1) > 0);
export const grammar = { name: "grammar" as const, source: "the grammar", law: preset.law(corpus) };

/** A measurement that is not begun. */
export type Asked = MeasureRequest & { readonly store: MemoryStore };

/** @param sets settings over those of a run of 4 chains that takes a second */
export async function modesRequest(device: Device, ...sets: string[]): Promise<Asked> {
  const subject = await quickSubject(
    ...[
      `weight_restrictions=${COMPONENTS}`,
      `sampler.num_draws=${DRAWS}`,
      "sampler.num_chains=4",
      "checkpoint_draws=4",
    ],
    ...["sampler.num_burnin_steps=1", "sampler.num_steps_bw_draws=1", "acceptance_checks=0", "keep_traces=false"],
    ...["controls.n_beta_zero=false", "controls.equal_rise=false", "cluster.null=none", "cluster.k=4"],
    ...["cluster.min_size=3", "cluster.excess_min=0", "cluster.recurrence_min=0", "cluster.comparison=0", ...sets],
  );
  return { ...subject, corpora: { probe: corpus, pool }, device, store: new MemoryStore() };
}

/** What is asked of such a run. */
export function ask(run: Run, asked: MeasureRequest, changes: Partial<ModesRequest> = {}): ModesRequest {
  const { store: _, ...subject } = asked;
  const options = { count: 32, mapSize: 3, clustered: 4, order: 1 };
  return { ...subject, ...options, run, components: COMPONENTS, laws: [grammar, "model", "counts"], ...changes };
}

/** A run that kept sums of pairs, and its modes by all three laws. */
export interface KeptRun {
  readonly asked: Asked;
  readonly run: Run;
  readonly found: ModeFindings;
}

export async function keptRun(device: Device): Promise<KeptRun> {
  const asked = await modesRequest(device, "keep_modes=true");
  const { run } = await measure(asked);
  const found = await findModes(ask(run, asked));
  await writeModes(run, found);
  return { asked, run, found };
}

/** A run of the same draws that kept nothing of other tokens. */
export async function forgetfulRun(device: Device): Promise<{ readonly asked: Asked; readonly run: Run }> {
  const asked = await modesRequest(device, "keep_modes=false");
  const { run } = await measure(asked);
  return { asked, run };
}

/** A value as JSON brings it back. */
export const copyOf = <T>(value: T): T => JSON.parse(JSON.stringify(value));
