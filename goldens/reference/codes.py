"""Truth for the kernels of sparse autoencoders: activation functions of codes, and the largest of a row."""

import numpy as np
import torch

from kernels import Case, Draw, exact, golden
from store import tolerance

EXACT = tolerance(0, 0, "integers")
KINDS = {"relu": 0, "jumprelu": 1, "gated": 2, "score": 3, "plain": 4}


@golden(
    "sae/activate",
    [
        Case("relu", {"T": 5, "F": 67, "Fg": 1, "Fs": 1}, {"kind": 0}),
        Case("jumprelu", {"T": 3, "F": 130, "Fg": 130, "Fs": 1}, {"kind": 1}),
        Case("gated", {"T": 4, "F": 65, "Fg": 65, "Fs": 65}, {"kind": 2}),
        Case("score", {"T": 2, "F": 33, "Fg": 1, "Fs": 33}, {"kind": 3}),
        Case("plain", {"T": 1, "F": 7, "Fg": 1, "Fs": 1}, {"kind": 4}),
    ],
    codes=tolerance(1e-7, 2e-7, "two roundings"),
)
def sae_activate(case: Case, draw: Draw):
    products, bias = draw.normal("codes", case.T, case.F), draw.normal("bias", case.F)
    gate, scale = draw.normal("gate", case.Fg), draw.normal("scale", case.Fs)
    a = products + bias
    kind = case.name
    assert KINDS[kind] == case.p("kind")
    if kind == "relu":
        codes = torch.relu(a)
    elif kind == "jumprelu":
        if (a - gate).abs().min() < 1e-5:
            raise ValueError("jumprelu: a value too near its threshold for float32")
        codes = torch.where(a > gate, torch.relu(a), 0.0)
    elif kind == "gated":
        if (products + gate).abs().min() < 1e-5:
            raise ValueError("gated: a gate too near 0 for float32")
        codes = (products + gate > 0) * torch.relu(torch.addcmul(bias, products, scale))
    else:
        codes = a * scale if kind == "score" else a
    return {"codes": products, "bias": bias, "gate": gate, "scale": scale}, {"codes": codes}


@golden(
    "sae/topk",
    [
        Case("fresh", {"T": 5, "F": 131, "K": 16}, {"first": 0, "fresh": 1}),
        Case("one", {"T": 3, "F": 1, "K": 1}, {"first": 0, "fresh": 1}),
        Case("merged", {"T": 7, "F": 300, "K": 32}, {"first": 256, "fresh": 0}),
        Case("ties", {"T": 4, "F": 90, "K": 24}, {"first": 64, "fresh": 0}),
        Case("k 256", {"T": 2, "F": 513, "K": 256}, {"first": 512, "fresh": 0}),
    ],
    values=tolerance(0, 0, "values are copied"),
    indices=EXACT,
)
def sae_topk(case: Case, draw: Draw):
    """The list is what the features before the piece leave; the truth is the whole row, sorted at once."""
    first = case.p("first")
    if case.name == "ties":
        row = torch.from_numpy(draw.integers("scores", 9, case.T, first + case.F).astype(np.float64)) - 4
    else:
        row = draw.normal("scores", case.T, first + case.F)

    def largest(of: torch.Tensor) -> tuple[torch.Tensor, np.ndarray]:
        values, indices = of.sort(dim=1, descending=True, stable=True)
        return values[:, : case.K].contiguous(), indices[:, : case.K].contiguous().numpy().astype(np.uint32)

    values, indices = largest(row)
    if first:
        before, features = largest(row[:, :first])
        free = case.K - before.shape[1]
        before = torch.nn.functional.pad(before, (0, free), value=float(np.float32(-3e38)))
        features = np.pad(features, ((0, 0), (0, free)), constant_values=0xFFFFFFFF)
    else:
        before, features = draw.normal("values", case.T, case.K), draw.words("indices", case.T, case.K)
    scores = exact(row[:, first:].contiguous())
    return {"scores": scores, "values": exact(before), "indices": features}, {"values": values, "indices": indices}
