"""Small random GPT-NeoX models of every kind, saved by transformers, with their losses and gradients in float64.

Thirty directories `random/<number>` as `save_pretrained` writes them: every activation function, both kinds of residual, tied
and untied, with and without attention biases, rotary fractions from none to all (odd numbers of rotated dims too), ragged sizes,
heads whose width is no multiple of 4, F32, F16 and BF16, one file and shards, configs in the words of transformers 4 and 5.
Weights are scaled so that attention is far from uniform and every other model has losses around 10 nats.
"""

import json
import random
import shutil
import sys
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file

from model import build, parameters, token_losses
from nano import loss_and_gradients, prefixed
from philox import derive_key, normals, words
from store import Store, digest

COUNT = 30
SEED = 1
TYPES = {"float32": torch.float32, "float16": torch.float16, "bfloat16": torch.bfloat16}


def choose(number: int, rng: random.Random) -> dict:
    """What sets a model: options in turn, so that each occurs often, sizes at random."""
    head_dim = rng.choice([4, 5, 6, 7, 8, 10, 12])
    heads = rng.randint(1, 24 // head_dim)
    fraction = [0.25, 1.0, 0.5, 0.0, 0.75, 0.3][number % 6]
    # transformers itself cannot rotate an odd number of dims that fills the head.
    if int(head_dim * fraction) == head_dim and head_dim % 2:
        fraction = 0.5
    hidden = head_dim * heads
    return {
        "vocab_size": rng.choice([37, 53, 64, 101, 130]),
        "hidden_size": hidden,
        "num_hidden_layers": rng.choice([1, 1, 2, 2, 3]),
        "num_attention_heads": heads,
        "intermediate_size": rng.choice([2 * hidden, 4 * hidden, 2 * hidden + 3, 9]),
        "hidden_act": ["gelu", "gelu_new", "relu", "gelu_fast", "gelu_pytorch_tanh"][number % 5],
        "max_position_embeddings": 48,
        "rotary_pct": fraction,
        "rotary_emb_base": rng.choice([10000, 10000, 500, 123456.5]),
        "layer_norm_eps": rng.choice([1e-5, 1e-5, 1e-6, 1e-3]),
        "use_parallel_residual": number % 2 == 0,
        "attention_bias": number % 3 != 2,
        "tie_word_embeddings": number % 4 == 3,
        "bos_token_id": 0,
        "eos_token_id": 0,
    }


def fill(model, number: int, logits: float) -> None:
    """Weights from the counter-based generator; `logits` is their standard deviation at the unembedding."""
    width = model.config.hidden_size
    for name, p in parameters(model).items():
        z = torch.from_numpy(normals(derive_key("golden", "random", number, name), 0, p.numel())).reshape(p.shape)
        scale, mean = 0.2, 0.0
        if name.endswith("norm.weight"):
            mean = 1.0
        elif name == "embed_out.weight" or (name == "gpt_neox.embed_in.weight" and model.config.tie_word_embeddings):
            scale = logits / width**0.5
        elif name == "gpt_neox.embed_in.weight":
            scale = 1.0
        elif p.dim() == 2:
            scale = 1.2 / p.shape[1] ** 0.5
        with torch.no_grad():
            p.copy_(mean + scale * z)


def save(model, folder: Path, kind: str, sharded: bool, old_words: bool) -> None:
    """As `save_pretrained` writes it; `old_words`: the config as transformers 4 wrote Pythia's."""
    shutil.rmtree(folder, ignore_errors=True)
    model.to(TYPES[kind]).save_pretrained(folder, max_shard_size="20KB" if sharded else "1GB")
    (folder / "generation_config.json").unlink(missing_ok=True)
    path = folder / "config.json"
    if old_words:
        stored = json.loads(path.read_text())
        rope = stored.pop("rope_parameters")
        stored["rotary_pct"], stored["rotary_emb_base"] = rope["partial_rotary_factor"], rope["rope_theta"]
        stored["torch_dtype"] = stored.pop("dtype", kind)
        stored["transformers_version"] = "4.30.1"
        path.write_text(json.dumps(stored, indent=2, sort_keys=True) + "\n")
    for file in folder.iterdir():
        file.chmod(0o644)


def reload(folder: Path, exact: bool = True):
    """The model of a directory with the weights as they were stored, in float64, or wholly in float32."""
    model = build(json.loads((folder / "config.json").read_text()), exact_rotary=exact)
    weights = {k: v for file in sorted(folder.glob("*.safetensors")) for k, v in load_file(file).items()}
    with torch.no_grad():
        for name, p in parameters(model).items():
            p.copy_(weights[name].to(torch.float64))
    return model if exact else model.to(torch.float32)


def make_random(store: Store) -> None:
    store.drop(lambda name: name.startswith("random/"))
    rng = random.Random(SEED)
    worst = {"losses": 0.0, "gradient": 0.0}
    means = []
    for number in range(COUNT):
        name = f"{number:02d}"
        folder = store.root / "random" / name
        config = choose(number, rng)
        model = build(config)
        fill(model, number, logits=3.3 if number % 2 else 1.0)
        kind = "float16" if number % 5 == 1 else "bfloat16" if number % 5 == 3 else "float32"
        save(model, folder, kind, sharded=number % 6 == 4, old_words=number % 2 == 1)
        rows, columns = rng.randint(1, 3), rng.choice([2, 9, 17, 24, 33, 49])
        drawn = words(derive_key("golden", "random", number, "ids"), 0, rows * columns) % config["vocab_size"]
        ids = torch.from_numpy(drawn.astype(np.int64)).reshape(rows, columns)
        found, tolerances = loss_and_gradients(reload(folder), ids)
        files = {file.name: digest(file.read_bytes()) for file in sorted(folder.iterdir())}
        settings = {"directory": f"random/{name}", "files": files}
        entry = {"case": name, "dims": {}, "params": {}, "shared": [], "settings": settings, "tolerances": tolerances}
        store.write(f"random/{name}.safetensors", prefixed(name, found), [entry])
        means.append(found["losses"].mean())

        single = reload(folder, exact=False)
        losses = token_losses(single, ids)
        worst["losses"] = max(worst["losses"], np.abs(losses.detach().numpy() - found["losses"]).max())
        named = parameters(single)
        for key, g in zip(named, torch.autograd.grad(losses.mean(), list(named.values()))):
            expected = found[f"gradient/{key}"].astype(np.float64)
            error = np.linalg.norm(g.numpy() - expected) / np.linalg.norm(expected)
            worst["gradient"] = max(worst["gradient"], error)
    print(
        f"random: mean losses {min(means):.1f} to {max(means):.1f}; PyTorch in float32 is off by {worst['losses']:.1e} in a "
        f"loss, {worst['gradient']:.1e} relative L2 in a gradient",
        file=sys.stderr,
    )
