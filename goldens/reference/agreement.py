"""Agreement with devinterp: the same model, text and settings through both, and how far their chi agree over tokens.

    python goldens/reference/agreement.py --run runs/agreement

Needs goldens/devinterp/requirements.txt, and Node and node_modules for the text. Both sides read goldens/devinterp/run.json.
devinterp is run once for each seed and kept in a folder; the result goes to goldens/devinterp. Two measurements that are
equally noisy correlate as two seeds of one of them do, so that is what ours is held to, less TOLERANCE.
"""

import argparse
import json
import os
import shutil
import sys
import time
import warnings
from importlib.metadata import version
from pathlib import Path

os.environ.setdefault("TQDM_DISABLE", "1")

import numpy as np  # noqa: E402
import torch  # noqa: E402
from datasets import Dataset  # noqa: E402
from devinterp.slt.sampling import sample  # noqa: E402
from devinterp.slt.susceptibilities import compute_susceptibilities  # noqa: E402
from devinterp.slt.weight_restrictions import create_param_masks  # noqa: E402
from transformers import GPTNeoXForCausalLM  # noqa: E402

from agreement_statistics import TOLERANCE, agreement, between_components, rises  # noqa: E402
from agreement_table import write_table  # noqa: E402
from chain_moments import Moments  # noqa: E402
from measured_run import MeasuredRun  # noqa: E402
from nano import NANO, ROOT, corpus  # noqa: E402

OUT = ROOT / "goldens" / "devinterp"
# First chain's seed of each run of devinterp; chain m takes this plus m.
SEEDS = [1000, 2000]
PACKAGES = ["devinterp", "torch", "transformers", "numpy"]


class Devinterp:
    """devinterp's side: one call of its `sample` for every restriction and seed."""

    def __init__(self, config: dict, folder: Path):
        self.config, self.folder = config, folder
        self.model = GPTNeoXForCausalLM.from_pretrained(NANO, dtype=torch.float32)
        self.context = self.model.config.max_position_embeddings
        ids = corpus(config["probe_seed"], config["probe_sequences"], self.context)
        self.ids = ids.numpy()
        self.dataset = Dataset.from_dict({"input_ids": ids.tolist()}).with_format("torch")
        self.baseline = self._baseline()

    def settings(self, restriction: str) -> dict:
        """Of one restricted run, with the component's scale as spectroscope applies it."""
        sampler, scale = self.config["sampler"], self.config["component_scale"].get(restriction, 1)
        batches = self.config["probe_sequences"] // sampler["batch_size"]
        names = ["n_beta", "num_chains", "num_draws", "num_burnin_steps", "num_steps_bw_draws", "batch_size"]
        return {
            **{name: sampler[name] for name in names},
            "lr": sampler["lr"] * scale,
            "localization": sampler["localization"] / scale,
            # One pass over all sequences, so that init_loss is the exact mean over the text that phi is measured on.
            "num_init_loss_batches": batches,
            "batches_per_draw": batches,
            # Else the chains of a run share their minibatches.
            "match_sampling_input_ids_across_chains": False,
        }

    def masks(self, restriction: str):
        masks = create_param_masks(self.model, restriction)
        # transformers 5 calls the unembedding lm_head; devinterp 2.0.1 looks for embed_out and finds nothing.
        return {"lm_head.weight": None} if restriction == "unembed" and not masks else masks

    def samples(self, restriction: str, seed: int):
        """devinterp's DataTree: from the folder when it was run with these settings before."""
        path = self.folder / f"seed_{seed}" / f"samples_{restriction}.zarr"
        root = path / "zarr.json"
        if path.exists() and json.loads(root.read_text())["attributes"].get("completed") != 1:
            shutil.rmtree(path)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return sample(
                self.model,
                self.dataset,
                {"probe": self.dataset},
                param_masks=self.masks(restriction),
                init_seed=seed,
                device="cpu",
                output_path=path,
                **self.settings(restriction),
            )

    def measure(self, restrictions: list[str], seed: int) -> dict[str, Moments]:
        """Moments by restriction, tokens in the order of the text. Refuses a formula for chi that is not devinterp's."""
        trees = {}
        for restriction in restrictions:
            since = time.perf_counter()
            trees[restriction] = self.samples(restriction, seed)
            print(f"devinterp seed {seed}, {restriction}: {time.perf_counter() - since:.0f} s", file=sys.stderr)
        result = compute_susceptibilities(trees, "probe", include_sampling_task=True)["susceptibilities"].dataset
        order = self._order(trees["full"]["input_ids_probe"].values)
        rows = lambda values: values.reshape(*values.shape[:-2], len(order), self.context)[..., order, :]
        moments = {name: self._moments(tree, rows) for name, tree in trees.items()}
        for name in result["wr"].values:
            chi = rows(result["sus"].sel(wr=name).values.astype(np.float64).reshape(len(order), self.context)).reshape(-1)
            off = np.linalg.norm(chi - moments[str(name)].two_chain(moments["full"])) / np.linalg.norm(chi)
            # devinterp takes its means of float32 losses of some nats.
            if off > 1e-3:
                raise SystemExit(f"devinterp's chi of {name} is {off:.1e} of its size off the formula of chain_moments.py")
        return moments

    def _order(self, measured: np.ndarray) -> np.ndarray:
        """Where each sequence of the text stands among devinterp's shuffled ones."""
        same = (self.ids[:, None, :] == measured[None, :, :]).all(axis=2)
        if not (same.sum(axis=1) == 1).all():
            raise SystemExit("devinterp's probe is not the text once over: was the folder made with other text?")
        return same.argmax(axis=1)

    def _moments(self, tree, rows) -> Moments:
        losses = rows(tree["loss_probe"].values.astype(np.float64))
        losses = losses.reshape(*losses.shape[:2], -1)
        if not np.isfinite(losses).all():
            raise SystemExit("devinterp gave up a chain, and left its losses unset: smaller steps are needed")
        init_loss = float(tree["init_loss"].values.mean())
        if abs(init_loss - self.baseline.mean()) > 1e-5:
            raise SystemExit(f"devinterp's init_loss is {init_loss:.6f}, not {self.baseline.mean():.6f}: delete its samples")
        return Moments.of_losses(losses, losses.mean(axis=2) - init_loss, self.baseline)

    def _baseline(self) -> np.ndarray:
        """Losses [tokens] at the trained weights, by transformers."""
        ids = torch.from_numpy(self.ids)
        with torch.no_grad():
            logits = self.model(input_ids=ids[:, :-1], use_cache=False).logits
            losses = torch.nn.functional.cross_entropy(logits.transpose(1, 2), ids[:, 1:], reduction="none")
        return losses.reshape(-1).double().numpy()


