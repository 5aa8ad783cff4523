"""Truth for the loss: F.cross_entropy of the unembedding's logits in float64, and autograd."""

from dataclasses import replace

import numpy as np
import torch
import torch.nn.functional as F

from kernels import Case, Draw, golden, gradients
from store import tolerance

LOSSES = tolerance(5e-7, 5e-7, "logits that reach 10 to 100, each a sum of D products good to 2 ulp")
LOSS_DX = tolerance(1e-7, 1.2e-6, "probabilities as good as the logits, then sums over V of both signs")
LOSS_DW = tolerance(1e-7, 1e-6, "probabilities as good as the logits, then sums over R of both signs")
SURE = tolerance(1e-7, 4e-6, "logits of size 100 are good to 1e-5, and so are the ratios of their exponentials")
SURE_DW = tolerance(1e-7, 8e-6, "a log-sum-exp of 100 in f32 is rounded to 4e-6, and logits of that size are good to 1e-5")


def loss_cases() -> list[Case]:
    return [
        Case("one", {"G": 1, "R": 1, "V": 1, "D": 1}, {"scale": 1.0}),
        Case("ragged", {"G": 2, "R": 5, "V": 7, "D": 5}, {"scale": 1 / 5}),
        Case("one weight", {"G": 2, "R": 67, "V": 37, "D": 20}, {"scale": 1 / 67}, ("w",)),
        Case("one x and targets", {"G": 3, "R": 9, "V": 19, "D": 12}, {"scale": 1 / 9}, ("x", "targets")),
        Case("long vocabulary", {"G": 1, "R": 3, "V": 1001, "D": 8}, {"scale": 1.0}),
        Case("sure of itself", {"G": 1, "R": 33, "V": 21, "D": 16}, {"scale": 1.0}, tolerances={"dx": SURE, "dw": SURE_DW}),
    ]


def loss_inputs(case: Case, draw: Draw):
    """Rows as LayerNorm leaves them, weights whose logits have deviation 3, or 30 where the model is sure of itself."""
    scale = (30 if case.name == "sure of itself" else 3) / case.D**0.5
    x = draw.normal("x", *case.group("x", case.R, case.D))
    w = draw.normal("w", *case.group("w", case.V, case.D), scale=scale)
    targets = draw.integers("targets", case.V, *case.group("targets", case.R))
    return x, w, targets


def loss_of(case: Case, x: torch.Tensor, w: torch.Tensor, targets: np.ndarray) -> tuple[torch.Tensor, torch.Tensor]:
    """Per-token losses and log-sum-exps [G, R] of x [G, R, D] and w [G, V, D]."""
    logits = x @ w.transpose(1, 2)
    rows = torch.from_numpy(targets.astype(np.int64)).expand(case.G, case.R)
    return F.cross_entropy(logits.transpose(1, 2), rows, reduction="none"), torch.logsumexp(logits, dim=2)


def loss_all(case: Case, draw: Draw) -> tuple[dict, dict]:
    """All inputs, and all outputs that any of the loss kernels has."""
    x, w, targets = loss_inputs(case, draw)
    xs = x.expand(case.G, case.R, case.D).clone().requires_grad_()
    ws = w.expand(case.G, case.V, case.D).clone().requires_grad_()
    losses, lse = loss_of(case, xs, ws, targets)
    dx, dw = gradients(losses, torch.full_like(losses, case.p("scale")), xs, ws)
    return {"x": x, "w": w, "targets": targets}, {"losses": losses, "lse": lse, "dx": dx, "dw": dw}


@golden("loss/forward", [Case(c.name, c.dims, {}, c.shared, c.tolerances) for c in loss_cases()], losses=LOSSES, lse=LOSSES)
def loss_forward(case: Case, draw: Draw):
    inputs, out = loss_all(replace(case, params={"scale": 1.0}), draw)
    return inputs, {"losses": out["losses"], "lse": out["lse"]}


@golden("loss/forward_backward", loss_cases(), losses=LOSSES, lse=LOSSES, dx=LOSS_DX)
def loss_forward_backward(case: Case, draw: Draw):
    inputs, out = loss_all(case, draw)
    return inputs, {name: out[name] for name in ("losses", "lse", "dx")}


@golden("loss/backward_weight", loss_cases(), derived=("lse",), dw=LOSS_DW)
def loss_backward_weight(case: Case, draw: Draw):
    inputs, out = loss_all(case, draw)
    return inputs | {"lse": out["lse"]}, {"dw": out["dw"]}
