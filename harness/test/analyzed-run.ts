/** A made-up run that was analyzed: every file that a run has, without a chain. */
import type { JsonObject } from "../../runtime/formats/json";
import type { Corpus } from "../../runtime/measure/corpus";
import { textHash } from "../../runtime/measure/fingerprint";
import { analyze } from "../../runtime/measure/measure";
import type { Subject } from "../../runtime/measure/request";
import { Run } from "../../runtime/store/run";
import type { Store } from "../../runtime/store/store";
import { plannedUnits, storeUnit } from "./made-up-unit";
import { quickSubject } from "./quick-run";
import { seededRandom } from "./random";

const COMPONENTS = ["l0h0", "l0h1", "l1h2"];
const [ROWS, COLUMNS, ROLES] = [8, 7, 4];
const TOKENS = ROWS * (COLUMNS - 1);
export const sizes = { draws: 4, chains: 3, tokens: TOKENS };

const role = Int32Array.from({ length: TOKENS }, (_, i) => i % ROLES);
/** Texts whose roles are known. */
export const probe: Corpus = {
  ids: Uint32Array.from({ length: ROWS * COLUMNS }, (_, i) => (7 * i) % 50),
  ...{ rows: ROWS, columns: COLUMNS, nameOf: (id) => `#${id}` },
  labels: { roles: { numbers: role, names: [..."abcd"] }, modes: { numbers: role.map(() => 0), names: ["all"] } },
};

/** What an analysis of it is asked with. */
export async function madeUpSubject(...sets: string[]): Promise<Subject> {
  const subject = await quickSubject(
    ...[`weight_restrictions=${COMPONENTS.join(",")}`, "controls.equal_rise=false", "cluster.comparison=0"],
    ...[`sampler.num_chains=${sizes.chains}`, `sampler.num_draws=${sizes.draws}`, "keep_traces=false"],
    ...["cluster.k=3", "cluster.min_size=3", "cluster.null=none", "cluster.excess_min=0", "cluster.recurrence_min=0"],
    ...sets,
  );
  return { ...subject, corpora: { probe, pool: probe } };
}

/** Units of components and of their prior, in which tokens answer by their role; `done`: how many of them are stored. */
export async function sampledRun(store: Store, { config }: Subject, done = 2 * COMPONENTS.length): Promise<Run> {
  const { cluster, ...sampling } = config;
  const names = COMPONENTS.flatMap((name) => [name, `${name} n_beta=0`]);
  const run = await Run.begin(store, {
    config: { ...sampling, inputs: { probe: await textHash(probe) } } as unknown as JsonObject,
    provenance: {},
    plan: plannedUnits(names, sizes),
    cluster: cluster as unknown as JsonObject,
  });
  for (const [index, name] of names.slice(0, done).entries()) {
    const random = seededRandom(index + 3);
    const answers = Array.from({ length: ROLES }, () => random.normal());
    const rows = Array.from({ length: sizes.draws * sizes.chains }, () => {
      const size = random.normal();
      return Array.from(role, (own) => size * (1 + answers[own]) + 0.1 * random.normal());
    });
    await storeUnit(run, name, {
      ...{ sizes, positions: COLUMNS - 1, ids: probe.ids, keepTraces: false },
      phi: Float32Array.from(rows, (row) => row.reduce((a, b) => a + b, 0) / TOKENS),
      traces: Float32Array.from(rows.flat()),
    });
  }
  return run;
}

/** The same, with results. */
export async function analyzedRun(store: Store, ...sets: string[]): Promise<{ run: Run; subject: Subject }> {
  const subject = await madeUpSubject(...sets);
  const run = await sampledRun(store, subject);
  await analyze(run, subject);
  return { run, subject };
}
