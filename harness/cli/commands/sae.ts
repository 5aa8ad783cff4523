import { SAE_FORMS } from "../../../models/hub/sae";
import { compareFeatures } from "../../../runtime/measure/sae";
import { writeComparison } from "../../../runtime/measure/sae-files";
import { READ_POSITIONS } from "../../../runtime/measure/sae-result";
import { writeReport } from "../../report/write";
import { withAnalyzedRun } from "../analyzed-run";
import { ADAPTER, command, JSON_FLAG, output } from "../command";
import { openSaeFor } from "../sae/open";
import { featuresTable } from "../tables/features";

/** Holds the clusters of a run against the features of a sparse autoencoder. */
export const sae = command(
  {
    name: "sae",
    summary:
      "Hold the clusters of a run against the features of a sparse autoencoder, with a null and token ids beside.",
    options: {
      sae: { type: "string", placeholder: "SAE", help: `${SAE_FORMS}; a run of nano has one of its own` },
      "sae-model": {
        type: "string",
        placeholder: "MODEL",
        help: "the model that it reads (default the run's own); another must have the same tokens",
      },
      hook: {
        type: "string",
        placeholder: "POINT",
        help: 'where it reads the model, instead of what its files say: "l3 resid_post", "blocks.3.hook_resid_post"',
      },
      at: {
        type: "choice",
        choices: READ_POSITIONS,
        default: "token",
        help: "where features are read: at the token, or one before it, where it is predicted",
      },
      active: { type: "number", min: 0, default: 0, help: "a feature fires where its code is larger" },
      "min-fires": {
        type: "integer",
        min: 1,
        default: 5,
        help: "tokens that a feature fires on, to be counted where features are matched with clusters",
      },
      permutations: { type: "integer", min: 99, max: 100_000, default: 200, help: "of the null" },
      strata: {
        type: "choice",
        choices: ["target", "input", "both"],
        default: "target",
        help: "ids whose tokens the null exchanges: the token's, that of the one before, or both",
      },
      random: {
        type: "integer",
        min: 0,
        max: 100,
        default: 1,
        help: "encoders of random directions beside it, each costs as much as the autoencoder; 0: none",
      },
      seed: { type: "integer", min: 0, default: 0, help: "of permutations and random directions" },
      adapter: ADAPTER,
      json: JSON_FLAG,
    },
    positionals: [{ name: "RUN", help: "run directory, analyzed" }],
    examples: [
      "sae runs/nano",
      "sae runs/nano --at prediction",
      "sae runs/pythia-14m --sae saes/layers.3 --sae-model EleutherAI/pythia-70m",
    ],
  },
  async ({ values, positionals: [path] }) => {
    return withAnalyzedRun(path, values, async ({ run, subject, attention, progress, onDevice }) => {
      const { config, model, corpora } = subject;
      const { probe } = corpora;
      const names = { sae: values.sae, model: values["sae-model"], hook: values.hook };
      const opened = await openSaeFor(names, { name: config.model, model, probe }, progress, attention.signal);
      const { at, active, permutations, strata, seed, random } = values;
      const counts = { permutations, minFires: values["min-fires"], randomDraws: random };
      const options = { at, active, seed, strataBy: strata, ...counts };
      const comparison = await onDevice((device) =>
        compareFeatures({ run, probe, device, ...opened, ...options, ...attention }),
      );
      const lost = await writeComparison(run, comparison);
      if (lost) progress.say(`earlier comparisons are lost: ${lost}`);
      const report = await writeReport(run, path);
      output(
        values.json
          ? JSON.stringify({ run: path, report, ...comparison })
          : `${featuresTable(comparison)}\nreport: ${report}`,
      );
      return 0;
    });
  },
);
