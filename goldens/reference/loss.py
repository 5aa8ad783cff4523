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
SURE_LSE = tolerance(1e-7, 8e-6, "a log-sum-exp of 100 in f32 is rounded to 4e-6, and logits of that size are good to 1e-5")
MERGED = tolerance(2e-7, 3e-7, "an exponential and two or three sums as large as the result, each good to an ulp")


def loss_cases() -> list[Case]:
    """Whole vocabularies: `first` is 0 and the unembedding has a row for every target."""
    return [
        Case("one", {"G": 1, "R": 1, "V": 1, "D": 1}, {"scale": 1.0, "first": 0}),
        Case("ragged", {"G": 2, "R": 5, "V": 7, "D": 5}, {"scale": 1 / 5, "first": 0}),
        Case("one weight", {"G": 2, "R": 67, "V": 37, "D": 20}, {"scale": 1 / 67, "first": 0}, ("w",)),
        Case("one x and targets", {"G": 3, "R": 9, "V": 19, "D": 12}, {"scale": 1 / 9, "first": 0}, ("x", "targets")),
        Case("long vocabulary", {"G": 1, "R": 3, "V": 1001, "D": 8}, {"scale": 1.0, "first": 0}),
        Case(
            "sure of itself",
            {"G": 1, "R": 33, "V": 21, "D": 16},
            {"scale": 1.0, "first": 0},
            tolerances={"dx": SURE, "dw": SURE_LSE},
        ),
    ]


def part_cases() -> list[Case]:
    """Parts of a vocabulary of 100 entries, from `first` on."""
    return [
        Case("first part", {"G": 2, "R": 19, "V": 18, "D": 8}, {"scale": 1.0, "first": 0}),
        Case("one entry", {"G": 1, "R": 41, "V": 1, "D": 5}, {"scale": 1.0, "first": 30}),
        Case("last part", {"G": 2, "R": 37, "V": 33, "D": 12}, {"scale": 1 / 37, "first": 67}, ("w", "targets")),
    ]


def with_params(cases: list[Case], *names: str) -> list[Case]:
    """Cases with these of their parameters alone."""
    return [replace(c, params={name: c.params[name] for name in names}) for c in cases]


def adding(cases: list[Case], add: bool) -> list[Case]:
    """Cases with something of dx's shape to add to, or with nothing; their dx reads a rounded log-sum-exp."""
    sizes = [{"Ga": c.G, "Ra": c.R, "Da": c.D} if add else {"Ga": 1, "Ra": 1, "Da": 1} for c in cases]
    tolerances = [{"dx": SURE_LSE} if c.tolerances else {} for c in cases]
    return [
        replace(c, dims=c.dims | a, params=c.params | {"use_add": int(add)}, tolerances=t)
        for c, a, t in zip(cases, sizes, tolerances)
    ]


PART_NAMES = [c.name for c in part_cases()]
VOCABULARY = 100


def loss_inputs(case: Case, draw: Draw):
    """Rows as LayerNorm leaves them, weights whose logits have deviation 3, or 30 where the model is sure of itself."""
    scale = (30 if case.name == "sure of itself" else 3) / case.D**0.5
    x = draw.normal("x", *case.group("x", case.R, case.D))
    w = draw.normal("w", *case.group("w", case.V, case.D), scale=scale)
    vocabulary = VOCABULARY if case.name in PART_NAMES else case.V
    targets = draw.integers("targets", vocabulary, *case.group("targets", case.R))
    # The entries of the other parts.
    rest = vocabulary - case.V
    others = draw.normal("others", *case.group("w", rest, case.D), scale=scale) if rest > 0 else None
    return x, w, targets, others


def cross_entropy(case: Case, logits: torch.Tensor, targets: np.ndarray) -> torch.Tensor:
    """Per-token losses [G, R] of logits [G, R, V]."""
    rows = torch.from_numpy(targets.astype(np.int64)).expand(case.G, case.R)
    return F.cross_entropy(logits.transpose(1, 2), rows, reduction="none")


