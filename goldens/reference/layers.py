"""Truth for embedding, sums, activation functions and LayerNorm: PyTorch's functions in float64, and autograd for the backward kernels."""

import numpy as np
import torch
import torch.nn.functional as F

from kernels import Case, Draw, exact, golden, gradients
from store import tolerance


ACTIVATION_CASES = [
    Case("one", {"N": 1}),
    Case("ragged", {"N": 67}),
    Case("vec4", {"N": 1028}),
    Case("lower tail", {"N": 515}),
    Case("huge", {"N": 8}),
]

# By the names of kernels: the function, and the tolerances of its value and of its gradient.
ACTIVATIONS = {
    "gelu": (
        lambda x: F.gelu(x, approximate="none"),
        tolerance(2e-7, 1.2e-7, "Phi to 1.2e-7, times |x|"),
        tolerance(1e-7, 3e-7, "the derivative to 3e-7 (its value is at most 1.13), times dy"),
    ),
    "gelu_tanh": (
        lambda x: F.gelu(x, approximate="tanh"),
        tolerance(2e-7, 3e-7, "exp of an argument of up to 10, rounded once, times |x|"),
        tolerance(5e-7, 3e-7, "the same, times a factor of up to 4, times dy"),
    ),
    "relu": (F.relu, tolerance(0, 0, "a maximum"), tolerance(0, 0, "a copy, or 0")),
}


def activation_points(case: Case, draw: Draw) -> torch.Tensor:
    if case.name == "lower tail":
        return exact(torch.linspace(-14, -0.5, case.N, dtype=torch.float64))
    if case.name == "huge":
        return exact(torch.tensor([0, 1e-30, -1e-30, 30, -30, 1e10, -1e10, 3e38], dtype=torch.float64))
    return draw.normal("x", case.N, scale=2)


def activation_goldens(name: str) -> None:
    function, forward_tolerance, backward_tolerance = ACTIVATIONS[name]

    @golden(f"activation/{name}_forward", ACTIVATION_CASES, y=forward_tolerance)
    def forward(case: Case, draw: Draw):
        x = activation_points(case, draw)
        return {"x": x}, {"y": function(x)}

    @golden(f"activation/{name}_backward", ACTIVATION_CASES, dx=backward_tolerance)
    def backward(case: Case, draw: Draw):
        x, dy = activation_points(case, draw).requires_grad_(), draw.normal("dy", case.N)
        (dx,) = gradients(function(x), dy, x)
        return {"x": x, "dy": dy}, {"dx": dx}


for name in ACTIVATIONS:
    activation_goldens(name)


EMBEDDING = [
    {"G": 1, "R": 1, "V": 1, "D": 1},
    {"G": 2, "R": 67, "V": 9, "D": 5},
    {"G": 3, "R": 65, "V": 11, "D": 20},
    {"G": 2, "R": 40, "V": 7, "D": 32},
]
# Of a table of 50 rows this part holds those from `first` on.
EMBEDDING_PARTS = [{"G": 2, "R": 67, "V": 9, "D": 5}, {"G": 3, "R": 65, "V": 11, "D": 16}]
WHOLE_TABLE = 50


def gather_case(name: str, dims: dict[str, int], first: int, add: bool, shared: tuple[str, ...] = ()) -> Case:
    added = {"Ga": dims["G"], "Ra": dims["R"], "Da": dims["D"]} if add else {"Ga": 1, "Ra": 1, "Da": 1}
    return Case(name, {**dims, **added}, {"first": first, "use_add": 1 if add else 0}, shared)


@golden(
    "embedding/forward",
    [
        gather_case("one", EMBEDDING[0], 0, False),
        gather_case("ragged", EMBEDDING[1], 0, False),
        gather_case("vec4, one table", EMBEDDING[2], 0, False, ("table",)),
        gather_case("vec4, one table, same ids", EMBEDDING[3], 0, False, ("table", "ids")),
        gather_case("part", EMBEDDING_PARTS[0], 30, False),
        gather_case("part, vec4, added", EMBEDDING_PARTS[1], 1, True, ("table",)),
    ],
    y=tolerance(0, 6e-8, "a copy, or one sum rounded once"),
)
def embedding_forward(case: Case, draw: Draw):
    table = draw.normal("table", *case.group("table", case.V, case.D))
    ids = part_ids(case, draw)
    add = draw.normal("add", case.Ga, case.Ra, case.Da)
    y = gather(case, table, ids)
    return {"table": table, "ids": ids, "add": add}, {"y": y + add if case.p("use_add") else y}


