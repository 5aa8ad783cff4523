"""Small random GPT-NeoX models of every kind, saved by transformers, with their losses and gradients in float64.

Thirty directories `random/<number>` as `save_pretrained` writes them: every activation function, both kinds of residual, tied
and untied, with and without attention biases, rotary fractions from none to all (odd numbers of rotated dims too), ragged sizes,
heads whose width is no multiple of 4, F32, F16 and BF16, one file and shards, configs in the words of transformers 4 and 5.
Weights are scaled so that attention is far from uniform and two models of three have losses around 10 nats.
"""

import json
import random
import shutil
import sys
from pathlib import Path

import numpy as np
import torch

from model import build, load, parameters, token_losses
from nano import loss_and_gradients, prefixed
from philox import derive_key, normals, words
from store import Store, digest, tolerance, tolerance_l2

LOSS = tolerance(1e-5, 0, "single losses of up to 20 nats and f32 sums in any order give 6e-6, PyTorch's own as well")
GRADIENT = tolerance_l2(2e-5, "f32 in any order of summation gives 1e-6 to 5e-6, PyTorch 2e-6; a wrong formula misses by orders of magnitude")

COUNT = 30
SEED = 65  # the first at which every value of an option meets every value of the others
TYPES = {"float32": torch.float32, "float16": torch.float16, "bfloat16": torch.bfloat16}


# What a model can be, each option as often as its entries say.
OPTIONS = {
    "rotary_pct": [0.0, 0.25, 0.3, 0.5, 0.75, 1.0],
    "hidden_act": ["gelu", "gelu_new", "gelu_fast", "gelu_pytorch_tanh", "relu"],
    "use_parallel_residual": [True, False],
    "attention_bias": [True, True, False],
    "tie_word_embeddings": [False, False, True],
    "type": ["float32", "float32", "float32", "float16", "bfloat16"],
    "sharded": [False, False, False, False, True],
    "old_words": [True, False],
    "logits": [3.3, 3.3, 1.0],
    "vocab_size": [37, 64, 53, 101, 72, 130],
    "heads": [(1, 12), (2, 5), (2, 6), (4, 4), (2, 7), (2, 8), (1, 10), (3, 4), (3, 5), (1, 8)],
}


def deal() -> list[dict]:
    """The options of every model: each field is dealt from a shuffled deck of its own, so that no two go together."""
    decks = {}
    for field, options in OPTIONS.items():
        decks[field] = [options[number % len(options)] for number in range(COUNT)]
        random.Random(f"{SEED} {field}").shuffle(decks[field])
    return [{field: deck[number] for field, deck in decks.items()} for number in range(COUNT)]


def choose(options: dict, rng: random.Random) -> dict:
    """The config of a model: its options, and sizes at random."""
    heads, head_dim = options["heads"]
    fraction = options["rotary_pct"]
    # transformers itself cannot rotate an odd number of dims that fills the head.
    if int(head_dim * fraction) == head_dim and head_dim % 2:
        fraction = 0.5
    hidden = head_dim * heads
    return {
        "vocab_size": options["vocab_size"],
        "hidden_size": hidden,
        "num_hidden_layers": rng.choice([1, 1, 2, 2, 3]),
        "num_attention_heads": heads,
        "intermediate_size": rng.choice([2 * hidden, 4 * hidden, 2 * hidden + 3, 9]),
        "hidden_act": options["hidden_act"],
        "max_position_embeddings": 48,
        "rotary_pct": fraction,
        "rotary_emb_base": rng.choice([10000, 10000, 500, 123456.5]),
        "layer_norm_eps": rng.choice([1e-5, 1e-5, 1e-6, 1e-3]),
        "use_parallel_residual": options["use_parallel_residual"],
        "attention_bias": options["attention_bias"],
        "tie_word_embeddings": options["tie_word_embeddings"],
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
    model.to(TYPES[kind]).save_pretrained(folder, max_shard_size="8KB" if sharded else "1GB")
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


def make_random(store: Store) -> None:
    store.drop(lambda name: name.startswith("random/"))
    rng = random.Random(SEED)
    tolerances = {"losses": LOSS, "gradient": GRADIENT}
    worst = {"losses": 0.0, "gradient": 0.0}
    means = []
    for number, options in enumerate(deal()):
        name = f"{number:02d}"
        folder = store.root / "random" / name
        config = choose(options, rng)
        model = build(config)
        fill(model, number, options["logits"])
        save(model, folder, options["type"], options["sharded"], options["old_words"])
        rows, columns = rng.randint(1, 3), rng.choice([2, 9, 17, 24, 33, 49])
        drawn = words(derive_key("golden", "random", number, "ids"), 0, rows * columns) % config["vocab_size"]
        ids = torch.from_numpy(drawn.astype(np.int64)).reshape(rows, columns)
        found, _ = loss_and_gradients(load(folder), ids)
        files = {file.name: digest(file.read_bytes()) for file in sorted(folder.iterdir())}
        settings = {"directory": f"random/{name}", "files": files}
        entry = {"case": name, "dims": {}, "params": {}, "shared": [], "settings": settings, "tolerances": tolerances}
        store.write(f"random/{name}.safetensors", prefixed(name, found), [entry])
        means.append(found["losses"].mean())

        single = load(folder).to(torch.float32)
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
