"""SGLD chains by the formula, in float64, with the project's noise and batches."""

from dataclasses import asdict, dataclass

import torch

from model import Block, token_losses
from philox import batch_indices, derive_key, normals


@dataclass(frozen=True)
class Settings:
    """Of a run; names are those of configs."""

    seed: int
    lr: float
    n_beta: float
    localization: float
    noise_level: float
    batch_size: int

    def as_json(self) -> dict:
        return asdict(self)


class Chain:
    """One chain of the run restricted to a component. It owns the model's weights in that component while it steps."""

    def __init__(self, model, restriction: str, chain: int, settings: Settings, pool: torch.Tensor):
        self.model, self.settings, self.pool = model, settings, pool
        self.block = Block(model, restriction)
        self.center = self.block.weights()
        self.w = self.center.clone()
        self.noise_key = derive_key(settings.seed, restriction, chain, "noise")
        self.batch_key = derive_key(settings.seed, restriction, chain, "batch")
        self.updates = 0

    def step(self) -> float:
        """One update; the batch's mean loss before it."""
        s = self.settings
        rows = batch_indices(self.batch_key, self.updates, s.batch_size, len(self.pool))
        self.block.scatter(self.w)
        loss = token_losses(self.model, self.pool[rows]).mean()
        g = self.block.gradient(loss)
        xi = torch.from_numpy(normals(self.noise_key, self.updates, self.block.size))
        drift = s.n_beta * g + s.localization * (self.w - self.center)
        self.w = self.w - s.lr / 2 * drift + s.noise_level * s.lr**0.5 * xi
        self.updates += 1
        return loss.item()

    @torch.no_grad()
    def losses(self, ids: torch.Tensor) -> torch.Tensor:
        """Per-token losses [B, T] at the chain's weights."""
        self.block.scatter(self.w)
        return token_losses(self.model, ids)

    def restore(self) -> None:
        """Gives the model its trained weights back."""
        self.block.scatter(self.center)
