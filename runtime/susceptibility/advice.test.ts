import * as assert from "uvu/assert";
import { suite } from "../../harness/test/suite";
import { plainSgld, type SamplerSettings } from "../config/sampler";
import { burninWanted, relaxationTime } from "../sampler/relaxation";
import { advice, type ComponentHealth } from "./advice";

const test = suite("runtime/susceptibility/advice");

/** tau = 2 / (1e-3 * 200) = 10 updates. */
const good: SamplerSettings = {
  ...plainSgld,
  seed: 0,
  lr: 1e-3,
  n_beta: 10,
  localization: 200,
  num_chains: 4,
  num_draws: 100,
  num_burnin_steps: 30,
  num_steps_bw_draws: 25,
  batch_size: 16,
};

const healthy: ComponentHealth = {
  name: "l0h0",
  meanRise: 0.2,
  rHat: 1.01,
  effectiveDraws: 300,
  lag1: 0.1,
  stepError: 0.02,
};

const rmsprop = { sampling_method: "rmsprop_sgld", lr: 1e-4, rmsprop_init: "zeros" } as const;

/** The one line that these settings and components give. */
function only(settings: Partial<SamplerSettings>, components: readonly Partial<ComponentHealth>[] = [{}]): string {
  const lines = advice(
    { ...good, ...settings },
    components.map((c) => ({ ...healthy, ...c })),
  );
  assert.is(lines.length, 1, JSON.stringify(lines));
  return lines[0];
}

function silent(settings: Partial<SamplerSettings>, components: readonly Partial<ComponentHealth>[] = [{}]): void {
  assert.equal(
    advice(
      { ...good, ...settings },
      components.map((c) => ({ ...healthy, ...c })),
    ),
    [],
  );
}

test("one component of several that is thrown off by its steps is enough to say nothing else", () => {
  // With 2 draws of 400 effective, which would be said of chains that stay.
  const few = { effectiveDraws: 2 };
  assert.match(only({}, [{ ...few, stepError: 2.1 }, few]), /Steps of l0h0 are too large.*\(1 of 2\)/);
});

test("what to do about a rise is said with numbers: by n_beta where nothing pulls, else by pull and step together", () => {
  // A quarter of the rise is aimed at, 0.15 / 0.6: a quarter of lr and four times the pull.
  const high = { meanRise: 0.6 };
  assert.match(
    only({}, [high]),
    /up to 0\.6 \(l0h0\).*\(1 of 1\)\. Raise localization to 800 and lower lr to 0\.00025, which keeps tau\.$/,
  );
  // 0.15 / 0.03 = 5 times the rise.
  const low = { meanRise: 0.03 };
  assert.match(
    only({}, [low]),
    /Lower localization to 40 and raise lr to 0\.005, which keeps tau, or lower n_beta to 2\.$/,
  );
  assert.match(only({ n_beta: 0 }, [low]), /which keeps tau\.$/);
  const free = { localization: 0, llc_weight_decay: 200 };
  assert.match(only(free, [high]), /Raise n_beta to 40\.$/);
  assert.match(only(free, [low]), /Lower n_beta to 2\.$/);
  // One of three: its own scale. Half of them: all.
  assert.match(only({}, [high, {}, {}]), /Lower their component_scale to 0\.25 times/);
  assert.match(only({}, [low, {}, {}]), /Raise their component_scale to 5 times/);
  assert.match(only({}, [high, {}]), /Raise localization to 800/);
  // A rise of next to nothing asks for a hundredfold at most, one without bound for a hundredth at least.
  assert.match(only({}, [{ meanRise: 0 }]), /Lower localization to 2 and/);
  assert.match(only({}, [{ meanRise: 1e6 }]), /Raise localization to 20000 and/);
  silent({}, [{ meanRise: 0.5 }, { meanRise: 0.05 }]);
});

test("a good run gets no advice, nor does what was not measured", () => {
  silent({});
  silent({ ...rmsprop });
  assert.equal(advice(good, [{ name: "l0h0", meanRise: 0.2 }]), []);
  assert.equal(advice(good, []), []);
});

