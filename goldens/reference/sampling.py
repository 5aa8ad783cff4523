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


STEP = {
    "lr": 1e-3,
    "n_beta": 30.0,
    "localization": 300.0,
    "weight_decay": 0.0,
    "bounding_box_size": 0.0,
    "noise_level": 1.0,
    "step": 21,
}


def moved(case: Case, w: torch.Tensor, g: torch.Tensor, center: torch.Tensor, lr, xi: torch.Tensor) -> torch.Tensor:
    """w after a step of size lr, a number or one for every weight, and into the box where there is one."""
    drift = case.p("n_beta") * g + case.p("localization") * (w - center) + case.p("weight_decay") * w
    after = w - lr / 2 * drift + case.p("noise_level") * lr**0.5 * xi
    box = case.p("bounding_box_size")
    return torch.clamp(after, center - box, center + box) if box > 0 else after


@golden(
    "sgld/step",
    [
        Case("one", {"G": 1, "P": 1}, STEP, ("center",)),
        Case("ragged", {"G": 3, "P": 67}, STEP, ("center",)),
        Case("vec4", {"G": 2, "P": 260}, STEP, ("center",)),
        Case("center per chain", {"G": 2, "P": 65}, STEP),
        Case("no noise", {"G": 2, "P": 64}, {**STEP, "noise_level": 0.0}, ("center",)),
        Case("weight decay", {"G": 2, "P": 68}, {**STEP, "weight_decay": 200.0}, ("center",)),
        Case("bounding box", {"G": 2, "P": 67}, {**STEP, "weight_decay": 20.0, "bounding_box_size": 0.5}),
    ],
    w=tolerance(1e-7, 2e-7, "eight roundings of numbers up to |w|, and normals good to 2e-6 times sqrt(lr) = 0.03"),
)
def sgld_step(case: Case, draw: Draw):
    k = keys(draw, case.G)
    w, g = draw.normal("w", case.G, case.P), draw.normal("g", case.G, case.P)
    center = draw.normal("center", *case.group("center", case.P))
    after = moved(case, w, g, center, case.p("lr"), noise(k, case.p("step"), case.P))
    return {"w": w, "g": g, "center": center, "keys": k}, {"w": after}


RMSPROP = {**STEP, "lr": 1e-4, "n_beta": 10.0, "decay": 0.99, "epsilon": 0.1, "correction": 1 / (1 - 0.99**3), "step": 3}


