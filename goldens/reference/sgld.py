"""SGLD, RMSprop-SGLD and BAOAB chains by the formula, in float64, with the project's noise and batches."""

import math
from dataclasses import dataclass, fields

import torch

from model import Block, token_losses
from philox import batch_indices, derive_key, normals


@dataclass(frozen=True)
class Settings:
    """Of a run; names and defaults are those of configs."""

    seed: int
    lr: float
    n_beta: float
    localization: float
    noise_level: float
    batch_size: int
    sampling_method: str = "sgmcmc_sgld"
    llc_weight_decay: float = 0.0
    bounding_box_size: float = 0.0
    rmsprop_alpha: float = 0.99
    rmsprop_eps: float = 0.1
    rmsprop_init: str = "ones"
    friction: float = 1.5

    def as_json(self) -> dict:
        """Without what is at its default."""
        return {f.name: getattr(self, f.name) for f in fields(self) if getattr(self, f.name) != f.default}


class Chain:
    """One chain of the run restricted to a component. It owns the model's weights in that component while it steps."""

    def __init__(self, model, restriction: str, chain: int, settings: Settings, pool: torch.Tensor):
        self.model, self.settings, self.pool = model, settings, pool
        self.block = Block(model, restriction)
        self.center = self.block.weights()
        self.w = self.center.clone()
        self.noise_key = derive_key(settings.seed, restriction, chain, "noise")
        self.batch_key = derive_key(settings.seed, restriction, chain, "batch")
        self.v = torch.full_like(self.w, 1.0 if settings.rmsprop_init == "ones" else 0.0)
        # BAOAB's momentum starts in its stationary law.
        momentum_key = derive_key(settings.seed, restriction, chain, "momentum")
        self.p = settings.noise_level * torch.from_numpy(normals(momentum_key, 0, self.block.size))
        self.updates = 0

    def rate(self, g: torch.Tensor) -> float | torch.Tensor:
        """The step size of this update: one number, or by RMSprop one for every weight."""
        s = self.settings
        if s.sampling_method == "sgmcmc_sgld":
            return s.lr
        if s.sampling_method != "rmsprop_sgld":
            raise ValueError(f"unknown sampling_method {s.sampling_method}")
        self.v = s.rmsprop_alpha * self.v + (1 - s.rmsprop_alpha) * g**2
        # A moment that starts at 1 has its bias taken out, one that starts at 0 has not.
        correction = 1 / (1 - s.rmsprop_alpha ** (self.updates + 1)) if s.rmsprop_init == "ones" else 1.0
        return s.lr / ((self.v * correction).sqrt() + s.rmsprop_eps)

    def langevin(self, drift: torch.Tensor, xi: torch.Tensor) -> None:
        """An update by BAOAB: kick, half a drift, friction and noise, half a drift."""
        s = self.settings
        h = s.lr**0.5
        c = math.exp(-s.friction * (s.lr * (s.localization + s.llc_weight_decay)) ** 0.5)
        # Half kicks of neighboring updates are one; before the first there was none.
        self.p = self.p - (h if self.updates > 0 else h / 2) * drift
        self.w = self.w + h / 2 * self.p
        self.p = c * self.p + s.noise_level * (1 - c**2) ** 0.5 * xi
        self.w = self.w + h / 2 * self.p

    def step(self) -> float:
        """One update; the batch's mean loss before it."""
        s = self.settings
        whole = list(range(len(self.pool)))
        rows = batch_indices(self.batch_key, self.updates, s.batch_size, len(self.pool)) if s.batch_size > 0 else whole
        self.block.scatter(self.w)
        loss = token_losses(self.model, self.pool[rows]).mean()
        g = self.block.gradient(loss)
        xi = torch.from_numpy(normals(self.noise_key, self.updates, self.block.size))
        drift = s.n_beta * g + s.localization * (self.w - self.center) + s.llc_weight_decay * self.w
        if s.sampling_method == "sgmcmc_baoab":
            self.langevin(drift, xi)
        else:
            lr = self.rate(g)
            self.w = self.w - lr / 2 * drift + s.noise_level * lr**0.5 * xi
        if s.bounding_box_size > 0:
            low, high = self.center - s.bounding_box_size, self.center + s.bounding_box_size
            # BAOAB's walls turn momenta inwards.
            away = self.p.abs()
            self.p = torch.where(self.w > high, -away, torch.where(self.w < low, away, self.p))
            self.w = self.w.clamp(low, high)
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
