"""Truth for the kernels of a model's layers: PyTorch's functions in float64, and autograd for the backward ones."""

import numpy as np
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


EMBEDDING = [
    {"G": 1, "R": 1, "V": 1, "D": 1},
    {"G": 2, "R": 67, "V": 9, "D": 5},
    {"G": 3, "R": 65, "V": 11, "D": 20},
    {"G": 2, "R": 40, "V": 7, "D": 32},
]


@golden(
    "embedding/forward",
    [
        Case("one", EMBEDDING[0]),
        Case("ragged", EMBEDDING[1]),
        Case("vec4, one table", EMBEDDING[2], shared=("table",)),
        Case("vec4, one table, same ids", EMBEDDING[3], shared=("table", "ids")),
    ],
    y=tolerance(0, 0, "a copy"),
)
def embedding_forward(case: Case, draw: Draw):
    table = draw.normal("table", *case.group("table", case.V, case.D))
    ids = draw.integers("ids", case.V, *case.group("ids", case.R))
    return {"table": table, "ids": ids}, {"y": gather(case, table, ids)}


def gather(case: Case, table: torch.Tensor, ids: np.ndarray) -> torch.Tensor:
    """F.embedding of every group."""
    rows = torch.from_numpy(ids.astype(np.int64)).expand(case.G, case.R)
    tables = table.expand(case.G, case.V, case.D)
    return torch.stack([F.embedding(rows[g], tables[g]) for g in range(case.G)])


@golden(
    "embedding/backward",
    [
        Case("one", EMBEDDING[0]),
        Case("ragged", EMBEDDING[1]),
        Case("vec4", EMBEDDING[2]),
        Case("sixteen columns, same ids", EMBEDDING[3], shared=("ids",)),
    ],
    dtable=tolerance(1e-7, 3e-7, "sums of about ten normals a row: a few roundings of the largest sum"),
)
def embedding_backward(case: Case, draw: Draw):
    table = torch.zeros(case.G, case.V, case.D, requires_grad=True)
    ids = draw.integers("ids", case.V, *case.group("ids", case.R))
    dy = draw.normal("dy", case.G, case.R, case.D)
    (dtable,) = gradients(gather(case, table, ids), dy, table)
    return {"ids": ids, "dy": dy}, {"dtable": dtable}


def sum_case(name: str, G: int, R: int, D: int, c: tuple[int, int, int] | None, shared: tuple[str, ...] = ()) -> Case:
    Gc, Rc, Dc = c or (1, 1, 1)
    return Case(name, {"G": G, "R": R, "D": D, "Gc": Gc, "Rc": Rc, "Dc": Dc}, {"use_c": 1 if c else 0}, shared)


@golden(
    "add/sum",
    [
        sum_case("one", 1, 1, 1, (1, 1, 1)),
        sum_case("two terms", 2, 13, 7, None, ("b",)),
        sum_case("three terms", 2, 13, 5, (2, 13, 5)),
        sum_case("vec4, shared", 3, 9, 20, (1, 9, 20), ("a",)),
    ],
    y=tolerance(0, 1.2e-7, "two roundings of half an ulp"),
)
def add_sum(case: Case, draw: Draw):
    a = draw.normal("a", *case.group("a", case.R, case.D))
    b = draw.normal("b", *case.group("b", case.R, case.D))
    c = draw.normal("c", case.Gc, case.Rc, case.Dc)
    y = (a + b + c if case.p("use_c") else a + b).expand(case.G, case.R, case.D)
    return {"a": a, "b": b, "c": c}, {"y": y}
