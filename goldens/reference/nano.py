"""Goldens of the nano model: losses, gradients, SGLD trajectories and a susceptibility matrix."""

import json
import shutil
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from chi import Draws, susceptibility, traces
from model import Block, build, load, parameters, token_losses
from philox import derive_key, normals
from sgld import Chain, Settings
from store import Store, tolerance, tolerance_l2

ROOT = Path(__file__).resolve().parents[2]
NANO = ROOT / "models" / "nano"

LOSS = tolerance(1e-5, 0, "f32 sums over the width in any order give 3e-6; a wrong formula misses by orders of magnitude")
GRADIENT = tolerance_l2(2e-5, "f32 in any order of summation gives 1e-6 to 5e-6; a wrong formula misses by orders of magnitude")
WEIGHTS = tolerance_l2(
    1.5e-6,
    "200 updates that round w to 6e-8 each and contract towards w*: 5e-8 to 4.3e-7; a gradient that is off by 0.1 % moves w by 4e-6 or more. Promised: 1e-4",
)
STEP_LOSS = tolerance(1e-4, 0, "weights within 1e-4 of the trajectory, and f32 sums")
CHI = tolerance_l2(2e-5, "means over 32 draws of products of loss differences: 6e-7 to 6e-6; the project promises 1e-2")
TRACE = tolerance_l2(2e-5, "differences of 4e-3 to 1 nats between losses good to 1e-6: 2e-7 where a component moves the loss much, 7e-6 where little")


def corpus(seed: int, sequences: int, context: int) -> torch.Tensor:
    """Ids [sequences, context + 1] of the project's generator, which is TypeScript."""
    esbuild = shutil.which("esbuild", path=str(ROOT / "node_modules" / ".bin"))
    if esbuild is None or shutil.which("node") is None:
        raise SystemExit("the nano goldens need Node and node_modules/esbuild: run `npm ci` first, or use --only kernels")
    with tempfile.TemporaryDirectory() as folder:
        bundle = Path(folder) / "export.mjs"
        options = ["--bundle", "--platform=node", "--format=esm", "--log-level=error", f"--outfile={bundle}"]
        subprocess.run([esbuild, str(ROOT / "harness" / "setup" / "corpus-text.ts"), *options], check=True)
        out = Path(folder) / "text"
        subprocess.run(["node", str(bundle), "nano", str(out), str(seed), str(sequences), str(context)], check=True)
        ids = np.fromfile(out / "ids.u8", dtype=np.uint8)
    return torch.from_numpy(ids.reshape(sequences, context + 1).astype(np.int64))


def entry(case: str, settings: dict, tolerances: dict) -> dict:
    return {"case": case, "dims": {}, "params": {}, "shared": [], "settings": settings, "tolerances": tolerances}


def loss_and_gradients(model, ids: torch.Tensor) -> tuple[dict[str, np.ndarray], dict]:
    """Tensors and tolerances of one golden: ids, losses, and the gradient of the mean loss by parameter name."""
    named = parameters(model)
    losses = token_losses(model, ids)
    grads = torch.autograd.grad(losses.mean(), list(named.values()))
    tensors = {"ids": ids.numpy().astype(np.int32), "losses": losses.detach().numpy()}
    # float32 holds a gradient to 3e-8, a thousandth of what is allowed.
    tensors |= {f"gradient/{name}": g.numpy().astype(np.float32) for name, g in zip(named, grads)}
    return tensors, {"losses": LOSS, "gradient": GRADIENT}


