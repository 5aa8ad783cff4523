"""A susceptibility matrix by its definition: every draw's losses kept, plain means over them, float64.

phi = mean over probe tokens of d,  d_i = l_i(w) - l_i(w*),  the fixed batch of the sampling task being the probe itself.
single_chain: chi_i = -(E_C[phi (d_i - phi)] - E_C[phi] E_C[d_i - phi]);  two_chain: the last factor from the run over all weights.
"""

from dataclasses import dataclass

import torch

from model import token_losses
from sgld import Chain, Settings


@dataclass(frozen=True)
class Draws:
    num_chains: int
    num_draws: int
    num_burnin_steps: int
    num_steps_bw_draws: int


def traces(model, restriction: str, settings: Settings, draws: Draws, pool: torch.Tensor, probe: torch.Tensor) -> torch.Tensor:
    """d of every draw, [chains, draws, tokens]."""
    with torch.no_grad():
        start = token_losses(model, probe)
    out = torch.zeros(draws.num_chains, draws.num_draws, start.numel())
    for m in range(draws.num_chains):
        chain = Chain(model, restriction, m, settings, pool)
        for _ in range(draws.num_burnin_steps):
            chain.step()
        for s in range(draws.num_draws):
            for _ in range(draws.num_steps_bw_draws):
                chain.step()
            out[m, s] = (chain.losses(probe) - start).reshape(-1)
        chain.restore()
    return out


def susceptibility(d: torch.Tensor, d_full: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """(single_chain, two_chain) [tokens] from traces [chains, draws, tokens] of a restricted run and of the full one."""

    def relative(x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        phi = x.mean(dim=2)
        return phi, x - phi[:, :, None]

    mean = lambda x: x.mean(dim=(0, 1))
    phi, excess = relative(d)
    _, excess_full = relative(d_full)
    both = mean(phi[:, :, None] * excess)
    return -(both - mean(phi) * mean(excess)), -(both - mean(phi) * mean(excess_full))
