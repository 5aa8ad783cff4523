/** chi on all pairs from sums of hidden states or unembeddings, against chains that measure those other targets directly. */
import { join } from "node:path";
import * as assert from "uvu/assert";
import { testDevice } from "../../harness/test/device";
import { suite } from "../../harness/test/suite";
import { openFolder } from "../../models/hub/open";
import { generate } from "../../models/nano/corpus";
import type { LoadedModel } from "../../models/weights";
import { plainSgld, type SamplerSettings } from "../config/sampler";
import type { PairChi } from "../modes/pair-chi";
import { projectRoot } from "../node/root";
import { Chains } from "../sampler/chains";
import { Laboratory } from "../sampler/laboratory";
import type { PairSums } from "../sampler/pairs";
import { susceptibility } from "../susceptibility/estimate";
import { parseRestriction } from "../transformer/restriction";
import { pairColumnOf } from "./pair-columns";

const test = suite("runtime/measure/pair-columns", { gpu: true });

const CONTEXT = 8;
const SEQUENCES = 4;
const settings: SamplerSettings = {
  ...plainSgld,
  ...{ seed: 5, lr: 0.01, n_beta: 10, localization: 50, num_chains: 3, num_draws: 5 },
  ...{ num_burnin_steps: 1, num_steps_bw_draws: 2, batch_size: 3 },
};
const text = generate({ seed: 11, sequences: SEQUENCES, context: CONTEXT });
let loaded: LoadedModel;
test.before(async () => {
  loaded = await openFolder(join(projectRoot(), "models", "nano"));
});

/** The text with another last token in every row: other targets of contexts that stay. */
function lastTokens(id: number): Uint32Array {
  return text.ids.map((own, i) => ((i + 1) % (CONTEXT + 1) === 0 ? id : own));
}

async function sampled(name: string, ids: Uint32Array, pairs: boolean) {
  const { model, weights } = loaded;
  const lab = new Laboratory(await testDevice(), model, weights);
  try {
    const place = (what: string, rows: Uint32Array) => lab.addText(what, rows, CONTEXT + 1);
    const [pool, task, probe] = [place("pool", text.ids), place("task", text.ids), place("probe", ids)];
    const chains = await Chains.open(lab, {
      restriction: parseRestriction(name, model),
      settings,
      pool,
      probe,
      task,
      pairs,
    });
    for (let s = 0; s < settings.num_draws; s++) await chains.draw();
    const hidden = pairs ? await lab.finalHidden(probe) : new Float32Array(0);
    return { sums: await chains.sums(), pairs: await chains.pairSums(), hidden };
  } finally {
    lab.close();
  }
}

const at = ({ offset, left, right, rank }: PairChi, x: number, y: number) => {
  let sum = offset[x];
  for (let k = 0; k < rank; k++) sum += left[x * rank + k] * right[y * rank + k];
  return sum;
};

const rms = (values: readonly number[]) =>
  Math.sqrt(values.reduce((sum, value) => sum + value ** 2, 0) / values.length);

for (const [name, kind] of [
  ["l1h3", "hidden"],
  ["l0 mlp[0:32]", "hidden"],
  ["embed", "hidden"],
  ["unembed", "unembedding"],
  ["l1h3+unembed", "logits"],
  ["full", "logits"],
] as const) {
  test(`chi of other targets is what chains measure that have those targets: ${name}`, async (t) => {
    const { model, weights } = loaded;
    const { vocab, hidden: width } = model.dims;
    const unembedding = Float64Array.from(await weights.read(model.unembedding, 0, vocab * width));
    const own = await sampled(name, text.ids, true);
    assert.is((own.pairs as PairSums).kind, kind);
    const targets = Array.from(text.ids).filter((_, i) => i % (CONTEXT + 1) > 0);
    const parts = { hidden: Float64Array.from(own.hidden), unembedding, targets, width };
    const column = pairColumnOf(name, own.sums, own.pairs as PairSums, parts);
    assert.is(column.without.length, 3);
    const [expected, got]: [number[], number[]] = [[], []];
    for (const id of [1, 40, vocab - 1]) {
      const other = await sampled(name, lastTokens(id), false);
      assert.equal(other.sums.phi, own.sums.phi, "the chains are the same");
      const { chi } = susceptibility(other.sums);
      for (let s = 0; s < SEQUENCES; s++) {
        const x = (s + 1) * CONTEXT - 1;
        expected.push(chi[x]);
        got.push(at(column.all, x, id));
      }
    }
    const error = rms(expected.map((value, i) => value - got[i])) / rms(expected);
    t.note(`${name}: ${error.toExponential(1)} of the root mean square`);
    // Losses are f32 of size 1 to 10, their rises 1e-2 to 1: an f32 of the loss is 1e-5 of the smallest rises, and draws average it.
    assert.ok(error < 5e-6, `${error}`);
    // With all chains but one, at the measured targets: the run's own chi without that chain.
    for (const [m, one] of (column.chains ?? []).entries()) {
      const { chi } = susceptibility(chainOf(own.sums, m));
      targets.forEach((y, x) => {
        assert.ok(Math.abs(at(one, x, y) - chi[x]) < 1e-9, `chain ${m}, context ${x}`);
      });
    }
  });
}

function chainOf(sums: Awaited<ReturnType<typeof sampled>>["sums"], chain: number) {
  const { chains, draws, tokens } = sums;
  const part = (values: ArrayLike<number>) => Array.from(values).slice(chain * tokens, (chain + 1) * tokens);
  const phi = Array.from({ length: draws }, (_, s) => sums.phi[s * chains + chain]);
  return { chains: 1, draws, tokens, phi, sumD: part(sums.sumD), sumPhiD: part(sums.sumPhiD), m2: part(sums.m2) };
}

test.run();
