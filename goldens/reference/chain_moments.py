"""What chains of a restricted run leave behind for chi, chi from it by both estimators, and errors by leaving out chains."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Moments:
    """Chains of one restriction. Rises and losses are in nats; tokens are sequences x positions, sequence-major."""

    phi: np.ndarray  # [chains, draws]: rise of the mean loss
    sum_d: np.ndarray  # [chains, tokens]: over draws, of the rise d of a token's loss
    sum_phi_d: np.ndarray  # [chains, tokens]: the same of phi * d
    baseline: np.ndarray  # [tokens]: losses at the trained weights

    @staticmethod
    def of_losses(losses: np.ndarray, phi: np.ndarray, baseline: np.ndarray) -> "Moments":
        """From losses [chains, draws, tokens]."""
        d = losses - baseline
        return Moments(phi, d.sum(axis=1), (phi[:, :, None] * d).sum(axis=1), baseline)

    def without(self, chain: int) -> "Moments":
        left = np.arange(len(self.phi)) != chain
        return Moments(self.phi[left], self.sum_d[left], self.sum_phi_d[left], self.baseline)

    def mean_phi(self) -> float:
        return float(self.phi.mean(dtype=np.float64))

    def mean_excess(self) -> np.ndarray:
        """E[d - phi], [tokens]."""
        return self.sum_d.sum(axis=0) / self.phi.size - self.mean_phi()

    def _mean_product(self) -> np.ndarray:
        """E[phi (d - phi)], [tokens]."""
        return self.sum_phi_d.sum(axis=0) / self.phi.size - float(np.square(self.phi, dtype=np.float64).mean())

    def single_chain(self) -> np.ndarray:
        """chi [tokens] by the plain covariance within the chains."""
        return -(self._mean_product() - self.mean_phi() * self.mean_excess())

    def two_chain(self, full: "Moments") -> np.ndarray:
        """chi [tokens] with the mean of d - phi from the unrestricted run."""
        return -(self._mean_product() - self.mean_phi() * full.mean_excess())

    def rise(self) -> tuple[float, float]:
        """Mean of phi and its standard error over chains, which are independent."""
        by_chain = self.phi.mean(axis=1, dtype=np.float64)
        return float(by_chain.mean()), float(by_chain.std(ddof=1) / len(by_chain) ** 0.5)


def jackknife_error(statistic: Callable[[list[Moments]], np.ndarray], runs: list[Moments]) -> np.ndarray:
    """Standard error of a statistic of independent runs: each run's chains are left out one by one, variances add up."""
    variance = 0.0
    for place, run in enumerate(runs):
        chains = len(run.phi)
        replicas = [statistic([*runs[:place], run.without(m), *runs[place + 1 :]]) for m in range(chains)]
        variance = variance + (chains - 1) * np.var(replicas, axis=0)
    return np.sqrt(variance)
