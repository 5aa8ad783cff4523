"""Truth for rotary positions (transformers' GPT-NeoX code) and causal attention (PyTorch's), in float64, with autograd."""

import torch
import torch.nn.functional as F
from transformers.models.gpt_neox.modeling_gpt_neox import apply_rotary_pos_emb

from kernels import Case, Draw, exact, golden, gradients
from store import tolerance


def rotary_tables(positions: torch.Tensor, ndims: int, base: float) -> tuple[torch.Tensor, torch.Tensor]:
    """cos and sin [..., ndims, rounded up to even] in float64, both halves alike, as GPTNeoXRotaryEmbedding lays them out."""
    frequencies = base ** (-torch.arange(0, ndims, 2, dtype=torch.float64) / ndims)
    angles = positions[..., None].to(torch.float64) * frequencies
    angles = torch.cat((angles, angles), dim=-1)
    return angles.cos(), angles.sin()


def laid(name: str, dims: dict[str, int], KV: int, params: dict[str, float], views: dict[str, int], **more) -> Case:
    """A case whose H query heads share KV heads of keys and values, H / KV neighbors each, with no element outside the views."""
    rows = dims["G"] * dims["B"] * dims["T"]
    return Case(name, dims | {"KV": KV, "S": rows * (dims["H"] + 2 * KV) * dims["K"]}, params | views, **more)


def interleaved(name: str, dims: dict[str, int], params: dict[str, float], **more) -> Case:
    """GPT-NeoX's order: a row holds one head's q, k and v after another; kernels/common/heads.ts, interleavedHeads."""
    H, K = dims["H"], dims["K"]
    row, head = 3 * H * K, 3 * K
    views = {"q_first": 0, "q_row": row, "q_head": head, "k_first": K, "v_first": 2 * K, "kv_row": row, "kv_head": head}
    return laid(name, dims, H, params, views, **more)


def in_rows(name: str, dims: dict[str, int], KV: int, params: dict[str, float], **more) -> Case:
    """A row holds all queries, then all keys, then all values; kernels/common/heads.ts, rowsOfHeads."""
    H, K = dims["H"], dims["K"]
    row = (H + 2 * KV) * K
    views = {"q_first": 0, "q_row": row, "q_head": K, "k_first": H * K, "v_first": (H + KV) * K, "kv_row": row, "kv_head": K}
    return laid(name, dims, KV, params, views, **more)


def in_planes(name: str, dims: dict[str, int], KV: int, params: dict[str, float], **more) -> Case:
    """All queries, then all keys, then all values; kernels/common/heads.ts, planesOfHeads, where planes leave no gap."""
    H, K = dims["H"], dims["K"]
    rows = dims["G"] * dims["B"] * dims["T"]
    queries, keys = rows * H * K, rows * KV * K
    if queries % 64 or keys % 64:
        raise ValueError(f"{name}: planes of {queries} and {keys} elements, expected multiples of 64")
    views = {"q_first": 0, "q_row": H * K, "q_head": K, "k_first": queries, "v_first": queries + keys}
    return laid(name, dims, KV, params, views | {"kv_row": KV * K, "kv_head": K}, **more)