def prefixed(case: str, tensors: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {f"{case}/{name}": value for name, value in tensors.items()}


def make_losses(store: Store) -> None:
    model = load(NANO)
    tensors, entries = {}, []
    for case, seed, sequences, context in [("whole context", 11, 3, 64), ("ragged", 12, 2, 17)]:
        ids = corpus(seed, sequences, context)
        found, tolerances = loss_and_gradients(model, ids)
        tensors |= prefixed(case, found)
        entries.append(entry(case, {"corpus_seed": seed, "model": "models/nano"}, tolerances))
        print(f"nano {case}: mean loss {found['losses'].mean():.4f}", file=sys.stderr)
    store.write("nano/losses.safetensors", tensors, entries)


ODD = {
    "model_type": "gpt_neox",
    "architectures": ["GPTNeoXForCausalLM"],
    "vocab_size": 37,
    "hidden_size": 24,
    "num_hidden_layers": 2,
    "num_attention_heads": 3,
    "intermediate_size": 44,
    "hidden_act": "gelu",
    "max_position_embeddings": 32,
    "rotary_pct": 0.25,
    "rotary_emb_base": 10000,
    "layer_norm_eps": 1e-5,
    "use_parallel_residual": False,
    "attention_bias": True,
    "tie_word_embeddings": False,
    "bos_token_id": 0,
    "eos_token_id": 0,
}
ODD_CASES = {
    "sequential residual": {},
    "tied, no attention bias": {"tie_word_embeddings": True, "attention_bias": False, "use_parallel_residual": True, "rotary_pct": 1.0},
}


def make_odd(store: Store) -> None:
    """Random models of the other kinds that a config.json can ask for; their weights are shipped."""
    tensors, entries = {}, []
    for case, change in ODD_CASES.items():
        config = {**ODD, **change}
        model = build(config)
        weights = {}
        with torch.no_grad():
            for name, p in parameters(model).items():
                z = torch.from_numpy(normals(derive_key("golden", "odd", case, name), 0, p.numel())).reshape(p.shape)
                mean = 1.0 if name.endswith("norm.weight") else 0.0
                p.copy_((mean + 0.15 * z).to(torch.float32))
                weights[f"weight/{name}"] = p.numpy().astype(np.float32)
        ids = (torch.from_numpy(normals(derive_key("golden", "odd", case, "ids"), 0, 2 * 20)).abs() * 12).long() % config["vocab_size"]
        found, tolerances = loss_and_gradients(model, ids.reshape(2, 20))
        tensors |= prefixed(case, found | weights)
        entries.append(entry(case, {"config": config}, tolerances))
    store.write("nano/odd.safetensors", tensors, entries)


STEPS = 200
POOL = {"corpus_seed": 21, "sequences": 64, "context": 32}
SGLD = Settings(seed=7, lr=1e-4, n_beta=1000.0, localization=300.0, noise_level=1.0, batch_size=4)
RMSPROP = replace(SGLD, sampling_method="rmsprop_sgld")
# By case: the restriction and its settings. n_beta is large, so that the gradient has its say beside pull and noise.
TRAJECTORIES = {
    "full": ("full", replace(SGLD, lr=1e-5)),
    "l1h3": ("l1h3", replace(SGLD, lr=1e-3, n_beta=300.0)),
    "l0 mlp": ("l0 mlp", SGLD),
    "l1h3, rmsprop from ones": ("l1h3", replace(RMSPROP, lr=1e-3, n_beta=300.0)),
    "l0 mlp, rmsprop from zeros": (
        "l0 mlp",
        replace(RMSPROP, lr=1e-6, rmsprop_alpha=0.95, rmsprop_eps=0.01, rmsprop_init="zeros"),
    ),
    "l1 mlp[32:64], weight decay and box": (
        "l1 mlp[32:64]",
        replace(SGLD, lr=1e-3, n_beta=300.0, llc_weight_decay=100.0, bounding_box_size=0.05),
    ),
    "l1h3, baoab": ("l1h3", replace(SGLD, sampling_method="sgmcmc_baoab", lr=1e-3, n_beta=30.0)),
    "l1 mlp[32:64], baoab, weight decay and box": (
        "l1 mlp[32:64]",
        replace(SGLD, sampling_method="sgmcmc_baoab", lr=2e-3, n_beta=30.0, friction=3.0, llc_weight_decay=50.0, bounding_box_size=0.15),
    ),
    "l0h3, baoab, whole batches": ("l0h3", replace(SGLD, sampling_method="sgmcmc_baoab", lr=1e-3, n_beta=30.0, batch_size=0)),
}


def trajectories(
    model, pool: torch.Tensor, runs: dict[str, tuple[str, Settings]], steps: int, tolerance_w: dict
) -> tuple[dict, list]:
    """Tensors and entries of runs by case: the pool's ids, every restriction's blocks after `steps` updates of two chains."""
    tensors: dict[str, np.ndarray] = {"pool/ids": pool.numpy().astype(np.int32)}
    entries = []
    for case, (restriction, settings) in runs.items():
        chains = 2
        weights, losses = [], []
        for m in range(chains):
            chain = Chain(model, restriction, m, settings, pool)
            losses.append([chain.step() for _ in range(steps)])
            weights.append(chain.w.numpy())
            chain.restore()
        block = Block(model, restriction)
        tensors[f"{case}/w"] = np.stack(weights).astype(np.float32)
        tensors[f"{case}/losses"] = np.array(losses)
        about = {
            **({"restriction": restriction} if restriction != case else {}),
            **settings.as_json(),
            "num_chains": chains,
            "num_steps": steps,
            "block_size": block.size,
            "slices": [
                {"name": s.parameter, "axis": s.axis, "start": s.start, "stop": s.stop, "offset": s.offset, "size": s.size}
                for s in block.slices
            ],
        }
        entries.append(entry(case, about, {"w": tolerance_w, "losses": STEP_LOSS}))
        moved = np.linalg.norm(weights[0] - block.weights().numpy()) / np.linalg.norm(block.weights().numpy())
        print(f"sgld {case}: P {block.size}, moved {moved:.2f} |w*|, loss {losses[0][0]:.3f} to {losses[0][-1]:.3f}", file=sys.stderr)
    return tensors, entries


def make_sgld(store: Store) -> None:
    pool = corpus(POOL["corpus_seed"], POOL["sequences"], POOL["context"])
    tensors, entries = trajectories(load(NANO), pool, TRAJECTORIES, STEPS, WEIGHTS)
    store.write("nano/sgld.safetensors", tensors, [entry("pool", POOL, {}), *entries])


PIECE = replace(SGLD, lr=1e-3, n_beta=300.0)
PIECES = {name: (name, PIECE) for name in ["l0h3.q", "l0h6.k", "l1h2.v", "l1h5.o", "l0h1.k+l0h1.v+l1h2.q"]}


def make_pieces(store: Store) -> None:
    pool = corpus(POOL["corpus_seed"], POOL["sequences"], POOL["context"])
    tensors, entries = trajectories(load(NANO), pool, PIECES, STEPS, WEIGHTS)
    store.write("nano/pieces.safetensors", tensors, [entry("pool", POOL, {}), *entries])


CHI_SETTINGS = Settings(seed=3, lr=1e-4, n_beta=30.0, localization=300.0, noise_level=1.0, batch_size=4)
CHI_DRAWS = Draws(num_chains=2, num_draws=16, num_burnin_steps=8, num_steps_bw_draws=12)
# By case: the components, the run over all weights first, and their settings.
CHI_CASES = {
    "chi": (["full", "embed", "l0h2", "l1h5", "l0 mlp", "l1 mlp[32:64]"], CHI_SETTINGS),
    "chi, rmsprop": (["full", "l1h5", "l0 mlp"], replace(CHI_SETTINGS, n_beta=100.0, sampling_method="rmsprop_sgld")),
}
PROBE = {"corpus_seed": 22, "sequences": 6, "context": 32}


def chi(model, case: str, pool: torch.Tensor, probe: torch.Tensor) -> tuple[dict[str, np.ndarray], dict]:
    """Tensors and entry of a case: chi by both estimators [tokens, components], phi and traces of every draw."""
    components, chain_settings = CHI_CASES[case]
    d = {c: traces(model, c, chain_settings, CHI_DRAWS, pool, probe) for c in components}
    single, two = zip(*(susceptibility(d[c], d["full"]) for c in components))
    tensors = {
        "single_chain": torch.stack(single, dim=1).numpy(),
        "two_chain": torch.stack(two, dim=1).numpy(),
        "phi": torch.stack([d[c].mean(dim=2) for c in components]).numpy(),
        "traces": torch.stack([d[c] for c in components]).numpy().astype(np.float32),
    }
    settings = {
        **chain_settings.as_json(),
        **CHI_DRAWS.__dict__,
        "components": components,
        "pool": POOL,
        "probe": PROBE,
    }
    tolerances = {"single_chain": CHI, "two_chain": CHI, "phi": TRACE, "traces": TRACE}
    for c, column in zip(components, single):
        print(f"{case} {c}: mean phi {d[c].mean():.4f}, |chi| {column.norm():.2e}, sum {column.sum():.1e}", file=sys.stderr)
    return prefixed(case, tensors), entry(case, settings, tolerances)


def make_chi(store: Store) -> None:
    model = load(NANO)
    pool = corpus(POOL["corpus_seed"], POOL["sequences"], POOL["context"])
    probe = corpus(PROBE["corpus_seed"], PROBE["sequences"], PROBE["context"])
    tensors = {"pool/ids": pool.numpy().astype(np.int32), "probe/ids": probe.numpy().astype(np.int32)}
    entries = []
    for case in CHI_CASES:
        found, about = chi(model, case, pool, probe)
        tensors |= found
        entries.append(about)
    store.write("nano/chi.safetensors", tensors, entries)


def make_nano(store: Store) -> None:
    store.drop(lambda name: name.startswith("nano/"))
    make_losses(store)
    make_odd(store)
    make_sgld(store)
    make_pieces(store)
    make_chi(store)
