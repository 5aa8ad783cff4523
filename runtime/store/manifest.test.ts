/** The manifest of a run: read key by key, refused where it is not what was written, made again where it is lost. */

import * as assert from "uvu/assert";
import { example, exampleUnits, writeExample } from "../../harness/test/example-samples";
import { refused } from "../../harness/test/refused";
import { storeKinds } from "../../harness/test/stores";
import { suite } from "../../harness/test/suite";
import type { Manifest } from "./manifest";
import { Run } from "./run";
import { seal } from "./sealed";
import { need, type Store } from "./store";

const test = suite("runtime/store/manifest");

const options = (changes: object = {}) => ({
  config: { sampler: { lr: 0.01, num_chains: 4 }, seed: 1, ...changes },
  provenance: { adapter: "a" },
  plan: exampleUnits(["full", "l0h3", "l0 attn"]),
});
const text = (value: string) => new TextEncoder().encode(value);

/** Samples a unit: a made-up store in its place, then noted. */
async function sampleUnit(run: Run, unit: string): Promise<void> {
  await writeExample(run.samplesStore(unit), example(1, { restriction: unit }));
  await run.finishUnit(unit);
}

/** Changes what the manifest says. */
const altered = (store: Store, change: (manifest: Manifest) => object) =>
  need(store, "manifest.json").then(async (bytes) => {
    const { sha256: _, ...manifest } = JSON.parse(Buffer.from(bytes).toString());
    await store.set("manifest.json", text(JSON.stringify(await seal(change(manifest)))));
  });

for (const { kind, open } of storeKinds(test)) {
  test(`${kind}: a manifest is read key by key, and is what was written`, async () => {
    const store = open("forms");
    const run = await Run.begin(store, options());
    await sampleUnit(run, "l0h3");
    const whole = await need(store, "manifest.json");
    type Loose = Record<string, unknown>;
    type Wild = Loose & { units: Record<string, Loose>; plan: (Loose & { settings: Loose })[]; results: Loose };
    const cases: [RegExp, (manifest: Wild) => void][] = [
      [/units\.full is null, expected an object/, ({ units }) => Object.assign(units, { full: null })],
      [
        /units\.full\.directory is "\.\.\/x", expected one of samples_full\.zarr/,
        ({ units }) => Object.assign(units.full, { directory: "../x" }),
      ],
      [
        /units\.full\.directory is "samples_l0h3\.zarr"/,
        ({ units }) => Object.assign(units.full, { directory: units.l0h3.directory }),
      ],
      [/units\.full\.directory is "\/etc"/, ({ units }) => Object.assign(units.full, { directory: "/etc" })],
      [
        /units\.full\.state is 1, expected one of pending, done/,
        ({ units }) => Object.assign(units.full, { state: 1 }),
      ],
      [
        /units\.full\.chains is a list of 1, expected chains of the plan's unit/,
        ({ units }) => Object.assign(units.full, { chains: [9] }),
      ],
      [/units\.l0h3\.sha256 is missing, expected a text/, ({ units }) => delete units.l0h3.sha256],
      [
        /units\.other is an object, expected no entry: the plan has no such unit/,
        ({ units }) => Object.assign(units, { other: units.full }),
      ],
      [/units is a list of 0, expected an object/, (manifest) => Object.assign(manifest, { units: [] })],
      [/plan\[0\]\.chains is missing, expected a list/, ({ plan }) => delete plan[0].chains],
      [
        /plan\[0\]\.chains is a list of 2, expected numbers of chains, ascending/,
        ({ plan }) => Object.assign(plan[0], { chains: [1, 0] }),
      ],
      [/plan\[0\] is null/, ({ plan }) => (plan as unknown[]).splice(0, 1, null)],
      [
        /plan\[1\]\.settings\.lr is "0\.1", expected a number, above 0/,
        ({ plan }) => Object.assign(plan[1].settings, { lr: "0.1" }),
      ],
      [
        /plan\[1\]\.match is an object, expected names of units/,
        ({ plan }) => Object.assign(plan[1], { match: { chains: "x", prior: "full" } }),
      ],
      [/plan is a list of 4, expected units of different names/, ({ plan }) => plan.push(plan[0])],
      [/provenance\[0\] is 7/, (manifest) => Object.assign(manifest, { provenance: [7] })],
      [
        /results\.\.\.\/x is "\w+", expected no entry: its key/,
        ({ results }) => Object.assign(results, { "../x": "0".repeat(64) }),
      ],
      [/results\.x is "00", expected a SHA-256/, ({ results }) => Object.assign(results, { x: "00" })],
      [
        /config\.inputs\.text is 7, expected a text/,
        ({ config }) => Object.assign(config as Loose, { inputs: { weights: "0", text: 7 } }),
      ],
      [/config is a list of 0/, (manifest) => Object.assign(manifest, { config: [] })],
    ];
    for (const [line, change] of cases) {
      await store.set("manifest.json", whole);
      await altered(store, (manifest) => {
        change(manifest as unknown as Wild);
        return manifest;
      });
      for (const work of [() => Run.open(store), () => Run.begin(store, options())]) {
        await refused(
          work(),
          line,
          /manifest\.json/,
          /put it back, or delete it and give the command that began the run/,
        );
      }
    }
    // Sound in form, another in value.
    await store.set("manifest.json", text(Buffer.from(whole).toString().replace('"seed": 1', '"seed": 2')));
    await refused(Run.open(store), /manifest\.json: altered or damaged: it is not what was written; put it back/);
    // As the hint says.
    await store.delete("manifest.json");
    await store.set("results.json", text("{}"));
    await refused(Run.begin(store, options()), /holds results\.json but no manifest\.json/);
    const again = await Run.begin(store, { ...options(), leaves: ["results.json"] });
    assert.equal(again.units("done"), ["l0h3"]);
    assert.match(again.remarks.join(), /had no manifest\.json, which is made again; 1 units are whole/);
    assert.equal(await need(store, "manifest.json"), whole);
  });
}

test.run();
