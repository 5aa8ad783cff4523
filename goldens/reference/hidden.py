"""Activations at hook points of small models, by forward hooks on the modules of transformers, in float64."""

import sys

import numpy as np
import torch
from safetensors.numpy import load_file

from model import build, load, parameters
from nano import NANO, ODD, ODD_CASES
from store import Store, tolerance_l2

STATES = tolerance_l2(2e-6, "f32 in any order of summation gives up to 5e-7 through three layers; a residual, a bias or a layer too many misses by 0.1 or more")

# Of the random models: three layers, each way of the residual.
RANDOM = ["08", "02"]


@torch.no_grad()
def states(model, ids: torch.Tensor) -> dict[str, np.ndarray]:
    """By point, [rows, columns, D]: every id is read. What a layer reads is what the one before it, or the embedding, hands on."""
    found = {}

    def take(name):
        def hook(_, __, out):
            # Attention gives its output and its weights, a layer of older versions a tuple too.
            found[name] = (out[0] if isinstance(out, tuple) else out).numpy().astype(np.float32)

        return hook

    inner = model.gpt_neox
    hooks = [inner.embed_in.register_forward_hook(take("embed")), inner.final_layer_norm.register_forward_hook(take("final"))]
    for i, layer in enumerate(inner.layers):
        hooks.append(layer.attention.register_forward_hook(take(f"l{i} attn_out")))
        hooks.append(layer.mlp.register_forward_hook(take(f"l{i} mlp_out")))
        hooks.append(layer.register_forward_hook(take(f"l{i} resid_post")))
    out = inner(input_ids=ids, use_cache=False, output_hidden_states=True)
    for hook in hooks:
        hook.remove()
    # transformers' own list agrees: the embedding, each layer's output, of the last one after the norm.
    own = ["embed", *(f"l{i} resid_post" for i in range(len(inner.layers) - 1)), "final"]
    for name, value in zip(own, out.hidden_states, strict=True):
        if not np.array_equal(found[name], value.numpy().astype(np.float32)):
            raise ValueError(f"{name}: the hook and output_hidden_states differ")
    return found


def odd_model(store: Store, case: str):
    """A model of nano/odd.safetensors with the weights that lie there."""
    tensors = load_file(store.root / "nano" / "odd.safetensors")
    model = build({**ODD, **ODD_CASES[case]})
    with torch.no_grad():
        for name, p in parameters(model).items():
            p.copy_(torch.from_numpy(tensors[f"{case}/weight/{name}"]))
    return model, tensors[f"{case}/ids"]


def make_hidden(store: Store) -> None:
    """Ids, and weights of the odd models, are those of the other goldens."""
    store.drop(lambda name: name.startswith("hidden/"))
    nano = load_file(store.root / "nano" / "losses.safetensors")
    cases = {
        "nano, ragged": (load(NANO), nano["ragged/ids"], {"model": "models/nano"}),
    }
    for case in ODD_CASES:
        cases[case] = (*odd_model(store, case), {"odd": case})
    for number in RANDOM:
        folder = store.root / "random" / number
        ids = load_file(store.root / "random" / f"{number}.safetensors")[f"{number}/ids"][:1]
        cases[f"random {number}"] = (load(folder), ids, {"random": number})
    tensors, entries = {}, []
    for case, (model, ids, settings) in cases.items():
        found = states(model, torch.from_numpy(ids.astype(np.int64)))
        tensors[f"{case}/ids"] = ids.astype(np.int32)
        tensors |= {f"{case}/{name}": value for name, value in found.items()}
        entries.append({"case": case, "dims": {}, "params": {}, "shared": [], "settings": settings, "tolerances": {"states": STATES}})
        kind = "parallel" if model.config.use_parallel_residual else "sequential"
        print(f"hidden {case}: {list(ids.shape)} ids, {len(found)} points, {kind} residual", file=sys.stderr)
    store.write("hidden/states.safetensors", tensors, entries)
