/** Which updates are judged: as many as were asked for, spread evenly, the last draw's among them. */
import * as assert from "uvu/assert";
import { suite } from "../../harness/test/suite";
import { plainSgld, type SamplerSettings } from "../config/sampler";
import { AcceptanceCheck, MOST_ELEMENTS } from "./acceptance-check";
import type { ChainSpec } from "./chain-plans";
import type { Laboratory } from "./laboratory";
import type { LockstepComponent } from "./lockstep-plans";

const test = suite("runtime/sampler/acceptance-check");

const settings: SamplerSettings = {
  ...plainSgld,
  ...{ seed: 0, lr: 0.01, n_beta: 1, localization: 1, num_chains: 2, num_draws: 10 },
  ...{ num_burnin_steps: 0, num_steps_bw_draws: 1, batch_size: 1 },
};

interface Asked {
  readonly checks?: number;
  readonly size?: number;
  readonly changes?: Partial<SamplerSettings>;
}

/** Draws before which an update is judged. */
function judged({ checks, size = 1, changes = {} }: Asked): number[] {
  const own = { ...settings, ...changes };
  const spec = { settings: own, restriction: { name: "w", slices: [] }, acceptanceChecks: checks };
  const planned = { kind: "sgld", block: { size } };
  const [lab, of, component] = [{}, spec, planned] as unknown as [Laboratory, ChainSpec, LockstepComponent];
  const check = new AcceptanceCheck(lab, of, component, undefined);
  return Array.from({ length: own.num_draws }, (_, draw) => draw).filter((draw) => check.due(draw));
}

test("the k-th of n checks is that of the first draw with which k in n of all draws are done", () => {
  // Of 10 draws a quarter are 2.5, a half 5, three quarters 7.5: after 3, 5, 8 and 10 of them.
  assert.equal(judged({ checks: 4 }), [2, 4, 7, 9]);
  assert.equal(judged({ checks: 1 }), [9]);
  assert.equal(judged({ checks: 3 }), [3, 6, 9]);
  assert.equal(judged({ checks: 10 }), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
});

test("no more than there are draws, and none where none are asked for", () => {
  assert.equal(judged({ checks: 40, changes: { num_draws: 3 } }), [0, 1, 2]);
  assert.equal(judged({ checks: 0 }), []);
  assert.equal(judged({}), []);
});

test("steps that have no acceptance, and chains that are too large to read, are not judged", () => {
  assert.equal(judged({ checks: 2, changes: { noise_level: 0.5 } }), []);
  assert.equal(judged({ checks: 2, changes: { bounding_box_size: 1 } }), []);
  // Two chains: half of the elements each are just not too many.
  assert.equal(judged({ checks: 2, size: MOST_ELEMENTS / 2 }), [4, 9]);
  assert.equal(judged({ checks: 2, size: MOST_ELEMENTS / 2 + 1 }), []);
});

test.run();
