"""Makes goldens/statistics/diagnostics.json: `python goldens/reference/diagnostics.py`, with arviz (0.23) and scipy installed.

What arviz says of small arrays of several kinds, values [draws][chains]: rank-normalised split R-hat, bulk and tail effective sample
size, that of the mean and the error of the mean, lag-1 autocorrelation. arviz gives no R-hat of one chain; there its plain R-hat is
taken of the chain's two halves, which scipy ranked and turned into normal scores. null is what arviz has no number for.
"""

import json
import logging
import math
from pathlib import Path

import arviz as az
import numpy as np
import scipy
from scipy import stats

OUT = Path(__file__).resolve().parent.parent / "statistics" / "diagnostics.json"
# A few digits only: the file stays small, and both sides read the same doubles.
DIGITS = 4

random = np.random.default_rng(20261126)


def autoregressive(draws: int, chains: int, kept: float) -> np.ndarray:
    out = np.empty((draws, chains))
    state = random.normal(size=chains)
    for draw in range(draws):
        out[draw] = state
        state = kept * state + math.sqrt(1 - kept**2) * random.normal(size=chains)
    return out


def one_chain_rhat(values: np.ndarray) -> float:
    half = len(values) // 2
    halves = np.stack([values[:half], values[-half:]])

    def rhat(data: np.ndarray) -> float:
        ranks = stats.rankdata(data).reshape(data.shape)
        return float(az.rhat(stats.norm.ppf((ranks - 0.375) / (data.size + 0.25)), method="identity"))

    return max(rhat(halves), rhat(np.abs(halves - np.median(halves))))


def cases() -> dict[str, np.ndarray]:
    plain = random.normal(size=(60, 4))
    return {
        "independent": plain,
        "autoregressive 0.5": autoregressive(60, 4, 0.5),
        "autoregressive 0.95": autoregressive(60, 4, 0.95),
        "alternating": autoregressive(60, 3, -0.6),
        "drift": random.normal(size=(40, 4)) + 0.06 * np.arange(40)[:, None],
        "apart": random.normal(size=(40, 3)) + np.array([0.0, 1.5, 3.0]),
        "widths apart": random.normal(size=(40, 3)) * np.array([0.3, 1.0, 3.0]),
        "heavy tails": random.standard_cauchy(size=(50, 4)),
        "ties": random.integers(0, 4, size=(50, 3)).astype(float),
        "mostly one value": np.where(random.uniform(size=(50, 2)) < 0.9, 1.0, random.normal(size=(50, 2))),
        "odd draws": autoregressive(37, 3, 0.3),
        "ten draws": autoregressive(10, 4, 0.2),
        "six draws": autoregressive(6, 4, 0.2),
        "four draws": autoregressive(4, 3, 0.0),
        "one chain": autoregressive(81, 1, 0.7),
        "one chain of thousand": autoregressive(1000, 1, 0.9),
    }


def number(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def main() -> None:
    logging.getLogger("arviz").setLevel(logging.ERROR)
    out = []
    for name, values in cases().items():
        values = np.round(values, DIGITS)
        array = values.T
        lag1 = np.mean([az.autocorr(chain)[1] for chain in array])
        expected = {
            "rHat": number(az.rhat(array) if len(array) > 1 else one_chain_rhat(array[0])),
            "essBulk": number(az.ess(array, method="bulk")),
            "essTail": number(az.ess(array, method="tail")),
            "essMean": number(az.ess(array, method="mean")),
            "errorOfMean": number(az.mcse(array, method="mean")),
            "lag1": number(lag1),
        }
        out.append({"name": name, "expected": expected, "values": values.tolist()})
    versions = {"arviz": az.__version__, "numpy": np.__version__, "scipy": scipy.__version__}
    lines = ",\n".join("    " + json.dumps(case, separators=(",", ":")) for case in out)
    text = f'{{\n  "madeWith": {json.dumps(versions)},\n  "cases": [\n{lines}\n  ]\n}}\n'
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(text)


if __name__ == "__main__":
    main()
