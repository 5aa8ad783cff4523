"""Attention whose softmax is saturated, and attention under large biases: of a head, forward and backward together, and of models.

Truth is float64. What may be lost is what PyTorch in float32 loses on the same inputs, times two: of a head the worst of eight
orders of its elements, of a model the worst of its gradients in eight orders of the residual stream, for a single order may be
lucky. Attention is written out or "eager": PyTorch's fused path in float32 takes off dout.out and is off by up to 0.3 here.
"""

import sys

import numpy as np
import torch

from attention import heads, in_rows, interleaved
from kernels import Case, Draw, exact, gradients
from model import build, parameters, token_losses
from nano import ODD, entry, loss_and_gradients, prefixed
from philox import derive_key, normals, words
from store import Store, tolerance, tolerance_l2

ORDERS = 8
OUT_FLOOR, DQKV_FLOOR = 2e-7, 6e-7
# Where one key takes all; biases of 10, and of keys or values alone, saturate nothing.
TIE = 1e-6
UNSATURATED = ("all plus 10,", "keys plus", "values plus")
LOSS_FLOOR, GRADIENT_FLOOR = 5e-6, 2e-6

# What is done to queries, keys and values of normals.
KINDS = {
    "all plus 10": lambda q, k, v: (q + 10, k + 10, v + 10),
    "all plus 100": lambda q, k, v: (q + 100, k + 100, v + 100),
    "all plus 1000": lambda q, k, v: (q + 1000, k + 1000, v + 1000),
    "all times 100": lambda q, k, v: (q * 100, k * 100, v * 100),
    "keys plus 1000": lambda q, k, v: (q, k + 1000, v),
    "values plus 1000": lambda q, k, v: (q, k, v + 1000),
    "first key a sink": lambda q, k, v: sink(q, k, v),
}


