"""How far two measurements of chi agree over tokens, with errors over chains."""

import itertools
from collections.abc import Callable

import numpy as np

from chain_moments import Moments, jackknife_error

# How much less ours may correlate with devinterp than devinterp's seeds do with each other.
TOLERANCE = 0.01


def pearson(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.corrcoef(a, b)[0, 1])


def covariance(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.cov(a, b)[0, 1])


def slope(ours: np.ndarray, theirs: list[np.ndarray]) -> float:
    """Scale of ours against theirs. Each product is of two independent measurements, so their noise does not lower it."""
    across = np.mean([covariance(ours, other) for other in theirs])
    return float(across / np.mean([covariance(a, b) for a, b in itertools.combinations(theirs, 2)]))


def compare(ours: np.ndarray, theirs: list[np.ndarray]) -> dict:
    """Correlations over tokens; the bound is that between devinterp's own seeds less TOLERANCE."""
    seeds = float(np.mean([pearson(a, b) for a, b in itertools.combinations(theirs, 2)]))
    cross = [pearson(ours, other) for other in theirs]
    agrees = min(cross) >= seeds - TOLERANCE
    return {"seeds": seeds, "ours": cross, "difference": min(cross) - seeds, "slope": slope(ours, theirs), "agrees": agrees}


def agreement(chi: Callable[[Moments, Moments], np.ndarray], runs: list[tuple[Moments, Moments]]) -> dict:
    """`compare` with errors, of an estimator; runs are (component, full) of ours and of each of devinterp's seeds."""

    def columns(flat: list[Moments]) -> list[np.ndarray]:
        return [chi(component, full) for component, full in zip(flat[::2], flat[1::2])]

    def statistic(flat: list[Moments]) -> np.ndarray:
        ours, *theirs = columns(flat)
        result = compare(ours, theirs)
        return np.array([result["difference"], result["slope"]])

    flat = [moments for pair in runs for moments in pair]
    ours, *theirs = columns(flat)
    errors = jackknife_error(statistic, flat)
    return {**compare(ours, theirs), "difference_error": float(errors[0]), "slope_error": float(errors[1])}


def between_components(theirs: list[list[np.ndarray]]) -> float:
    """Largest |r| between different components of the first two seeds: what a component taken for another would show."""
    first, second = theirs[:2]
    return max(abs(pearson(a, b)) for i, a in enumerate(first) for j, b in enumerate(second) if i != j)


def rises(ours: Moments, theirs: list[Moments], n_beta: float) -> dict:
    """Mean phi of both sides with standard errors over chains, and how many of them the difference is."""
    mean, error = ours.rise()
    others = [other.rise() for other in theirs]
    pooled = float(np.mean([m for m, _ in others]))
    pooled_error = float(np.sum([e**2 for _, e in others]) ** 0.5 / len(others))
    return {
        "ours": [mean, error],
        "devinterp": [pooled, pooled_error],
        "z": (mean - pooled) / (error**2 + pooled_error**2) ** 0.5,
        "llc": {"ours": n_beta * mean, "devinterp": n_beta * pooled},
    }