def part_ids(case: Case, draw: Draw) -> np.ndarray:
    """Ids of the part's rows, and in the cases of a part of all rows of the whole table."""
    return draw.integers("ids", WHOLE_TABLE if "part" in case.name else case.V, *case.group("ids", case.R))


def gather(case: Case, table: torch.Tensor, ids: np.ndarray) -> torch.Tensor:
    """F.embedding of every group, from a whole table that is zero outside of this part."""
    rows = torch.from_numpy(ids.astype(np.int64)).expand(case.G, case.R)
    first = case.p("first")
    after = max(0, WHOLE_TABLE - first - case.V)
    tables = F.pad(table.expand(case.G, case.V, case.D), (0, 0, first, after))
    return torch.stack([F.embedding(rows[g], tables[g]) for g in range(case.G)])


@golden(
    "embedding/backward",
    [
        Case("one", EMBEDDING[0], {"first": 0}),
        Case("ragged", EMBEDDING[1], {"first": 0}),
        Case("vec4", EMBEDDING[2], {"first": 0}),
        Case("sixteen columns, same ids", EMBEDDING[3], {"first": 0}, shared=("ids",)),
        Case("part", EMBEDDING_PARTS[0], {"first": 30}),
        Case("part, sixteen columns", EMBEDDING_PARTS[1], {"first": 1}),
    ],
    dtable=tolerance(1e-7, 3e-7, "sums of about ten normals a row: a few roundings of the largest sum"),
)
def embedding_backward(case: Case, draw: Draw):
    table = torch.zeros(case.G, case.V, case.D, requires_grad=True)
    ids = part_ids(case, draw)
    dy = draw.normal("dy", case.G, case.R, case.D)
    (dtable,) = gradients(gather(case, table, ids), dy, table)
    return {"ids": ids, "dy": dy}, {"dtable": dtable}


@golden(
    "add/sum",
    [
        Case("one", {"G": 1, "R": 1, "D": 1}),
        Case("ragged", {"G": 2, "R": 13, "D": 7}, shared=("b",)),
        Case("vec4, shared", {"G": 3, "R": 9, "D": 20}, shared=("a",)),
    ],
    y=tolerance(0, 6e-8, "one rounding, half an ulp"),
)
def add_sum(case: Case, draw: Draw):
    a = draw.normal("a", *case.group("a", case.R, case.D))
    b = draw.normal("b", *case.group("b", case.R, case.D))
    return {"a": a, "b": b}, {"y": (a + b).expand(case.G, case.R, case.D)}


EPS = {"eps": 1e-5}
SHIFTED = tolerance(1e-6, 5e-7, "a mean ten times the spread, good to an ulp, is ten ulp of the spread")


@golden(
    "layernorm/forward",
    [
        Case("one", {"G": 1, "R": 1, "D": 1}, EPS),
        Case("ragged", {"G": 2, "R": 13, "D": 5}, EPS),
        Case("vec4, one weight", {"G": 3, "R": 9, "D": 20}, EPS, ("weight", "bias")),
        Case("wide, one x", {"G": 2, "R": 5, "D": 132}, EPS, ("x",)),
        Case("small and shifted rows", {"G": 1, "R": 6, "D": 64}, EPS, tolerances={"y": SHIFTED}),
    ],
    y=tolerance(1e-7, 5e-7, "a mean and a variance of D terms and about four roundings of values that reach 10: 2 to 4 ulp"),
    mean=tolerance(5e-8, 2e-7, "a sum of D normals over D: a few roundings of partial sums, divided by D"),
    rstd=tolerance(0, 5e-7, "a sum of D squares, a root and a quotient: 2 to 4 ulp"),
)
def layernorm_forward(case: Case, draw: Draw):
    x, weight, bias = layernorm_inputs(case, draw)
    y, mean, rstd = native_layernorm(case, x, weight, bias)
    return {"x": x, "weight": weight, "bias": bias}, {"y": y, "mean": mean, "rstd": rstd}


