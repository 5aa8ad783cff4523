"""Truth for the kernels of sampling and statistics: noise, SGLD, moments, neighbors, sums."""

import numpy as np
import torch

from kernels import Case, Draw, exact, golden
from philox import normals, words
from store import tolerance

EXACT = tolerance(0, 0, "integers")


def keys(draw: Draw, chains: int) -> np.ndarray:
    return draw.words("keys", chains, 2)


def noise(key_rows: np.ndarray, step: int, elements: int) -> torch.Tensor:
    """[G, P] normals in float64."""
    rows = [normals((int(k[0]), int(k[1])), step, elements) for k in key_rows]
    return torch.from_numpy(np.stack(rows))


@golden(
    "philox/bits",
    [
        Case("one", {"G": 1, "P": 1}, {"step": 0}),
        Case("ragged", {"G": 3, "P": 67}, {"step": 9}),
        Case("largest step", {"G": 2, "P": 130}, {"step": 0xFFFFFFFF}),
    ],
    out=EXACT,
)
def philox_bits(case: Case, draw: Draw):
    k = keys(draw, case.G)
    out = np.stack([words((int(a), int(b)), case.p("step"), case.P) for a, b in k])
    return {"keys": k}, {"out": out}


@golden(
    "philox/normal",
    [Case("one", {"G": 1, "P": 1}, {"step": 0}), Case("ragged", {"G": 3, "P": 1027}, {"step": 9})],
    out=tolerance(2e-6, 0, "|z| < 5.8, and a handful of roundings in radius and angle: about 4 ulp of 5.8"),
)
def philox_normal(case: Case, draw: Draw):
    k = keys(draw, case.G)
    return {"keys": k}, {"out": noise(k, case.p("step"), case.P)}


STEP = {"lr": 1e-3, "n_beta": 30.0, "localization": 300.0, "noise_level": 1.0, "step": 21}


@golden(
    "sgld/step",
    [
        Case("one", {"G": 1, "P": 1}, STEP, ("center",)),
        Case("ragged", {"G": 3, "P": 67}, STEP, ("center",)),
        Case("vec4", {"G": 2, "P": 260}, STEP, ("center",)),
        Case("center per chain", {"G": 2, "P": 65}, STEP),
        Case("no noise", {"G": 2, "P": 64}, {**STEP, "noise_level": 0.0}, ("center",)),
    ],
    w=tolerance(1e-7, 2e-7, "six roundings of numbers up to |w|, and normals good to 2e-6 times sqrt(lr) = 0.03"),
)
def sgld_step(case: Case, draw: Draw):
    k = keys(draw, case.G)
    w, g = draw.normal("w", case.G, case.P), draw.normal("g", case.G, case.P)
    center = draw.normal("center", *case.group("center", case.P))
    lr = case.p("lr")
    drift = case.p("n_beta") * g + case.p("localization") * (w - center)
    after = w - lr / 2 * drift + case.p("noise_level") * lr**0.5 * noise(k, case.p("step"), case.P)
    return {"w": w, "g": g, "center": center, "keys": k}, {"w": after}


RMSPROP = {**STEP, "lr": 1e-4, "n_beta": 10.0, "decay": 0.99, "epsilon": 0.1, "correction": 1 / (1 - 0.99**3), "step": 3}


@golden(
    "sgld/rmsprop",
    [
        Case("one", {"G": 1, "P": 1}, RMSPROP, ("center",)),
        Case("ragged", {"G": 3, "P": 67}, RMSPROP, ("center",)),
        Case("vec4, no correction", {"G": 2, "P": 260}, {**RMSPROP, "correction": 1.0}, ("center",)),
    ],
    w=tolerance(1e-7, 2e-7, "ten roundings of numbers up to |w|, the rate to 5 ulp, normals good to 2e-6 times sqrt(lr_t)"),
    v=tolerance(0, 2.5e-7, "three roundings, and 1 - decay taken in f32"),
)
def sgld_rmsprop(case: Case, draw: Draw):
    k = keys(draw, case.G)
    w, g = draw.normal("w", case.G, case.P), draw.normal("g", case.G, case.P)
    v = draw.uniform("v", case.G, case.P)
    v.view(-1)[::7] = 0
    center = draw.normal("center", *case.group("center", case.P))
    decay = case.p("decay")
    v_after = decay * v + (1 - decay) * g**2
    lr = case.p("lr") / ((v_after * case.p("correction")).sqrt() + case.p("epsilon"))
    drift = case.p("n_beta") * g + case.p("localization") * (w - center)
    after = w - lr / 2 * drift + case.p("noise_level") * lr.sqrt() * noise(k, case.p("step"), case.P)
    return {"w": w, "v": v, "g": g, "center": center, "keys": k}, {"w": after, "v": v_after}


GAUSSIAN = {"localization": 100.0, "step": 5}


@golden(
    "sgld/gaussian",
    [
        Case("ragged", {"G": 3, "P": 67}, GAUSSIAN, ("center",)),
        Case("center per chain", {"G": 2, "P": 64}, GAUSSIAN),
    ],
    w=tolerance(1e-7, 1e-7, "one rounding of the sum, and normals good to 2e-6 divided by sqrt(localization) = 10"),
)
def sgld_gaussian(case: Case, draw: Draw):
    k = keys(draw, case.G)
    center = draw.normal("center", *case.group("center", case.P))
    spread = noise(k, case.p("step"), case.P) / case.p("localization") ** 0.5
    return {"center": center, "keys": k}, {"w": center + spread}


@golden(
    "reduce/sum_rows",
    [
        Case("one", {"G": 1, "R": 1}, {"scale": 1.0}),
        Case("ragged", {"G": 3, "R": 67}, {"scale": 1 / 67}),
        Case("long", {"G": 2, "R": 3001}, {"scale": 1 / 3001}),
        Case("losses", {"G": 2, "R": 2000}, {"scale": 1 / 2000}),
    ],
    out=tolerance(5e-8, 6e-7, "sums of 64 and a sum of those: roundings add up as the root of their number, to a few ulp"),
)
def reduce_sum_rows(case: Case, draw: Draw):
    x = draw.normal("x", case.G, case.R)
    if case.name == "losses":
        x = exact(11 + x)
    return {"x": x}, {"out": case.p("scale") * x.sum(dim=1)}
