"""The result of agreement.py as agreement.json and as tables for people, README.md beside it."""

import json
from pathlib import Path

METHOD = """
## What is the same on both sides

- Model (`models/nano`, float32), and text: {sequences} sequences of nano's corpus are minibatches, fixed batch and probe in one.
- Components and their weights, SGLD's update, `lr`, `n_beta`, `localization` and their scale by component, chains, draws,
  updates before and between draws, batch size: all in `run.json`, which both sides read.
- Losses at the trained weights differ by at most {baseline:.1e} nats.
- chi of this project is that of its run directory. devinterp's draws are those of its `sample`; chi is taken from them by
  the formula of `chain_moments.py`, after the script has seen that `compute_susceptibilities` gives the same.

Steps are long on purpose, as in this project's own runs of nano: `lr * localization` is {step:.2g}, so weights in flat
directions forget themselves in {tau:.3g} updates and vary {bias:.2f} times as much as under the posterior. Both sides sample
the same discretized chain.

## What is not

- Noise and minibatches. devinterp shuffles the sequences once for each chain and goes through the same {batches} minibatches
  in a circle; here every minibatch is drawn anew, with replacement. It does not show: at the trained weights a
  minibatch's gradient noise is at most 0.5 % of SGLD's own variance in any direction of any of these components.
- devinterp draws after the first update of each interval, here the draw is after the last; the chains are stationary.
- `match_sampling_input_ids_across_chains` is False, else devinterp's chains share minibatches and are not independent.
- `unembed`: transformers 5 calls its weight `lm_head.weight`, devinterp {devinterp} looks for `embed_out.weight` and finds no
  weights at all, without a word. The script hands it the mask by name.
- `init_loss` is taken in one pass over the text (`num_init_loss_batches` times the batch size is the number of sequences),
  so that it is L(w*) of the text that phi is measured on. Where it is of other text, phi has an offset, which
  `two_chain` does not cancel.

## Make it anew

With Python 3.11 and Node, from the repository's root. devinterp takes at most 7 minutes a seed on one core and
is kept in `runs/devinterp`:

    pip install -r goldens/devinterp/requirements.txt
    npx spectroscope run --config goldens/devinterp/run.json --out runs/agreement
    python goldens/reference/agreement.py --run runs/agreement

The script exits with 1 where a component does not agree.
"""


def row(*cells: object) -> str:
    return f"| {' | '.join(str(cell) for cell in cells)} |"


def correlations(result: dict, estimator: str) -> list[str]:
    seeds = [f"ours, seed {seed}" for seed in result["seeds"]]
    head = ["component", "between seeds", *seeds, "difference", "slope", "verdict"]
    lines = [row(*head), row("---", *["---:"] * (len(head) - 2), "---")]
    for name, estimators in result["components"].items():
        c = estimators[estimator]
        ours = [f"{r:.4f}" for r in c["ours"]]
        difference = f"{c['difference']:+.4f} ± {c['difference_error']:.4f}"
        slope = f"{c['slope']:.3f} ± {c['slope_error']:.3f}"
        lines.append(row(name, f"{c['seeds']:.4f}", *ours, difference, slope, "agrees" if c["agrees"] else "**differs**"))
    return lines


def rises(result: dict) -> list[str]:
    head = ["component", "phi, ours", "phi, devinterp", "difference / its error", "LLC, ours", "LLC, devinterp"]
    lines = [row(*head), row("---", *["---:"] * (len(head) - 1))]
    for name, c in result["phi"].items():
        pair = [f"{mean:.4f} ± {error:.4f}" for mean, error in (c["ours"], c["devinterp"])]
        lines.append(row(name, *pair, f"{c['z']:+.1f}", *[f"{c['llc'][side]:.2f}" for side in ("ours", "devinterp")]))
    return lines


def readme(result: dict) -> str:
    config, versions = result["config"], dict(result["versions"])
    sampler = config["sampler"]
    step = sampler["lr"] * sampler["localization"]
    components = result["components"]
    agreeing = sum(c["two_chain"]["agrees"] for c in components.values())
    method = METHOD.format(
        baseline=result["baseline_difference"],
        step=step,
        tau=2 / step,
        bias=1 / (1 - step / 4),
        sequences=config["pool_sequences"],
        batches=config["pool_sequences"] // sampler["batch_size"],
        devinterp=versions["devinterp"],
    )
    settings = ", ".join(f"{key} {value}" for key, value in sampler.items())
    scales = ", ".join(f"{name} {scale}" for name, scale in config["component_scale"].items())
    made = ", ".join(f"{name} {value}" for name, value in versions.items())
    lines = [
        f"# Agreement with devinterp {versions['devinterp']}",
        "",
        f"**{agreeing} of {len(components)} components agree.** `goldens/reference/agreement.py` wrote this file, and all digits to",
        "`agreement.json`.",
        "",
        "Two estimates that are equally noisy correlate over tokens as two seeds of one of them do. So a component agrees when",
        "this project's chi correlates with that of every seed of devinterp at least as well as devinterp's seeds correlate with",
        f"each other, less {result['tolerance']}. `difference` is the lowest of ours less that between seeds. `slope` is the scale of our chi",
        "against devinterp's, from products of independent runs, so that noise does not lower it; 1 is expected, because both",
        "estimate the same multiple of chi. Errors are the jackknife's over the chains of all runs.",
        "",
        "## chi by `two_chain`, devinterp's estimator",
        "",
        *correlations(result, "two_chain"),
        "",
        f"Different components correlate with each other by at most {result['between_components']:.2f} (absolute, between devinterp's seeds).",
        "",
        "## chi by `single_chain`, from the same draws",
        "",
        "A harder look at the same question, with the same bound: the plain covariance is noisier at the same number of draws.",
        "",
        *correlations(result, "single_chain"),
        "",
        "## Mean rise of the loss, nats, and learning coefficient",
        "",
        f"phi with its standard error over chains; devinterp's is the mean of its seeds. LLC is `n_beta`, {sampler['n_beta']}, times phi.",
        "",
        *rises(result),
        "",
        f"Settings: {settings}.",
        f"`component_scale` multiplies lr and divides localization: {scales}.",
        f"Versions: {made}. Adapter: {result['adapter']}.",
    ]
    return "\n".join(lines) + "\n" + method


def write_table(folder: Path, result: dict) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "agreement.json").write_text(json.dumps(result, indent=1) + "\n")
    (folder / "README.md").write_text(readme(result))
