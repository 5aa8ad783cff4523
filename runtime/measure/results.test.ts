/** What results say of tokens: whose text, which place, which loss. */
import * as assert from "uvu/assert";
import { plannedUnits, storeUnit } from "../../harness/test/made-up-unit";
import { quickSubject } from "../../harness/test/quick-run";
import { seededRandom } from "../../harness/test/random";
import { suite } from "../../harness/test/suite";
import type { JsonObject } from "../formats/json";
import { MemoryStore } from "../store/memory-store";
import { Run } from "../store/run";
import type { Corpus } from "./corpus";
import { textHash } from "./fingerprint";
import { analyze } from "./measure";
import { readResults } from "./run-files";

const test = suite("runtime/measure/results");

const [ROWS, COLUMNS] = [3, 5];
const TOKENS = ROWS * (COLUMNS - 1);

/** Text whose ids are 10 times the row and the place in it, so that a token's own text says where it stands. */
const probe: Corpus = {
  ids: Uint32Array.from({ length: ROWS * COLUMNS }, (_, i) => 10 * Math.floor(i / COLUMNS) + (i % COLUMNS)),
  ...{ rows: ROWS, columns: COLUMNS, nameOf: (id) => `row ${Math.floor(id / 10)}, place ${id % 10}` },
  labels: {
    roles: { numbers: Int32Array.from({ length: TOKENS }, (_, i) => i % 4), names: ["a", "b", "c", "d"] },
    modes: { numbers: Int32Array.from({ length: TOKENS }, (_, i) => Math.floor(i / 4)), names: ["x", "y", "z"] },
  },
};

test("every measured token has its own text, place, loss and labels, and no row's first has", async () => {
  const sizes = { draws: 6, chains: 2, tokens: TOKENS };
  const components = ["l0h1", "l1h2"];
  const subject = await quickSubject(
    ...[`weight_restrictions=${components.join(",")}`, "controls.n_beta_zero=false", "controls.equal_rise=false"],
    ...[`sampler.num_chains=${sizes.chains}`, `sampler.num_draws=${sizes.draws}`, "cluster.k=3", "cluster.min_size=3"],
  );
  const { cluster, ...sampling } = subject.config;
  const run = await Run.begin(new MemoryStore(), {
    config: { ...sampling, inputs: { probe: await textHash(probe) } } as unknown as JsonObject,
    provenance: {},
    plan: plannedUnits(components, sizes),
  });
  const random = seededRandom(3);
  const baseline = Float32Array.from({ length: TOKENS }, (_, i) => i / 8);
  for (const name of components) {
    const count = sizes.draws * sizes.chains;
    const phi = Float32Array.from({ length: count }, () => 0.3 + 0.1 * random.uniform());
    await storeUnit(run, name, {
      ...{ sizes, phi, baseline, positions: COLUMNS - 1, ids: probe.ids, keepTraces: subject.config.keep_traces },
      traces: Float32Array.from({ length: count * TOKENS }, (_, i) => phi[Math.floor(i / TOKENS)] + random.normal()),
    });
  }
  await analyze(run, { ...subject, corpora: { probe, pool: probe } });
  const { tokens, starts } = await readResults(run);
  const expected = [0, 1, 2].flatMap((row) =>
    [1, 2, 3, 4].map((place) => ({
      ...{ text: `row ${row}, place ${place}`, sequence: row, position: place, loss: (4 * row + place - 1) / 8 },
      ...{ mode: "xyz"[row], role: "abcd"[place - 1] },
    })),
  );
  assert.equal(tokens, expected);
  assert.equal(starts, ["row 0, place 0", "row 1, place 0", "row 2, place 0"]);
});

test.run();