def sink(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Queries that all look one way, a first key there whose value is small, and another bias on all keys."""
    first = torch.zeros(k.shape[2], 1, dtype=k.dtype)
    first[0] = 1
    way = torch.ones(k.shape[3], dtype=k.dtype)
    way[::2] = -1
    return q + 6 * way, k + 30 + 30 * first * way, v * (1 - 0.98 * first)


def head_cases() -> list[Case]:
    found = []
    for kind in KINDS:
        found += [
            interleaved(f"{kind}, width 8", {"G": 1, "B": 1, "T": 21, "H": 2, "K": 8}, {"scale": 8**-0.5}),
            in_rows(f"{kind}, width 32, two share", {"G": 1, "B": 1, "T": 18, "H": 2, "K": 32}, 1, {"scale": 32**-0.5}),
            interleaved(f"{kind}, width 40", {"G": 1, "B": 1, "T": 21, "H": 1, "K": 40}, {"scale": 40**-0.5}),
            interleaved(f"{kind}, width 13, past a block", {"G": 1, "B": 1, "T": 67, "H": 1, "K": 13}, {"scale": 13**-0.5}),
        ]
    return found


def attend(case: Case, qkv: torch.Tensor, dout: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """out and dqkv, by a softmax over scores, in the type of what is given."""
    at = qkv.clone().requires_grad_()
    q, k, v = heads(case, at)
    sharing = case.H // case.KV
    scores = q @ k.repeat_interleave(sharing, dim=1).transpose(2, 3) * case.p("scale")
    future = torch.ones(case.T, case.T, dtype=torch.bool).triu(1)
    out = scores.masked_fill(future, float("-inf")).softmax(dim=3) @ v.repeat_interleave(sharing, dim=1)
    out = out.transpose(1, 2).reshape(dout.shape)
    (dqkv,) = gradients(out, dout, at)
    return out.detach(), dqkv


def reordered(case: Case, qkv: torch.Tensor, order: torch.Tensor) -> torch.Tensor:
    """The elements of every head's rows in another order."""
    out = qkv.clone()
    for source, target in zip(heads(case, qkv), heads(case, out)):
        target.copy_(source[..., order])
    return out


def relative(actual: torch.Tensor, expected: torch.Tensor) -> float:
    return float((actual.double() - expected).norm() / expected.norm())


def measured(case: Case, attempt: int) -> tuple[dict[str, torch.Tensor], dict[str, float]]:
    """Inputs and truth of a draw of a case, and PyTorch's worst errors in float32."""
    draw = Draw("attention/saturated", f"{case.name} {attempt}" if attempt else case.name)
    qkv = draw.normal("qkv", case.S)
    for part, changed in zip(heads(case, qkv), KINDS[case.name.split(",")[0]](*heads(case, qkv))):
        part.copy_(changed)
    qkv = exact(qkv)
    dout = draw.normal("dout", case.G, case.B, case.T, case.H, case.K)
    out, dqkv = attend(case, qkv, dout)
    worst = {"out": 0.0, "dqkv": 0.0}
    for turn in range(ORDERS):
        order = torch.from_numpy(np.argsort(words(derive_key("golden", "order", turn, case.K), 0, case.K), kind="stable"))
        found = attend(case, reordered(case, qkv, order).float(), dout[..., order].float())
        worst["out"] = max(worst["out"], relative(found[0], out[..., order]))
        worst["dqkv"] = max(worst["dqkv"], relative(found[1], reordered(case, dqkv, order)))
    return {"qkv": qkv, "dout": dout, "out": out, "dqkv": dqkv}, worst


def make_heads(store: Store) -> None:
    tensors, entries = {}, []
    for case in head_cases():
        # A row whose two largest scores of 1e4 are within rounding of each other tells luck and nothing else: another draw then.
        draws = (measured(case, attempt) for attempt in range(20))
        found, worst = next((found, worst) for found, worst in draws if worst["dqkv"] < TIE or case.name.startswith(UNSATURATED))
        tolerances = {}
        for name, floor in [("out", OUT_FLOOR), ("dqkv", DQKV_FLOOR)]:
            reason = f"PyTorch in float32 is off by up to {worst[name]:.1e} in {ORDERS} orders of the head's elements; twice that, at least {floor:.0e}"
            tolerances[name] = tolerance_l2(float(f"{max(2 * worst[name], floor):.2g}"), reason)
        tensors |= prefixed(case.name, {name: value.numpy().astype(np.float32) for name, value in found.items()})
        entries.append({"case": case.name, "dims": case.dims, "params": case.params, "shared": [], "tolerances": tolerances})
        print(f"saturated {case.name}: {worst['out']:.1e} out, {worst['dqkv']:.1e} dqkv", file=sys.stderr)
    store.write("saturated/heads.safetensors", tensors, entries)


MODEL = {**ODD, "hidden_size": 16, "num_attention_heads": 2, "intermediate_size": 24, "rotary_pct": 0.5, "use_parallel_residual": True}


def plus(amount: float, parts: str):
    """Adds to the biases of queries, keys or values: those whose letter is in `parts`."""

    def change(name: str, p: torch.Tensor) -> None:
        if name.endswith("query_key_value.bias"):
            rows = p.view(MODEL["num_attention_heads"], 3, -1)
            for part in parts:
                rows[:, "qkv".index(part)] += amount

    return change


def times(amount: float):
    def change(name: str, p: torch.Tensor) -> None:
        if name.endswith("query_key_value.weight"):
            p.mul_(amount)

    return change


MODELS = {
    "biases plus 10": plus(10, "qkv"),
    "biases plus 100": plus(100, "qkv"),
    "biases plus 1000": plus(1000, "qkv"),
    "keys' biases plus 1000": plus(1000, "k"),
    "values' biases plus 100": plus(100, "v"),
    "weights times 100": times(100),
}


# The axis of a parameter that lies along the residual stream, by how its name ends.
ALONG_STREAM = {
    "embed_in.weight": 1,
    "norm.weight": 0,
    "norm.bias": 0,
    "query_key_value.weight": 1,
    "attention.dense.weight": 0,
    "attention.dense.bias": 0,
    "dense_h_to_4h.weight": 1,
    "dense_4h_to_h.weight": 0,
    "dense_4h_to_h.bias": 0,
    "embed_out.weight": 1,
}


def in_order(name: str, value: torch.Tensor, order: torch.Tensor) -> torch.Tensor:
    axes = [axis for end, axis in ALONG_STREAM.items() if name.endswith(end)]
    return value.index_select(axes[0], order) if axes else value


def single_errors(config: dict, weights: dict[str, torch.Tensor], ids: torch.Tensor, found: dict) -> tuple[float, float]:
    """What PyTorch in float32 is off by: the worst loss, and the worst gradient's relative L2."""
    loss, gradient = 0.0, 0.0
    width = config["hidden_size"]
    for turn in range(ORDERS):
        order = torch.from_numpy(np.argsort(words(derive_key("golden", "order", turn, width), 0, width), kind="stable"))
        model = build(config)
        model.set_attn_implementation("eager")
        with torch.no_grad():
            for name, p in parameters(model).items():
                p.copy_(in_order(name, weights[name], order))
        model = model.to(torch.float32)
        losses = token_losses(model, ids)
        loss = max(loss, np.abs(losses.detach().numpy() - found["losses"]).max())
        named = parameters(model)
        for name, g in zip(named, torch.autograd.grad(losses.mean(), list(named.values()))):
            expected = torch.from_numpy(found[f"gradient/{name}"]).double()
            gradient = max(gradient, relative(g, in_order(name, expected, order)))
    return loss, gradient


def make_models(store: Store) -> None:
    tensors, entries = {}, []
    for case, change in MODELS.items():
        model = build(MODEL)
        weights = {}
        with torch.no_grad():
            for name, p in parameters(model).items():
                z = torch.from_numpy(normals(derive_key("golden", "saturated", case, name), 0, p.numel())).reshape(p.shape)
                p.copy_((1.0 if name.endswith("norm.weight") else 0.0) + 0.3 * z)
                change(name, p)
                p.copy_(exact(p))
                weights[name] = p.clone()
        drawn = words(derive_key("golden", "saturated", case, "ids"), 0, 2 * 20) % MODEL["vocab_size"]
        ids = torch.from_numpy(drawn.astype(np.int64)).reshape(2, 20)
        found, _ = loss_and_gradients(model, ids)
        loss, gradient = single_errors(MODEL, weights, ids, found)
        of = f"PyTorch in float32 is off by up to {{:.1e}} in {ORDERS} orders of the stream; twice that, at least {{:.0e}}"
        tolerances = {
            "losses": tolerance(float(f"{max(2 * loss, LOSS_FLOOR):.2g}"), 0, of.format(loss, LOSS_FLOOR)),
            "gradient": tolerance_l2(float(f"{max(2 * gradient, GRADIENT_FLOOR):.2g}"), of.format(gradient, GRADIENT_FLOOR)),
        }
        shipped = {f"weight/{name}": value.numpy().astype(np.float32) for name, value in weights.items()}
        tensors |= prefixed(case, found | shipped)
        entries.append(entry(case, {"config": MODEL}, tolerances))
        print(f"saturated {case}: {loss:.1e} losses, {gradient:.1e} gradients", file=sys.stderr)
    store.write("saturated/models.safetensors", tensors, entries)


def make_saturated(store: Store) -> None:
    store.drop(lambda name: name.startswith("saturated/"))
    make_heads(store)
    make_models(store)