test("thinning below 2.5 tau, unless draws are seen to be independent", () => {
  const thin = { num_steps_bw_draws: 3, num_burnin_steps: 40 };
  const line = only(thin, [{ lag1: 0.5 }, { name: "embed", lag1: 0.8 }, { name: "unembed", lag1: 0.2 }]);
  assert.match(line, /Thinning is 0\.3 tau \(tau is 10 updates/);
  assert.match(line, /raise num_steps_bw_draws to 25\./);
  assert.match(line, /by up to 0\.8: l0h0, embed \(2 of 3\)/);
  silent(thin, [{ lag1: 0.29 }, { lag1: 0.1 }]);
  silent(thin, [{ lag1: 0.29 }]);
  assert.match(only(thin, [{ lag1: 0.3 }]), /by up to 0\.3: l0h0 \(1 of 1\)/);
  assert.match(only(thin, [{ lag1: undefined }]), /to 25\.$/);
  const estimated = only({ ...rmsprop, ...thin }, [{ lag1: 0.6 }]);
  assert.match(estimated, /tau is 10 updates .* lr \/ rmsprop_eps/);
});

test("a first draw before 3 tau; RMSprop that starts at 1 takes longer", () => {
  const line = only({ num_burnin_steps: 4 });
  assert.match(line, /after 29 updates, where 3 tau are 30: /);
  assert.match(line, /Raise num_burnin_steps to 30\./);
  silent({ num_burnin_steps: 5 });
  const slow = only({ ...rmsprop, rmsprop_init: "ones" });
  assert.match(slow, /after 55 updates, where 3 tau are 30; RMSprop's start at 1 makes early steps smaller/);
  const wanted = burninWanted({ ...good, ...rmsprop, rmsprop_init: "ones" })!;
  assert.match(slow, new RegExp(`so that ${wanted} updates do what 30 would later`));
  assert.match(slow, new RegExp(`Raise num_burnin_steps to ${wanted}\\.`));
  silent({ ...rmsprop, rmsprop_init: "ones", num_burnin_steps: wanted });
});

test("burn-in of RMSprop by its own steps: the pull alone, run update by update, has decayed by exp(-3)", () => {
  for (const alpha of [0.99, 0.9]) {
    const settings = { ...good, ...rmsprop, rmsprop_init: "ones", rmsprop_alpha: alpha } as const;
    let v = 1;
    let left = 1;
    let updates = 0;
    while (left > Math.exp(-3)) {
      updates++;
      v *= alpha;
      const step = settings.lr / (Math.sqrt(v / (1 - alpha ** updates)) + settings.rmsprop_eps);
      // In continuous time, which the relaxation time speaks of.
      left *= Math.exp((-step * settings.localization) / 2);
    }
    assert.is(burninWanted(settings), updates);
  }
  assert.is(burninWanted(good), 30);
  assert.is(relaxationTime({ ...good, llc_weight_decay: 200 }), 5);
  assert.is(burninWanted({ ...good, localization: 0 }), undefined);
});

test("of several that are equally far off the first is named", () => {
  assert.match(only({}, [{ stepError: 0.6 }, { name: "embed", stepError: 0.6 }]), /Steps of l0h0 are too large/);
  assert.match(only({}, [{ meanRise: 0.01 }, { name: "embed", meanRise: 0.01 }]), /down to 0\.01 \(l0h0\)/);
});

test("no pull, and a pull that steps overshoot", () => {
  const free = only({ localization: 0 });
  assert.match(free, /localization and llc_weight_decay are 0/);
  // 2 * 2.5 / (1e-3 * 25).
  assert.match(free, /Set localization to 200,/);
  const wild = only({ ...rmsprop, lr: 2e-3 });
  assert.match(wild, /Steps of 0\.02 overshoot a pull of 200/);
  assert.match(wild, /Lower lr to 0\.0005\./);
});

test("SGLD's bias above 1.3", () => {
  // eps Lambda = 1: 1 / (1 - 1/4).
  const line = only({ lr: 5e-3 });
  assert.match(line, /1\.33 times the posterior's/);
  assert.match(line, /lower lr to 0\.0018 for 1\.1 times, and raise num_steps_bw_draws to 69\./);
  silent({ lr: 4.5e-3 });
});

test("a step error above 0.3 a weight, and above what the pull alone has", () => {
  const line = only({}, [{ stepError: 0.4 }, { name: "embed", stepError: 0.6 }, { name: "l0 mlp" }]);
  assert.match(line, /Steps of embed are too large for its loss: .* off by 0\.6 a weight/);
  // (0.06 / 0.6)^(2/3) = 0.215.
  assert.match(
    line,
    /l0h0, embed \(2 of 3\)\)\. Lower lr to 0\.00022 and raise num_steps_bw_draws to 117, or lower n_beta/,
  );
  silent({}, [{ stepError: 0.3 }]);
  assert.match(only({}, [{ stepError: Number.POSITIVE_INFINITY }]), /Lower lr to 0\.000001 /);
  // Chains that fly say nothing else of themselves; and while steps are too large a rise may be theirs.
  const flown = only({}, [{ stepError: 5e5, meanRise: 12, rHat: 2, effectiveDraws: 3 }]);
  assert.match(flown, /off by 500000 a weight.*or lower n_beta/);
  assert.match(only({}, [{ stepError: 0.5, meanRise: 1.5 }]), /Steps of l0h0/);
  // x = lr * localization = 1.4: the pull's own error is 0.51, and the rule of the bias speaks of it.
  const flat = { lr: 7e-3, num_burnin_steps: 100 };
  assert.match(only(flat, [{ stepError: 0.6 }]), /variance of chains is 1\.54 times/);
  assert.match(only(flat, [{ stepError: 0.7 }]), /Steps of l0h0/);
});

test("R-hat above 1.1, with the names of whom", () => {
  const many = Array.from({ length: 9 }, (_, i) => ({ name: `l1h${i}`, rHat: 1.2 + i / 100 }));
  const line = only({}, [{}, ...many]);
  assert.match(line, /up to 1\.28: .* l1h0, l1h1, l1h2, l1h3, l1h4, l1h5 and 3 more \(9 of 10\)/);
  assert.match(line, /Raise num_draws to 200\./);
  const early = advice({ ...good, num_burnin_steps: 0, num_steps_bw_draws: 25 }, [{ ...healthy, rHat: 1.3 }]);
  assert.match(early.join("\n"), /Raise num_burnin_steps to 625 or num_draws to 200\./);
  silent({}, [{ rHat: 1.1 }]);
  // Of a few draws R-hat is above the bound by chance; direct draws are independent.
  silent({ num_draws: 12 }, [{ rHat: 1.3 }]);
  silent({ n_beta: 0 }, [{ rHat: 1.3, stepError: undefined }]);
});

test("few effective draws: more of them, or, where draws are alike, more steps between them", () => {
  const few = only({}, [{ effectiveDraws: 50 }, { name: "embed", effectiveDraws: 80 }]);
  assert.match(few, /down to 50 \(l0h0\): l0h0, embed \(2 of 2\)\. Raise num_draws to 200\./);
  const alike = only({}, [{ effectiveDraws: 20 }, { name: "embed" }]);
  assert.match(alike, /Only 20 of 400 draws are effective in l0h0, under 10 % in l0h0 \(1 of 2\)/);
  assert.match(alike, /Raise num_steps_bw_draws to 250\./);
  const manyDraws = only({ num_draws: 1000 }, [{ effectiveDraws: 300 }]);
  assert.match(manyDraws, /Only 300 of 4000 draws/);
  silent({}, [{ effectiveDraws: 100 }]);
  silent({}, [{ effectiveDraws: 50, reliability: 0.7 }]);
  assert.is(only({}, [{ effectiveDraws: 50, reliability: 0.69 }]), only({}, [{ effectiveDraws: 50 }]));
});

test("a loss that rises too little or too much; by the pull for all, by their scale for some", () => {
  const low = only({}, [{ meanRise: 0.03 }, { name: "embed", meanRise: 0.01 }]);
  assert.match(
    low,
    /less than 0\.05 nats, down to 0\.01 \(embed\), which is the nearest neighborhood .*: l0h0, embed \(2 of 2\)/,
  );
  assert.match(low, /Lower localization to 40 and raise lr to 0\.005, which keeps tau, or lower n_beta to 2\./);
  const one = only({}, [{ meanRise: 0.03 }, {}, {}]);
  assert.match(one, /Raise their component_scale to 5 times what it is\./);
  const high = only({}, [{ meanRise: 1.5 }]);
  assert.match(high, /more than 0\.5 nats, up to 1\.5 \(l0h0\)/);
  assert.match(high, /Raise localization to 2000 and lower lr to 0\.0001, which keeps tau\.$/);
  assert.match(only({}, [{ meanRise: 1.5 }, {}, {}]), /Lower their component_scale to 0\.1 times what it is\./);
  silent({}, [{ meanRise: 0.05 }, { meanRise: 0.5 }]);
  silent({}, [{ meanRise: 0.01, reliability: 0.7 }]);
  assert.match(only({}, [{ meanRise: 0.01, reliability: 0.5 }]), /rises by less than 0\.05 nats/);
});

test("a loss that falls: the trained weights are no minimum of the sampling task", () => {
  const line = only({}, [{ meanRise: -0.02 }, { name: "embed" }]);
  assert.match(line, /fell below the trained weights' loss, by 0\.02 nats in l0h0: the trained weights are no minimum/);
  assert.match(line, /\(sampling_task\), or raise localization to 800\./);
});

test("one chain, and noise that is not the posterior's", () => {
  assert.match(only({ num_chains: 1 }), /One chain: chi has no errors.* Raise num_chains to 4\./);
  assert.match(only({ noise_level: 0.5 }), /noise_level is 0\.5: .* divided by 0\.25, .* Set noise_level to 1\./);
  assert.match(only({ noise_level: 0 }), /chains descend and sample nothing/);
});

test("draws without a chain have no steps to speak of", () => {
  silent({ n_beta: 0, num_steps_bw_draws: 1, num_burnin_steps: 0, lr: 5e-3 }, [{ stepError: undefined }]);
});

const baoab = { sampling_method: "sgmcmc_baoab" } as const;

test("BAOAB: hot momenta ask for smaller steps or larger batches, by more than chance alone, and no step has a bias", () => {
  const warm = { stepError: undefined, temperature: 1.06, temperatureError: 0.005 };
  const line = only(baoab, [warm, { ...warm, name: "embed", temperature: 1.2 }]);
  assert.match(
    line,
    /^Momenta of embed are too hot: their kinetic temperature is 1\.2, .* \(l0h0, embed \(2 of 2\)\)\./,
  );
  assert.match(line, /Lower lr to 0\.00025 and raise num_steps_bw_draws to 50, or raise batch_size to 64\.$/);
  assert.not.match(only({ ...baoab, batch_size: 0 }, [warm]), /batch_size/);
  silent(baoab, [{ ...warm, temperatureError: 0.03 }]);
  silent(baoab, [{ ...warm, temperature: 1.02 }]);
  // Of the stability limit 2 a step of 1.9, at which SGLD's variance would be ten times the posterior's.
  silent({ ...baoab, lr: 3.6 / 200 });
});

test("BAOAB's burn-in and thinning follow its own relaxation", () => {
  const own: SamplerSettings = { ...good, ...baoab, lr: 2e-4 };
  // Little friction: momenta and positions swing, and both fall as exp(-friction step / 2) an update.
  const tau = 2 / (1.5 * Math.sqrt(0.04));
  assert.ok(Math.abs(relaxationTime(own) - tau) < 1e-9);
  assert.is(burninWanted(own), Math.ceil(3 * tau));
  // Much: positions creep, friction / step updates long.
  const slow = relaxationTime({ ...own, friction: 40, lr: 5e-8 });
  assert.ok(Math.abs(slow / (40 / Math.sqrt(1e-5)) - 1) < 0.01, `${slow}`);
  const said = advice({ ...own, num_burnin_steps: 0, num_steps_bw_draws: 2 }, [{ ...healthy, lag1: 0.8 }]).join("\n");
  assert.match(said, /raise num_steps_bw_draws to 17\./);
  assert.match(said, /Raise num_burnin_steps to 20\./);
});

test.run();