def heads(case: Case, flat: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """q [G*B, H, T, K], k and v [G*B, KV, T, K] as views into a flat tensor: transformers' layout."""

    def view(count: int, first: str, row: str, head: str) -> torch.Tensor:
        row, head = case.params[row], case.params[head]
        size = (case.G * case.B, count, case.T, case.K)
        return flat.as_strided(size, (case.T * row, head, row, 1), case.params[first])

    return (
        view(case.H, "q_first", "q_row", "q_head"),
        view(case.KV, "k_first", "kv_row", "kv_head"),
        view(case.KV, "v_first", "kv_row", "kv_head"),
    )


@golden(
    "rotary/rotate",
    [
        interleaved("one", {"G": 1, "B": 1, "T": 2, "H": 1, "K": 2, "Rt": 2}, {"sign": 1.0}),
        interleaved("ragged", {"G": 2, "B": 2, "T": 7, "H": 3, "K": 5, "Rt": 4}, {"sign": 1.0}),
        interleaved("gradient, ragged", {"G": 1, "B": 3, "T": 5, "H": 2, "K": 7, "Rt": 6}, {"sign": -1.0}),
        interleaved("vec4", {"G": 2, "B": 1, "T": 33, "H": 2, "K": 8, "Rt": 4}, {"sign": 1.0}),
        interleaved("gradient, whole head", {"G": 1, "B": 2, "T": 17, "H": 2, "K": 8, "Rt": 8}, {"sign": -1.0}),
        in_rows("own heads, in rows", {"G": 2, "B": 1, "T": 9, "H": 3, "K": 8, "Rt": 2}, 3, {"sign": 1.0}),
        in_rows("all share, ragged, in rows", {"G": 1, "B": 2, "T": 7, "H": 3, "K": 5, "Rt": 4}, 1, {"sign": 1.0}),
        in_rows("gradient, two share, in rows", {"G": 2, "B": 2, "T": 9, "H": 4, "K": 12, "Rt": 6}, 2, {"sign": -1.0}),
        in_planes("two share, in planes", {"G": 2, "B": 1, "T": 24, "H": 4, "K": 8, "Rt": 4}, 2, {"sign": 1.0}),
        in_planes("gradient, all share, in planes", {"G": 1, "B": 2, "T": 16, "H": 3, "K": 8, "Rt": 8}, 1, {"sign": -1.0}),
    ],
    out=tolerance(1e-7, 1.5e-7, "two products and a sum, rounded three times"),
)
def rotary_rotate(case: Case, draw: Draw):
    qkv = draw.normal("qkv", case.S)
    cos, sin = (exact(table) for table in rotary_tables(torch.arange(case.T), case.Rt, 10000.0))
    half = case.Rt // 2
    table = torch.cat([cos[:, :half], sin[:, :half]], dim=1)
    q, k, v = heads(case, qkv)
    if case.p("sign") > 0:
        q, k = apply_rotary_pos_emb(q, k, cos[None], sin[None])
    else:
        # qkv is the gradient of the rotated tensors; rotation is linear, so any point will do.
        at = torch.zeros_like(q, requires_grad=True), torch.zeros_like(k, requires_grad=True)
        rotated = apply_rotary_pos_emb(*at, cos[None], sin[None])
        q, k = torch.autograd.grad(rotated, at, (q, k))
    out = torch.full_like(qkv, torch.nan)
    for view, part in zip(heads(case, out), (q, k, v)):
        view.copy_(part)
    return {"qkv": qkv, "table": table}, {"out": out}


OUT = tolerance(1e-7, 5e-7, "scores good to 2 ulp of 5, and weighted means of values")
LSE = tolerance(2e-7, 3e-7, "scores good to 2 ulp, and a logarithm")
DQKV = tolerance(2e-7, 1e-6, "weights good to 1e-6, differences dout.v - dout.out of sums of K, then sums over T")
SHARED_DQKV = tolerance(
    2e-7, 1e-6, "as where heads have their own; dk and dv add those of H / KV heads, and roundings grow with their sum, as its root"
)
SHARP = tolerance(2e-7, 4e-6, "scores of size 40 are good to 5e-6, and so are the ratios of their exponentials")


def attention_cases() -> list[Case]:
    def sizes(G: int, B: int, T: int, H: int, K: int) -> tuple[dict[str, int], dict[str, float]]:
        return {"G": G, "B": B, "T": T, "H": H, "K": K}, {"scale": K**-0.5}

    def case(name: str, *of: int, **more) -> Case:
        return interleaved(name, *sizes(*of), **more)

    def rows(name: str, *of: int, KV: int, **more) -> Case:
        dims, params = sizes(*of)
        return in_rows(name, dims, KV, params, **more)

    def planes(name: str, *of: int, KV: int, **more) -> Case:
        dims, params = sizes(*of)
        return in_planes(name, dims, KV, params, **more)

    shared = {"dqkv": SHARED_DQKV}
    return [
        case("one", 1, 1, 1, 1, 1),
        case("ragged", 2, 2, 13, 3, 5),
        case("vec4", 1, 2, 33, 2, 8),
        case("tiles and one", 1, 1, 65, 1, 16),
        case("sharp", 1, 1, 20, 2, 8, tolerances={"out": SHARP, "dqkv": SHARP}),
        rows("own heads, in rows", 2, 1, 18, 3, 8, KV=3),
        rows("three share, ragged, in rows", 2, 1, 13, 6, 5, KV=2, tolerances=shared),
        rows("two share, past a block, in rows", 1, 1, 66, 4, 8, KV=2, tolerances=shared),
        rows("all share, wide, in rows", 1, 2, 19, 3, 32, KV=1, tolerances=shared),
        planes("two share, in planes", 2, 1, 24, 4, 8, KV=2, tolerances=shared),
        planes("all share, wide, in planes", 1, 1, 20, 4, 32, KV=1, tolerances=shared),
    ]


def attention_all(case: Case, draw: Draw) -> dict[str, torch.Tensor]:
    qkv = draw.normal("qkv", case.S)
    if case.name == "sharp":
        for part in heads(case, qkv)[:2]:
            part.mul_(4)
        qkv = exact(qkv)
    dout = draw.normal("dout", case.G, case.B, case.T, case.H, case.K)
    at = qkv.clone().requires_grad_()
    q, k, v = heads(case, at)
    sharing = case.H // case.KV
    out = F.scaled_dot_product_attention(q, k, v, is_causal=True, scale=case.p("scale"), enable_gqa=sharing > 1)
    out = out.transpose(1, 2).reshape(dout.shape)
    (dqkv,) = gradients(out, dout, at)
    scores = (q @ k.repeat_interleave(sharing, dim=1).transpose(2, 3) * case.p("scale")).detach()
    future = torch.ones(case.T, case.T, dtype=torch.bool).triu(1)
    lse = scores.masked_fill(future, float("-inf")).logsumexp(dim=3)
    lse = lse.transpose(1, 2).reshape(case.G, case.B, case.T, case.H)
    return {"qkv": qkv, "out": out, "lse": lse, "dout": dout, "dqkv": dqkv}


@golden("attention/forward", attention_cases(), out=OUT, lse=LSE)
def attention_forward(case: Case, draw: Draw):
    found = attention_all(case, draw)
    return {"qkv": found["qkv"]}, {name: found[name] for name in ("out", "lse")}


@golden("attention/backward", attention_cases(), derived=("out", "lse"), dqkv=DQKV)
def attention_backward(case: Case, draw: Draw):
    found = attention_all(case, draw)
    return {name: found[name] for name in ("qkv", "out", "lse", "dout")}, {"dqkv": found["dqkv"]}
