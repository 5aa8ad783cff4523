"""Truth for the products of linear layers: F.linear in float64, and autograd for what runs backwards."""

import torch
import torch.nn.functional as F

from kernels import Case, Draw, golden, gradients
from store import tolerance

SUM_OF_K = "a sum of K products of normals in f32: roundings add up as their root, to a few ulp of the largest sum"


def nt_case(name: str, G: int, M: int, N: int, K: int, *, bias=False, residual=False, shared=(), **more) -> Case:
    """y = x W^T with the epilogues asked for; bindings that are not read hold one number, shared by all groups."""
    unused = [name for name, used in (("bias", bias), ("residual", residual)) if not used]
    dims = {"G": G, "M": M, "N": N, "K": K, "Nb": N if bias else 1, "Mr": M if residual else 1, "Nr": N if residual else 1}
    params = {"use_bias": int(bias), "use_residual": int(residual)}
    return Case(name, dims, params, tuple(dict.fromkeys((*shared, *unused))), **more)


@golden(
    "matmul/nt",
    [
        nt_case("one", 1, 1, 1, 1),
        nt_case("ragged", 2, 13, 7, 5, bias=True),
        nt_case("all epilogues", 1, 9, 11, 33, bias=True, residual=True),
        nt_case("own weights, one x", 3, 17, 12, 20, bias=True, shared=("x",)),
        nt_case("one weight", 2, 18, 20, 64, bias=True, residual=True, shared=("w", "bias")),
        nt_case("tiles and one", 1, 65, 66, 68, residual=True),
    ],
    y=tolerance(1e-7, 5e-7, SUM_OF_K),
)
def matmul_nt(case: Case, draw: Draw):
    x = draw.normal("x", *case.group("x", case.M, case.K))
    w = draw.normal("w", *case.group("w", case.N, case.K))
    bias = draw.normal("bias", *case.group("bias", case.Nb))
    residual = draw.normal("residual", *case.group("residual", case.Mr, case.Nr))
    groups = []
    for g in range(case.G):
        own = lambda tensor, name: tensor if name in case.shared else tensor[g]
        y = F.linear(own(x, "x"), own(w, "w"), own(bias, "bias") if case.p("use_bias") else None)
        groups.append(y + own(residual, "residual") if case.p("use_residual") else y)
    return {"x": x, "w": w, "bias": bias, "residual": residual}, {"y": torch.stack(groups)}


def linear_gradients(case: Case, x: torch.Tensor, w: torch.Tensor, dy: torch.Tensor) -> tuple[torch.Tensor, ...]:
    """Gradients of x W^T + b by x [G, M, K], w [G, N, K] and b [G, N], each group by itself."""
    xs = x.expand(case.G, case.M, case.K).clone().requires_grad_()
    ws = w.expand(case.G, case.N, case.K).clone().requires_grad_()
    bias = torch.zeros(case.G, case.N, requires_grad=True)
    y = torch.stack([F.linear(xs[g], ws[g], bias[g]) for g in range(case.G)])
    return gradients(y, dy, xs, ws, bias)


def nn_case(name: str, G: int, M: int, N: int, K: int, add: str, shared=()) -> Case:
    dims = {"G": G, "M": M, "N": N, "K": K, "Ga": G if add == "own" else 1}
    dims |= {"Ma": 1 if add == "none" else M, "Ka": 1 if add == "none" else K}
    return Case(name, dims, {"use_add": int(add != "none")}, shared)


@golden(
    "matmul/nn",
    [
        nn_case("one", 1, 1, 1, 1, "none"),
        nn_case("ragged", 2, 13, 7, 5, "own"),
        nn_case("one weight", 3, 18, 20, 12, "own", ("w",)),
        nn_case("tiles and one", 1, 65, 68, 66, "none"),
        nn_case("vec4", 2, 16, 32, 64, "own"),
    ],
    dx=tolerance(1e-7, 5e-7, SUM_OF_K),
)
def matmul_nn(case: Case, draw: Draw):
    dy = draw.normal("dy", case.G, case.M, case.N)
    w = draw.normal("w", *case.group("w", case.N, case.K))
    add = draw.normal("add", case.Ga, case.Ma, case.Ka)
    dx, _, _ = linear_gradients(case, torch.zeros(case.M, case.K), w, dy)
    return {"dy": dy, "w": w, "add": add}, {"dx": dx + add if case.p("use_add") else dx}


@golden(
    "matmul/tn",
    [
        Case("one", {"G": 1, "M": 1, "N": 1, "K": 1}),
        Case("ragged", {"G": 2, "M": 67, "N": 7, "K": 5}),
        Case("one x", {"G": 3, "M": 33, "N": 12, "K": 20}, shared=("x",)),
        Case("tiles and one", {"G": 1, "M": 70, "N": 65, "K": 66}),
        Case("vec4", {"G": 2, "M": 32, "N": 64, "K": 16}),
    ],
    dw=tolerance(1e-7, 5e-7, SUM_OF_K.replace("K", "M", 1)),
)
def matmul_tn(case: Case, draw: Draw):
    dy = draw.normal("dy", case.G, case.M, case.N)
    x = draw.normal("x", *case.group("x", case.M, case.K))
    _, dw, _ = linear_gradients(case, x, torch.zeros(case.N, case.K), dy)
    return {"dy": dy, "x": x}, {"dw": dw}


@golden(
    "matmul/bias_backward",
    [
        Case("one", {"G": 1, "M": 1, "N": 1}),
        Case("ragged", {"G": 2, "M": 67, "N": 7}),
        Case("many rows", {"G": 2, "M": 600, "N": 20}),
    ],
    dbias=tolerance(1e-7, 5e-7, SUM_OF_K.replace("K products", "M", 1)),
)
def bias_backward(case: Case, draw: Draw):
    dy = draw.normal("dy", case.G, case.M, case.N)
    with_k = Case(case.name, case.dims | {"K": 1})
    _, _, dbias = linear_gradients(with_k, torch.zeros(case.M, 1), torch.zeros(case.N, 1), dy)
    return {"dy": dy}, {"dbias": dbias}