def check(config: dict, run: MeasuredRun, theirs: np.ndarray) -> float:
    """Refuses a run of other settings, text or weights; the largest difference of a loss at the trained weights, nats."""
    for key, value in config.items():
        found = run.config.get(key)
        if isinstance(value, dict):
            found = {name: (found or {}).get(name) for name in value}
        if found != value:
            raise SystemExit(f"{run.folder}: {key} is {found}, and {value} in the config: make the run anew")
    worst = float(np.abs(run.moments("full").baseline - theirs).max())
    if worst > 1e-4:
        raise SystemExit(f"{run.folder}: losses at the trained weights are {worst:.1e} nats off: other text or weights")
    return worst


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--run", type=Path, help="run directory of the same config; without it, only devinterp runs")
    parser.add_argument("--samples", type=Path, default=ROOT / "runs" / "devinterp", help="of devinterp's samples")
    parser.add_argument("--config", type=Path, default=OUT / "run.json", help="settings of both sides")
    parser.add_argument("--out", type=Path, default=OUT, help="folder of agreement.json and README.md")
    args = parser.parse_args()
    torch.set_num_threads(1)

    config = json.loads(args.config.read_text())
    components = config["weight_restrictions"]
    restrictions = ["full", *components]
    devinterp = Devinterp(config, args.samples)
    theirs = [devinterp.measure(restrictions, seed) for seed in SEEDS]
    if args.run is None:
        return
    run = MeasuredRun(args.run)
    worst = check(config, run, devinterp.baseline)
    moments = {name: run.moments(name) for name in restrictions}
    stored = run.chi(components)
    for name in components:
        off = np.linalg.norm(stored[name] - moments[name].two_chain(moments["full"])) / np.linalg.norm(stored[name])
        # chi is stored in float32, and its sums are good to 1e-6 or so.
        if off > 1e-4:
            raise SystemExit(f"{args.run}: chi of {name} is {off:.1e} of its size off its samples': is it two_chain?")
    n_beta = config["sampler"]["n_beta"]

    def pairs(name: str) -> list[tuple[Moments, Moments]]:
        return [(m[name], m["full"]) for m in (moments, *theirs)]

    result = {
        "config": config,
        "seeds": SEEDS,
        "tolerance": TOLERANCE,
        "versions": {name: version(name) for name in PACKAGES} | {"spectroscope": run.said("version")},
        "adapter": run.said("adapter"),
        "baseline_difference": worst,
        "components": {
            name: {
                "two_chain": agreement(lambda own, full: own.two_chain(full), pairs(name)),
                "single_chain": agreement(lambda own, _: own.single_chain(), pairs(name)),
            }
            for name in components
        },
        "between_components": between_components([[m[name].two_chain(m["full"]) for name in components] for m in theirs]),
        "phi": {name: rises(moments[name], [m[name] for m in theirs], n_beta) for name in restrictions},
    }
    write_table(args.out, result)
    failed = [name for name, c in result["components"].items() if not c["two_chain"]["agrees"]]
    others = f", not {', '.join(failed)}" if failed else ""
    print(f"{len(components) - len(failed)} of {len(components)} components agree{others}")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
