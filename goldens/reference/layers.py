"""Truth for the kernels of a model's layers: PyTorch's functions in float64, and autograd for the backward ones."""

import torch
import torch.nn.functional as F

from kernels import Case, Draw, exact, golden
from store import tolerance


def gradients(output: torch.Tensor, upstream: torch.Tensor, *inputs: torch.Tensor) -> tuple[torch.Tensor, ...]:
    """Gradients of sum(output * upstream)."""
    return torch.autograd.grad(output, inputs, upstream)


GELU_CASES = [
    Case("one", {"N": 1}),
    Case("ragged", {"N": 67}),
    Case("vec4", {"N": 1028}),
    Case("lower tail", {"N": 515}),
    Case("huge", {"N": 8}),
]


def gelu_points(case: Case, draw: Draw) -> torch.Tensor:
    if case.name == "lower tail":
        return exact(torch.linspace(-14, -0.5, case.N, dtype=torch.float64))
    if case.name == "huge":
        return exact(torch.tensor([0, 1e-30, -1e-30, 30, -30, 1e10, -1e10, 3e38], dtype=torch.float64))
    return draw.normal("x", case.N, scale=2)


@golden("gelu/forward", GELU_CASES, y=tolerance(2e-7, 1.2e-7, "Phi to 1.2e-7, times |x|"))
def gelu_forward(case: Case, draw: Draw):
    x = gelu_points(case, draw)
    return {"x": x}, {"y": F.gelu(x, approximate="none")}


@golden(
    "gelu/backward",
    GELU_CASES,
    dx=tolerance(1e-7, 3e-7, "the derivative to 3e-7 (its value is at most 1.13), times dy"),
)
def gelu_backward(case: Case, draw: Draw):
    x, dy = gelu_points(case, draw).requires_grad_(), draw.normal("dy", case.N)
    (dx,) = gradients(F.gelu(x, approximate="none"), dy, x)
    return {"x": x, "dy": dy}, {"dx": dx}
