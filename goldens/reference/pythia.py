"""Goldens of models of Pythia's shapes with synthetic weights, and of true checkpoints where they can be had.

Gradients are kept as sketches (sketch.py), so that a golden of 14 M parameters takes half a megabyte.
"""

import hashlib
import json
import sys
from pathlib import Path

import numpy as np
import torch

from model import build, load, parameters, token_losses
from nano import entry, prefixed, trajectories
from sgld import Settings
from sketch import norm, samples, sketch
from store import Store, tolerance, tolerance_l2
from synthetic import fingerprint, synthetic_ids, synthetic_model

PYTHIA_14M = {
    "model_type": "gpt_neox",
    "architectures": ["GPTNeoXForCausalLM"],
    "vocab_size": 50304,
    "hidden_size": 128,
    "num_hidden_layers": 6,
    "num_attention_heads": 4,
    "intermediate_size": 512,
    "hidden_act": "gelu",
    "max_position_embeddings": 2048,
    "rotary_pct": 0.25,
    "rotary_emb_base": 10000,
    "layer_norm_eps": 1e-5,
    "use_parallel_residual": True,
    "tie_word_embeddings": False,
    "bos_token_id": 0,
    "eos_token_id": 0,
}
# Pythia-1.4B's width and vocabulary in a single layer: every buffer at its true size.
PYTHIA_WIDE = {**PYTHIA_14M, "hidden_size": 2048, "num_attention_heads": 16, "intermediate_size": 8192, "num_hidden_layers": 1}

WEIGHTS = tolerance_l2(2e-6, "8 updates that round w to 6e-8 each; a gradient that is off by 0.1 % moves w by 7e-6. Promised: 1e-4")
# What the project promises of any model, in f32; gradients by norm.
PROMISED = {"losses": 1e-5, "logits": 2e-5, "gradient": 2e-5}
VOCABULARY = ("gpt_neox.embed_in.weight", "embed_out.weight")
# Every position that Pythia reads: what grows with the position (rotary angles, sums of attention) shows in no shorter row.
LONG = {
    **PYTHIA_14M,
    "vocab_size": 64,
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 64,
    "rotary_pct": 1.0,
    "use_parallel_residual": False,
}
LOGIT_STRIDE = 4


def single(model):
    """The same model wholly in float32."""
    copy = build(model.config.to_dict())
    copy.load_state_dict(model.state_dict())
    return copy.to(torch.float32)


def relative(actual: np.ndarray, expected: np.ndarray) -> float:
    norm = np.linalg.norm(expected)
    return float(np.linalg.norm(actual - expected) / norm) if norm > 0 else float(np.abs(actual).max())


def tolerances(error: dict[str, float], strict: bool) -> dict:
    """What is promised; unless `strict`, twice PyTorch's own float32 error where a trained model makes that larger."""
    allowed = {kind: promised if strict else max(promised, 2 * error[kind]) for kind, promised in PROMISED.items()}
    own = {kind: f"PyTorch's own float32 is off by {value:.1e}" for kind, value in error.items()}
    gradient = f"{own['gradient']} at worst"
    return {
        "losses": tolerance(allowed["losses"], 0, f"{own['losses']}; a wrong formula misses by orders of magnitude"),
        "logits": tolerance(allowed["logits"], 0, f"{own['logits']}; sums over the width of numbers good to 2e-6"),
        "sketch": tolerance_l2(allowed["gradient"], f"sketches differ as the tensors do, to a fifth; {gradient}"),
        "norm": tolerance(0, allowed["gradient"], f"a norm moves by at most the norm of the error; {gradient}"),
        "samples": tolerance_l2(5 * allowed["gradient"], f"errors of the whole may gather in 256 entries; {gradient}"),
    }