def layernorm_inputs(case: Case, draw: Draw) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    x = draw.normal("x", *case.group("x", case.R, case.D))
    if case.name == "small and shifted rows":
        # Spread 1e-3 to 1e2 about a mean up to ten times that: what residual streams do.
        spread = torch.tensor([1e-3, 1e-2, 0.1, 1.0, 10.0, 100.0])[:, None]
        x = exact(spread * (x + torch.tensor([0.0, 10.0, -3.0, 1.0, 5.0, 0.0])[:, None]))
    weight = exact(1 + 0.3 * draw.normal("weight", *case.group("weight", case.D)))
    bias = draw.normal("bias", *case.group("bias", case.D), scale=0.5)
    return x, weight, bias


def native_layernorm(case: Case, x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor) -> tuple[torch.Tensor, ...]:
    """y [G, R, D], mean and 1/sqrt(var + eps) [G, R] by PyTorch, group by group."""
    xs, ws, bs = x.expand(case.G, case.R, case.D), weight.expand(case.G, case.D), bias.expand(case.G, case.D)
    eps = case.p("eps") if "eps" in case.params else 1e-5
    groups = [torch.native_layer_norm(xs[g], [case.D], ws[g], bs[g], eps) for g in range(case.G)]
    y, mean, rstd = (torch.stack(parts) for parts in zip(*groups))
    return y, mean.reshape(case.G, case.R), rstd.reshape(case.G, case.R)


def add_dims(case_dims: dict[str, int], kind: str) -> dict[str, int]:
    """Sizes of an optional added gradient: `own`, `shared` by all groups, or `none`."""
    G, R, D = case_dims["G"], case_dims["R"], case_dims["D"]
    return {**case_dims, "Ga": G if kind == "own" else 1, "Ra": 1 if kind == "none" else R, "Da": 1 if kind == "none" else D}


@golden(
    "layernorm/backward",
    [
        Case("one", add_dims({"G": 1, "R": 1, "D": 1}, "none"), {"use_add": 0}),
        Case("ragged, added", add_dims({"G": 2, "R": 13, "D": 5}, "own"), {"use_add": 1}),
        Case("vec4, one weight, added for all", add_dims({"G": 3, "R": 9, "D": 20}, "shared"), {"use_add": 1}, ("weight",)),
        Case("wide, one x", add_dims({"G": 2, "R": 5, "D": 132}, "none"), {"use_add": 0}, ("x",)),
    ],
    derived=("mean", "rstd"),
    dx=tolerance(1e-7, 3e-7, "two sums of D terms over D, and about six roundings of values that reach 10: 2 to 3 ulp"),
)
def layernorm_backward(case: Case, draw: Draw):
    x, weight, bias = layernorm_inputs(case, draw)
    dy = draw.normal("dy", case.G, case.R, case.D)
    add = draw.normal("add", case.Ga, case.Ra, case.Da)
    # The gradient of a shared x is still wanted by group, so x is copied before it is differentiated.
    xs = x.expand(case.G, case.R, case.D).clone().requires_grad_()
    y, mean, rstd = native_layernorm(case, xs, weight, bias)
    (dx,) = gradients(y, dy, xs)
    if case.p("use_add"):
        dx = dx + add
    return {"dy": dy, "x": x, "mean": mean, "rstd": rstd, "weight": weight, "add": add}, {"dx": dx}


@golden(
    "layernorm/backward_params",
    [
        Case("one", {"G": 1, "R": 1, "D": 1}),
        Case("ragged", {"G": 2, "R": 67, "D": 5}),
        Case("vec4, one x", {"G": 3, "R": 33, "D": 20}, shared=("x",)),
        Case("many rows", {"G": 1, "R": 500, "D": 8}),
    ],
    derived=("mean", "rstd"),
    dweight=tolerance(1e-7, 5e-7, "sums of R products near 1 in blocks: an ulp or two of partial sums as large as the result"),
    dbias=tolerance(1e-7, 5e-7, "sums of R normals in blocks: an ulp or two of partial sums as large as the result"),
)
def layernorm_backward_params(case: Case, draw: Draw):
    x = draw.normal("x", *case.group("x", case.R, case.D))
    dy = draw.normal("dy", case.G, case.R, case.D)
    weight = torch.ones(case.G, case.D, requires_grad=True)
    bias = torch.zeros(case.G, case.D, requires_grad=True)
    y, mean, rstd = native_layernorm(case, x, weight, bias)
    dweight, dbias = gradients(y, dy, weight, bias)
    return {"dy": dy, "x": x, "mean": mean, "rstd": rstd}, {"dweight": dweight, "dbias": dbias}