@golden(
    "sgld/rmsprop",
    [
        Case("one", {"G": 1, "P": 1}, RMSPROP, ("center",)),
        Case("ragged", {"G": 3, "P": 67}, RMSPROP, ("center",)),
        Case("vec4, no correction", {"G": 2, "P": 260}, {**RMSPROP, "correction": 1.0}, ("center",)),
        Case("weight decay", {"G": 2, "P": 68}, {**RMSPROP, "weight_decay": 200.0}, ("center",)),
        Case("bounding box", {"G": 2, "P": 67}, {**RMSPROP, "weight_decay": 20.0, "bounding_box_size": 0.5}),
    ],
    w=tolerance(1e-7, 2e-7, "twelve roundings of numbers up to |w|, the rate to 5 ulp, normals good to 2e-6 times sqrt(lr_t)"),
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
    after = moved(case, w, g, center, lr, noise(k, case.p("step"), case.P))
    return {"w": w, "v": v, "g": g, "center": center, "keys": k}, {"w": after, "v": v_after}


BAOAB = {**STEP, "lr": 4e-3, "localization": 60.0, "persistence": 0.46875, "kick": 1.0, "step": 7}


@golden(
    "sgld/baoab",
    [
        Case("one", {"G": 1, "P": 1}, BAOAB, ("center",)),
        Case("ragged", {"G": 3, "P": 67}, BAOAB, ("center",)),
        Case("vec4, first kick", {"G": 2, "P": 260}, {**BAOAB, "kick": 0.5}, ("center",)),
        Case("center per chain", {"G": 2, "P": 65}, BAOAB),
        Case("no noise", {"G": 2, "P": 64}, {**BAOAB, "noise_level": 0.0}, ("center",)),
        Case("weight decay", {"G": 2, "P": 68}, {**BAOAB, "weight_decay": 200.0}, ("center",)),
        Case("bounding box", {"G": 2, "P": 67}, {**BAOAB, "weight_decay": 20.0, "bounding_box_size": 0.5}),
    ],
    w=tolerance(2e-7, 3e-7, "ten roundings of numbers up to |w|, normals good to 2e-6 times sqrt(lr) / 2 = 0.03"),
    p=tolerance(2e-6, 3e-7, "ten roundings of numbers up to the kicked momentum, normals good to 2e-6"),
)
def sgld_baoab(case: Case, draw: Draw):
    k = keys(draw, case.G)
    w, g, p = (draw.normal(name, case.G, case.P) for name in ("w", "g", "p"))
    center = draw.normal("center", *case.group("center", case.P))
    xi = noise(k, case.p("step"), case.P)
    h, c = case.p("lr") ** 0.5, case.p("persistence")
    drift = case.p("n_beta") * g + case.p("localization") * (w - center) + case.p("weight_decay") * w
    momentum = p - case.p("kick") * h * drift
    after = w + h / 2 * momentum
    momentum = c * momentum + case.p("noise_level") * (1 - c**2) ** 0.5 * xi
    after = after + h / 2 * momentum
    box = case.p("bounding_box_size")
    if box > 0:
        # A wall turns momenta inwards.
        momentum = torch.where(after > center + box, -momentum.abs(), torch.where(after < center - box, momentum.abs(), momentum))
        after = torch.clamp(after, center - box, center + box)
    return {"w": w, "p": p, "g": g, "center": center, "keys": k}, {"w": after, "p": momentum}


GAUSSIAN = {"weight_decay": 0.0, "noise_level": 1.0, "step": 5}


@golden(
    "sgld/gaussian",
    [
        Case("ragged", {"G": 3, "P": 67}, GAUSSIAN, ("center",)),
        Case("center per chain", {"G": 2, "P": 64}, GAUSSIAN),
        Case("weight decay", {"G": 2, "P": 68}, {**GAUSSIAN, "weight_decay": 40.0, "noise_level": 0.5}, ("center",)),
        Case("weight decay alone", {"G": 2, "P": 67}, {**GAUSSIAN, "weight_decay": 100.0}),
    ],
    w=tolerance(1e-7, 2e-7, "a few roundings of numbers up to |center|, and normals good to 2e-6 divided by the root of a pull of 100 or more"),
)
def sgld_gaussian(case: Case, draw: Draw):
    k = keys(draw, case.G)
    center = draw.normal("center", *case.group("center", case.P))
    localization = draw.uniform("localization", case.G, low=100, high=300)
    if case.name == "weight decay alone":
        localization = torch.zeros(case.G)
    pull = (localization + case.p("weight_decay"))[:, None]
    spread = case.p("noise_level") * noise(k, case.p("step"), case.P) / pull**0.5
    w = localization[:, None] * center / pull + spread
    return {"center": center, "keys": k, "localization": localization}, {"w": w}


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


@golden(
    "moments/covariance",
    [Case("one", {"G": 1, "N": 1}), Case("ragged", {"G": 3, "N": 67})],
    sum_d=tolerance(1e-7, 1e-7, "a sum rounded once; what it lost is in c_d, which is 0 in float64"),
    sum_phi_d=tolerance(1e-7, 1e-7, "a sum rounded once; what it lost is in c_phi_d, which is 0 in float64"),
    c_d=tolerance(3e-6, 0, "what a sum of at most 40 lost: half an ulp, and what was there"),
    c_phi_d=tolerance(3e-6, 0, "what a sum of at most 40 lost: half an ulp, and what was there"),
)
def moments_covariance(case: Case, draw: Draw):
    baseline = exact(3 + draw.normal("baseline", case.N))
    losses = exact(baseline + 0.1 + 0.3 * draw.normal("losses", case.G, case.N))
    phi = exact(0.1 + 0.05 * draw.normal("phi", case.G))
    sums = {name: draw.normal(name, case.G, case.N, scale=10) for name in ("sum_d", "sum_phi_d")}
    lost = {name: draw.normal(name, case.G, case.N, scale=2e-7) for name in ("c_d", "c_phi_d")}
    d = losses - baseline
    zero = torch.zeros(case.G, case.N)
    after = {
        "sum_d": sums["sum_d"] + lost["c_d"] + d,
        "sum_phi_d": sums["sum_phi_d"] + lost["c_phi_d"] + phi[:, None] * d,
        "c_d": zero,
        "c_phi_d": zero,
    }
    return {"losses": losses, "baseline": baseline, "phi": phi, **sums, **lost}, after


@golden(
    "moments/deviation",
    [
        Case("one", {"G": 1, "N": 1}, {"draws": 2}),
        Case("first draw", {"G": 2, "N": 5}, {"draws": 0}),
        Case("ragged", {"G": 3, "N": 67}, {"draws": 9}),
    ],
    derived=("phi_mean", "c_d", "c_m2"),
    m2=tolerance(3e-7, 3e-7, "deviations of losses of 3, each rounded by 1e-7 at most, squared, and a sum rounded once"),
    c_m2=tolerance(5e-7, 0, "what a sum of at most 8 lost: half an ulp, and what was there"),
)
def moments_deviation(case: Case, draw: Draw):
    """All draws at once by torch.var; the kernel is given what the draws before the last have left."""
    draws = case.params["draws"]
    baseline = exact(3 + draw.normal("baseline", case.N))
    losses = exact(baseline + 0.1 + 0.3 * draw.normal("losses", draws + 1, case.G, case.N))
    phi = exact(0.1 + 0.05 * draw.normal("phi", draws + 1, case.G))
    d = losses - baseline
    x = d - phi[:, :, None]

    def squares(of: torch.Tensor) -> torch.Tensor:
        return of.shape[0] * of.var(dim=0, correction=0) if len(of) else torch.zeros(case.G, case.N)

    def split(value: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return exact(value), value - exact(value)

    sum_d, c_d = split(d[:-1].sum(dim=0))
    m2, c_m2 = split(squares(x[:-1]))
    phi_mean = phi[:-1].mean(dim=0) if draws else torch.zeros(case.G)
    inputs = {"losses": losses[-1], "baseline": baseline, "phi": phi[-1], "phi_mean": phi_mean}
    after = {"m2": squares(x), "c_m2": torch.zeros(case.G, case.N)}
    return {**inputs, "sum_d": sum_d, "c_d": c_d, "m2": m2, "c_m2": c_m2}, after


@golden(
    "knn/forward",
    [
        Case("two points", {"N": 2, "D": 1, "Q": 2, "Kn": 1}, {"first": 0}),
        Case("ties", {"N": 67, "D": 3, "Q": 67, "Kn": 10}, {"first": 0}),
        Case("real coordinates", {"N": 60, "D": 24, "Q": 60, "Kn": 9}, {"first": 0}),
        Case("k 45", {"N": 130, "D": 7, "Q": 130, "Kn": 45}, {"first": 0}),
        Case("some", {"N": 150, "D": 18, "Q": 70, "Kn": 12}, {"first": 75}),
    ],
    indices=EXACT,
    distances=tolerance(0, 4e-7, "D squares and their sum: a few roundings; 0 error for whole coordinates"),
)
def knn_forward(case: Case, draw: Draw):
    if case.name == "real coordinates":
        x = draw.normal("x", case.N, case.D)
    else:
        # Whole numbers: distances are exact in float32, so ties are ties everywhere and go to the lower index.
        x = torch.from_numpy(draw.integers("x", 9, case.N, case.D).astype(np.float64)) - 4
    squared = torch.cdist(x, x, compute_mode="donot_use_mm_for_euclid_dist") ** 2
    if case.name != "real coordinates":
        squared = squared.round()
    squared.fill_diagonal_(float("inf"))
    distances, indices = squared.sort(dim=1, stable=True)
    gaps = distances[:, 1 : case.Kn + 1] / distances[:, : case.Kn] - 1
    if case.name == "real coordinates" and gaps.min() < 1e-5:
        raise ValueError(f"knn: two distances differ by {gaps.min():.1e} of themselves, too little for float32")
    rows = slice(int(case.p("first")), int(case.p("first")) + case.Q)
    indices, distances = indices[rows, : case.Kn], distances[rows, : case.Kn]
    return {"x": x}, {"indices": indices.contiguous().numpy(), "distances": distances.contiguous()}