def checkpoint(case: str, model, ids: torch.Tensor, settings: dict, strict: bool = True) -> tuple[dict, dict]:
    """Tensors and manifest entry: losses, logits of two positions; sketch, norm and samples of every gradient."""
    last = ids.shape[1] - 2
    positions = [[0, min(5, last)], [len(ids) - 1, last]]

    def run(m):
        losses = token_losses(m, ids)
        named = parameters(m)
        grads = torch.autograd.grad(losses.mean(), list(named.values()))
        with torch.no_grad():
            logits = [m(input_ids=ids[row : row + 1, : at + 1], use_cache=False).logits[0, -1].numpy() for row, at in positions]
        return losses.detach().numpy(), logits, {name: g.numpy() for name, g in zip(named, grads)}

    losses, logits, grads = run(model)
    tensors = {"ids": ids.numpy().astype(np.int32), "losses": losses}
    for i, values in enumerate(logits):
        tensors[f"logits/{i}"] = values[::LOGIT_STRIDE].astype(np.float32)
    for name, g in grads.items():
        tensors[f"sketch/{name}"] = sketch(name, g)
        tensors[f"norm/{name}"] = norm(g)
        tensors[f"samples/{name}"] = samples(name, g, ids.numpy().reshape(-1) if name in VOCABULARY else None)
    losses32, logits32, grads32 = run(single(model))
    error = {
        "losses": float(np.abs(losses32 - losses).max()),
        "logits": max(float(np.abs(a - b).max()) for a, b in zip(logits32, logits)),
        "gradient": max(relative(grads32[name].astype(np.float64), g) for name, g in grads.items()),
    }
    print(
        f"{case}: mean loss {losses.mean():.3f}; PyTorch in float32 is off by {error['losses']:.1e} in a loss, "
        f"{error['logits']:.1e} in a logit, {error['gradient']:.1e} relative L2 in a gradient",
        file=sys.stderr,
    )
    settings = {**settings, "logit_positions": positions, "logit_stride": LOGIT_STRIDE, "float32_error": error}
    return prefixed(case, tensors), entry(case, settings, tolerances(error, strict))


TRAJECTORIES = {
    restriction: (restriction, Settings(seed=5, lr=1e-4, n_beta=1000.0, localization=300.0, noise_level=1.0, batch_size=2))
    for restriction in ("l3h1", "l5 mlp[0:64]")
}
STEPS = 8


def make_pythia(store: Store) -> None:
    store.drop(lambda name: name.startswith("pythia/"))
    model = synthetic_model(PYTHIA_14M)
    vocabulary = PYTHIA_14M["vocab_size"]
    settings = {"config": PYTHIA_14M, "weights_sha256": fingerprint(PYTHIA_14M)}
    tensors, about = checkpoint("14m", model, synthetic_ids("14m", 2, 257, vocabulary), settings)
    store.write("pythia/14m.safetensors", tensors, [about])
    pool = synthetic_ids("pool", 4, 33, vocabulary)
    tensors, entries = trajectories(model, pool, TRAJECTORIES, STEPS, WEIGHTS)
    store.write("pythia/sgld.safetensors", tensors, [entry("pool", {"config": PYTHIA_14M}, {}), *entries])
    # What make_model makes, for a model that is committed: the test of `verify --model`.
    tensors, about = checkpoint_of(store.root / "random" / "04", {})
    store.write("pythia/checkpoint.safetensors", tensors, [about])
    tensors, about = checkpoint("long", synthetic_model(LONG), synthetic_ids("long", 1, 2049, 64), {"config": LONG})
    store.write("pythia/long.safetensors", tensors, [about])
    wide = synthetic_model(PYTHIA_WIDE)
    ids = synthetic_ids("wide", 1, 17, vocabulary)
    tensors, about = checkpoint("wide", wide, ids, {"config": PYTHIA_WIDE})
    store.write("pythia/wide.safetensors", tensors, [about])


def checkpoint_of(folder: Path, origin: dict) -> tuple[dict, dict]:
    """Tensors and entry of a model directory; the hashes of its weight files say which checkpoint they are of."""
    weights = {f.name: hashlib.sha256(f.read_bytes()).hexdigest() for f in sorted(folder.glob("*.safetensors"))}
    config = json.loads((folder / "config.json").read_text())
    columns = min(257, config.get("max_position_embeddings", 2048) + 1)
    ids = synthetic_ids("checkpoint", 2, columns, config["vocab_size"])
    return checkpoint("checkpoint", load(folder), ids, {**origin, "config": config, "weights": weights}, strict=False)


def make_model(root: Path, name: str, revision: str | None) -> None:
    """The golden of a checkpoint: a directory, or a repository of the hub, fetched into its cache."""
    folder, origin = Path(name), {}
    if not folder.is_dir():
        from huggingface_hub import snapshot_download

        name, _, at = name.partition("@")
        files = ["config.json", "*.safetensors", "*.safetensors.index.json"]
        folder = Path(snapshot_download(name, revision=revision or at or None, allow_patterns=files))
        origin = {"repo": name, "revision": revision or at or "main", "commit": folder.name}
    tensors, about = checkpoint_of(folder, origin)
    digest = hashlib.sha256("".join(about["settings"]["weights"].values()).encode()).hexdigest()[:12]
    label = name.rstrip("/").split("/")[-1] if not origin else origin["repo"].replace("/", "--")
    store = Store(root / "models" / f"{label}-{digest}")
    store.write("checkpoint.safetensors", tensors, [about])
    print(f"{store.root}: {store.finish()}", file=sys.stderr)
