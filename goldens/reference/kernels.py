"""Kernel goldens: inputs and expected outputs, one file a kernel.

Inputs are rounded to float32 (what the GPU gets) and everything after that is float64. Tensors are named
`<case>/<binding>`; a binding that is updated in place has its expected contents under `<case>/<binding>.after`.
Truth comes from PyTorch's own functions and autograd, never from this project's references.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import torch

from philox import derive_key, normals, words
from store import Store, array


@dataclass(frozen=True)
class Case:
    """Sizes by letter, uniform parameters, the bindings given without a group axis, and tolerances of its own."""

    name: str
    dims: dict[str, int]
    params: dict[str, float | int] = field(default_factory=dict)
    shared: tuple[str, ...] = ()
    tolerances: dict[str, dict] = field(default_factory=dict)

    def __getattr__(self, letter: str) -> int:
        if letter in self.__dict__.get("dims", {}):
            return self.dims[letter]
        raise AttributeError(letter)

    def p(self, name: str) -> float | int:
        """A parameter as the GPU gets it: floats rounded to float32."""
        value = self.params[name]
        return float(np.float32(value)) if isinstance(value, float) else value

    def group(self, binding: str, *shape: int) -> tuple[int, ...]:
        """Shape of a binding with a strided group axis: without it when shared."""
        return shape if binding in self.shared else (self.dims["G"], *shape)


class Draw:
    """Reproducible inputs that depend on nothing but kernel, case and binding."""

    def __init__(self, kernel: str, case: str):
        self.purpose = ("golden", kernel, case)

    def normal(self, binding: str, *shape: int, scale: float = 1.0) -> torch.Tensor:
        z = scale * normals(derive_key(*self.purpose, binding), 0, int(np.prod(shape)))
        return exact(torch.from_numpy(z).reshape(shape))

    def uniform(self, binding: str, *shape: int, low: float = 0.0, high: float = 1.0) -> torch.Tensor:
        u = self.words(binding, *shape).astype(np.float64) * 2.0**-32
        return exact(torch.from_numpy(low + (high - low) * u))

    def words(self, binding: str, *shape: int) -> np.ndarray:
        return words(derive_key(*self.purpose, binding), 0, int(np.prod(shape))).reshape(shape)

    def integers(self, binding: str, below: int, *shape: int) -> np.ndarray:
        return (self.words(binding, *shape).astype(np.uint64) * np.uint64(below) >> np.uint64(32)).astype(np.uint32)


def exact(x: torch.Tensor | np.ndarray) -> torch.Tensor:
    """Rounded to float32, held in float64."""
    return torch.as_tensor(x).to(torch.float32).to(torch.float64)


def gradients(output: torch.Tensor, upstream: torch.Tensor, *inputs: torch.Tensor) -> tuple[torch.Tensor, ...]:
    """Gradients of sum(output * upstream)."""
    return torch.autograd.grad(output, inputs, upstream)


Arrays = dict[str, torch.Tensor | np.ndarray]


@dataclass(frozen=True)
class Golden:
    kernel: str
    cases: list[Case]
    tolerances: dict[str, dict]
    make: Callable[[Case, Draw], tuple[Arrays, Arrays]]
    derived: tuple[str, ...]


GOLDENS: list[Golden] = []


def golden(kernel: str, cases: list[Case], derived: tuple[str, ...] = (), **tolerances: dict):
    """
    Registers a function that gives (inputs, outputs) of a case by binding name.

    `derived` inputs are results of another kernel (a mean, a log-sum-exp). They are kept in float64, so that a float64
    reference can be held to float64 precision; the GPU gets them rounded, as it would make them.
    """

    def register(make: Callable[[Case, Draw], tuple[Arrays, Arrays]]):
        GOLDENS.append(Golden(kernel, cases, tolerances, make, derived))
        return make

    return register


def stored(value: torch.Tensor | np.ndarray, expected: bool) -> np.ndarray:
    a = array(value)
    if a.dtype.kind in "iu":
        return a.astype(np.uint32)
    return a.astype(np.float64 if expected else np.float32)


def make_kernels(store: Store) -> None:
    store.drop(lambda name: name.startswith("kernels/"))
    for g in sorted(GOLDENS, key=lambda g: g.kernel):
        tensors: dict[str, np.ndarray] = {}
        entries = []
        for case in g.cases:
            inputs, outputs = g.make(case, Draw(g.kernel, case.name))
            if set(outputs) != set(g.tolerances):
                raise ValueError(f"{g.kernel} {case.name}: outputs {sorted(outputs)}, tolerances {sorted(g.tolerances)}")
            for name, value in inputs.items():
                a = stored(value, expected=name in g.derived)
                if a.dtype == np.float32 and not (a.astype(np.float64) == array(value)).all():
                    raise ValueError(f"{g.kernel} {case.name}: input {name} was not rounded to float32 before its use")
                tensors[f"{case.name}/{name}"] = a
            for name, value in outputs.items():
                tensors[f"{case.name}/{name}{'.after' if name in inputs else ''}"] = stored(value, expected=True)
            entries.append(
                {
                    "kernel": g.kernel,
                    "case": case.name,
                    "dims": case.dims,
                    "params": case.params,
                    "shared": list(case.shared),
                    "tolerances": g.tolerances | {k: v for k, v in case.tolerances.items() if k in g.tolerances},
                }
            )
        store.write(f"kernels/{g.kernel.replace('/', '.')}.safetensors", tensors, entries)