def loss_all(case: Case, draw: Draw) -> tuple[dict, dict]:
    """
    All inputs, and all outputs that any of the loss kernels has. Losses and gradients are those of the whole vocabulary;
    dx is what this part adds to it.
    """
    x, w, targets, others = loss_inputs(case, draw)
    xs = x.expand(case.G, case.R, case.D).clone().requires_grad_()
    ws = w.expand(case.G, case.V, case.D).clone().requires_grad_()
    logits = xs @ ws.transpose(1, 2)
    if others is not None:
        # A gradient reaches x through this part's logits only.
        rest = xs.detach() @ others.expand(case.G, -1, case.D).transpose(1, 2)
        first = case.p("first")
        logits = torch.cat([rest[:, :, :first], logits, rest[:, :, first:]], dim=2)
    losses, lse = cross_entropy(case, logits, targets), torch.logsumexp(logits, dim=2)
    dx, dw = gradients(losses, torch.full_like(losses, case.p("scale")), xs, ws)
    return {"x": x, "w": w, "targets": targets}, {"losses": losses, "lse": lse, "dx": dx, "dw": dw}


@golden("loss/forward", with_params(loss_cases() + part_cases(), "first"), losses=LOSSES, lse=LOSSES)
def loss_forward(case: Case, draw: Draw):
    x, w, targets, _ = loss_inputs(case, draw)
    xs, ws = x.expand(case.G, case.R, case.D), w.expand(case.G, case.V, case.D)
    logits = xs @ ws.transpose(1, 2)
    lse = torch.logsumexp(logits, dim=2)
    # Where the target is another part's, the loss is the log-sum-exp alone.
    place = targets.astype(np.int64) - case.p("first")
    held = (place >= 0) & (place < case.V)
    losses = cross_entropy(case, logits, np.where(held, place, 0))
    held = torch.from_numpy(held).expand(case.G, case.R)
    return {"x": x, "w": w, "targets": targets}, {"losses": torch.where(held, losses, lse), "lse": lse}


@golden("loss/forward_backward", with_params(loss_cases(), "scale"), losses=LOSSES, lse=LOSSES, dx=LOSS_DX)
def loss_forward_backward(case: Case, draw: Draw):
    inputs, out = loss_all(case, draw)
    return inputs, {name: out[name] for name in ("losses", "lse", "dx")}


@golden("loss/backward_input", adding(loss_cases(), False) + adding(part_cases(), True), derived=("lse",), dx=LOSS_DX)
def loss_backward_input(case: Case, draw: Draw):
    inputs, out = loss_all(case, draw)
    add = draw.normal("add", case.Ga, case.Ra, case.Da)
    dx = out["dx"] + add if case.p("use_add") else out["dx"]
    return inputs | {"lse": out["lse"], "add": add}, {"dx": dx}


@golden("loss/backward_weight", loss_cases() + part_cases(), derived=("lse",), dw=LOSS_DW)
def loss_backward_weight(case: Case, draw: Draw):
    inputs, out = loss_all(case, draw)
    return inputs | {"lse": out["lse"]}, {"dw": out["dw"]}


@golden(
    "loss/merge",
    [
        Case("one", {"G": 1, "R": 1}, {"first": 3}),
        Case("ragged", {"G": 2, "R": 67}, {"first": 10}),
        Case("same targets", {"G": 3, "R": 70}, {"first": 29}, ("targets",)),
        Case("far apart", {"G": 1, "R": 33}, {"first": 15}),
    ],
    derived=("losses_a", "lse_a", "losses_b", "lse_b"),
    losses=MERGED,
    lse=MERGED,
)
def loss_merge(case: Case, draw: Draw):
    """Logits of 30 entries cut in two; what a part's losses hold for targets that it does not hold plays no part."""
    spread = 20 if case.name == "far apart" else 2
    logits = draw.normal("logits", case.G, case.R, 30, scale=spread)
    targets = draw.integers("targets", 30, *case.group("targets", case.R))
    first = case.p("first")
    losses, lse = cross_entropy(case, logits, targets), torch.logsumexp(logits, dim=2)
    lse_a, lse_b = torch.logsumexp(logits[:, :, :first], dim=2), torch.logsumexp(logits[:, :, first:], dim=2)
    in_b = torch.from_numpy(targets >= first).expand(case.G, case.R)
    own = torch.gather(logits, 2, torch.from_numpy(targets.astype(np.int64)).expand(case.G, case.R)[:, :, None])[:, :, 0]
    inputs = {
        "losses_a": torch.where(in_b, lse_a, lse_a - own),
        "lse_a": lse_a,
        "losses_b": torch.where(in_b, lse_b - own, lse_b),
        "lse_b": lse_b,
        "targets": targets,
    }
    return inputs, {"losses": losses, "lse": lse}
